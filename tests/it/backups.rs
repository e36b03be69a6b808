//! A shop's log, copied while it takes orders, and put back.

use std::{path::Path, process::Output};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    binary::{Server, run, run_json},
    end_to_end::stock_a_mug,
    migrating::caught_up,
};

fn open(file: &Path) -> Connection {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// Ids of the events up to a position.
fn events(data_dir: &Path, until: i64) -> Vec<Vec<u8>> {
    let db = open(&data_dir.join("events.db"));
    let mut select = db
        .prepare("SELECT event_id FROM events WHERE position <= ?1 ORDER BY position")
        .unwrap();
    let ids = select.query_map([until], |row| row.get(0)).unwrap();
    ids.map(Result::unwrap).collect()
}

fn fails(output: &Output, code: i32, says: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(says), "{said}");
}

fn back_up(data_dir: &Path, out: &Path) -> Value {
    run_json(
        data_dir,
        &["backup", "--json", "--out", out.to_str().unwrap()],
    )
}

#[tokio::test]
async fn a_shop_under_load_is_copied_and_the_copy_is_a_prefix_that_rebuilds() {
    let scratch = tempfile::tempdir().unwrap();
    let (shop, copies) = (scratch.path().join("shop"), scratch.path().join("copies"));
    let server = Server::start(&shop, &["--demo"]);
    let mut last = 0;
    for number in 0..4 {
        // The demo goes on placing orders meanwhile.
        while open(&shop.join("events.db"))
            .query_row("SELECT max(position) FROM events", [], |row| {
                row.get::<_, Option<i64>>(0)
            })
            .unwrap()
            .is_none_or(|head| head <= last)
        {
            server.get("/orders?limit=1").await;
        }
        let copy = copies.join(number.to_string());
        let taken = back_up(&shop, &copy);
        let position = taken["position"].as_i64().unwrap();
        assert!(position > last, "{taken}");
        last = position;
        assert_eq!(events(&copy, i64::MAX), events(&shop, position));
    }
    assert!(server.terminate());
    let restored = scratch.path().join("restored");
    let put_back = run_json(
        &restored,
        &["restore", "--json", copies.join("3").to_str().unwrap()],
    );
    assert_eq!(put_back["position"].as_i64().unwrap(), last);
    let server = Server::start(&restored, &[]);
    assert!(server.terminate());
    let rebuilt = run(&restored, &["projection", "rebuild", "--all"]);
    let said = String::from_utf8_lossy(&rebuilt.stdout);
    assert!(rebuilt.status.success(), "{said}");
}

#[tokio::test]
async fn an_older_copy_takes_the_place_of_a_lost_log_with_read_models_that_knew_more() {
    let scratch = tempfile::tempdir().unwrap();
    let (shop, copy) = (scratch.path().join("shop"), scratch.path().join("copy.db"));
    let server = Server::start(&shop, &[]);
    stock_a_mug(&server).await;
    back_up(&shop, &copy);
    let receipt = json!({ "receipt_id": "R-2", "quantity": 5 });
    assert_eq!(server.post("/stock/MUG-1/receipts", receipt).await.0, 200);
    assert!(server.terminate());

    fails(
        &run(&shop, &["restore", copy.to_str().unwrap()]),
        4,
        "holds a log",
    );

    // The log is gone, what was folded from it is not.
    std::fs::remove_file(shop.join("events.db")).unwrap();
    let restored = run(&shop, &["restore", copy.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&restored.stderr);
    assert!(restored.status.success(), "{said}");
    let server = Server::start(&shop, &[]);
    let (_, stock) = server.get("/stock/MUG-1").await;
    assert_eq!(stock["on_hand"], 10, "{stock}");
    caught_up(&server).await;
    assert!(server.terminate());
}

#[test]
fn what_can_not_be_copied_or_put_back_is_said() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |name: &str| scratch.path().join(name);
    let text = |name: &str| at(name).to_str().unwrap().to_owned();
    fails(
        &run(&at("nothing"), &["backup", "--out", &text("a")]),
        3,
        "holds no log",
    );
    assert!(run(&at("shop"), &["projection", "list"]).status.success());
    let backed_up = run(&at("shop"), &["backup", "--out", &text("copy")]);
    assert!(backed_up.status.success());
    fails(
        &run(&at("shop"), &["backup", "--out", &text("copy")]),
        4,
        "is there already",
    );
    fails(
        &run(&at("shop"), &["backup", "--out", "/dev/null/copy"]),
        1,
        "/dev/null",
    );
    fails(
        &run(&at("new"), &["restore", &text("missing.db")]),
        3,
        "missing.db",
    );

    // One byte of the copy is another one.
    let file = at("copy").join("events.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    fails(
        &run(&at("new"), &["restore", &text("copy")]),
        1,
        "not as it was",
    );
    std::fs::write(
        at("text.db"),
        "no database at all, but long enough to look at",
    )
    .unwrap();
    fails(
        &run(&at("new"), &["restore", &text("text.db")]),
        1,
        "damaged",
    );
    assert!(!at("new").join("events.db").exists());
}

#[test]
fn a_full_disk_leaves_no_half_of_a_copy() {
    let scratch = tempfile::tempdir().unwrap();
    let shop = scratch.path().join("shop");
    assert!(run(&shop, &["projection", "list"]).status.success());
    // A file may grow to so many blocks and no further.
    let binary = env!("CARGO_BIN_EXE_orderlog");
    let (from, to) = (shop.display(), scratch.path().join("copy.db"));
    let script = format!(
        "trap '' XFSZ; ulimit -f 8; exec {binary} backup --data-dir {from} --out {}",
        to.display()
    );
    let limited = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&limited.stderr);
    assert_eq!(limited.status.code(), Some(1), "{said}");
    assert_eq!(
        std::fs::read_dir(scratch.path()).unwrap().count(),
        1,
        "{said}"
    );
}

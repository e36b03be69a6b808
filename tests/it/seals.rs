//! Seals as their users meet them: a shop seals while it runs; its log is verified beside it and after
//! it, events are proved, keys change, and tampering is named.

use std::{fs, path::Path, process::Output};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::binary::{Server, http, orderlog, run, run_json};

/// Registers so many products; one event each.
pub(crate) async fn register(server: &Server, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let body = json!({
            "sku": format!("S-{number}"),
            "name": format!("Thing {number}"),
            "unit_price": { "amount_minor": 255, "currency": "GBP" },
        });
        let (status, answer) = server.post("/products", body).await;
        assert_eq!(status, 201, "{answer}");
    }
}

pub(crate) fn start(directory: &Path) -> Server {
    let anchor = directory.join("anchor.jsonl");
    let anchor = anchor.to_str().unwrap();
    Server::start(
        directory,
        &[
            "--seal-every",
            "4",
            "--seal-interval",
            "1",
            "--seal-anchor",
            anchor,
        ],
    )
}

fn verify(directory: &Path, arguments: &[&str]) -> Output {
    run(directory, &[&["events", "verify"], arguments].concat())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// Waits until all that was written is sealed.
pub(crate) async fn sealed(server: &Server, position: u64) -> Value {
    let url = format!("{}/.well-known/orderlog-seal-keys.json", server.base);
    let sealed = async {
        loop {
            let answer = http().get(&url).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            let keys: Value = answer.json().await.unwrap();
            if keys["sealed"].as_u64().unwrap() >= position {
                return keys;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), sealed)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_seals_its_log_and_proves_what_stands_there() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path());
    register(&server, 0..6).await;
    let keys = sealed(&server, 6).await;
    let first = keys["keys"][0]["public_key"].as_str().unwrap().to_owned();

    // Beside the shop.
    let anchor = directory.path().join("anchor.jsonl");
    let anchor = anchor.to_str().unwrap();
    let verified = [
        "events",
        "verify",
        "--seal-anchor",
        anchor,
        "--key",
        &first,
        "--json",
    ];
    let report = run_json(directory.path(), &verified);
    assert_eq!(report["finding"], Value::Null);
    assert_eq!(
        (&report["end_proved"], &report["key_checked"]),
        (&json!(true), &json!(true))
    );

    // A new key, while it runs.
    let rotated = run_json(directory.path(), &["seal", "rotate-key", "--json"]);
    let second = rotated["public_keys"][1].as_str().unwrap().to_owned();
    let before = sealed(&server, 6).await["sealed"].as_u64().unwrap();
    register(&server, 6..12).await;
    sealed(&server, before + 6).await;
    register(&server, 12..15).await;
    let keys = sealed(&server, before + 9).await;
    assert_eq!(keys["keys"][1]["public_key"], second.as_str(), "{keys}");
    let head = keys["sealed"].to_string();

    let proof = run(directory.path(), &["events", "prove", &head]);
    assert!(proof.status.success(), "{}", said(&proof));
    let file = directory.path().join("proof.json");
    fs::write(&file, &proof.stdout).unwrap();
    assert_eq!(check(&file, &["--key", &first]), 0);
    assert_eq!(check(&file, &[]), 7, "nobody said whose key it is");
    let changed = String::from_utf8(proof.stdout)
        .unwrap()
        .replacen("Thing", "Think", 1);
    fs::write(&file, changed).unwrap();
    assert_eq!(check(&file, &["--key", &first]), 1);

    assert!(server.terminate());
    let stopped = run_json(directory.path(), &verified);
    assert_eq!(
        (&stopped["finding"], &stopped["unsealed"]),
        (&Value::Null, &json!(0))
    );
    assert_eq!(stopped["keys"], json!([first, second]));
}

fn check(file: &Path, arguments: &[&str]) -> i32 {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_orderlog"));
    let command = command.arg("verify-proof").arg(file).args(arguments);
    command.output().unwrap().status.code().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_tampered_with_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path());
    register(&server, 0..10).await;
    sealed(&server, 10).await;
    assert!(server.terminate());
    let whole = verify(directory.path(), &[]);
    assert_eq!(whole.status.code(), Some(0), "{}", said(&whole));
    let shown = String::from_utf8(whole.stdout).unwrap();
    assert!(
        shown.contains("can't be proved without --seal-anchor"),
        "{shown}"
    );

    let log = Connection::open(directory.path().join("events.db")).unwrap();
    let change = |sql: &str| log.execute_batch(sql).unwrap();
    change("UPDATE events SET data = data || ' ' WHERE position = 5");
    let changed = verify(directory.path(), &[]);
    assert_eq!(changed.status.code(), Some(1));
    assert_eq!(
        said(&changed),
        "error: position 5: the event was changed after it was sealed"
    );
    let proof = run(directory.path(), &["events", "prove", "5"]);
    assert_eq!(proof.status.code(), Some(1), "{}", said(&proof));
    change("UPDATE events SET data = rtrim(data) WHERE position = 5");
    assert_eq!(verify(directory.path(), &[]).status.code(), Some(0));

    // The end, and the seals over it: only the anchor tells.
    change(
        "DROP TRIGGER seals_are_not_removed; DELETE FROM events WHERE position > 4;
         DELETE FROM seals WHERE last_position > 4;",
    );
    assert_eq!(verify(directory.path(), &[]).status.code(), Some(0));
    let anchor = directory.path().join("anchor.jsonl");
    let cut_off = verify(
        directory.path(),
        &["--seal-anchor", anchor.to_str().unwrap()],
    );
    assert_eq!(cut_off.status.code(), Some(1));
    assert!(said(&cut_off).starts_with("error: position 5: the end of the log was cut off"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sealed_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path(), &["--no-seals"]);
    register(&server, 0..2).await;
    assert!(server.terminate());
    let unsealed = verify(directory.path(), &[]);
    assert_eq!(unsealed.status.code(), Some(7), "{}", said(&unsealed));
    assert_eq!(
        said(&unsealed),
        "error: position 1 is not sealed; seals reach up to position 0"
    );
    let proof = run(directory.path(), &["events", "prove", "1"]);
    assert_eq!(proof.status.code(), Some(4), "{}", said(&proof));
    let no_key = run(directory.path(), &["seal", "key"]);
    assert_eq!(no_key.status.code(), Some(3), "{}", said(&no_key));
    let nothing = orderlog(&directory.path().join("none"), &["events", "verify"])
        .output()
        .unwrap();
    assert_eq!(nothing.status.code(), Some(3), "{}", said(&nothing));
    let usage = verify(directory.path(), &["--from", "3", "--to", "2"]);
    assert_eq!(usage.status.code(), Some(2), "{}", said(&usage));
}

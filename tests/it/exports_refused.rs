//! What can't be exported or imported is refused with the place and the reason, and changes nothing.

use std::{fs, process::Output};

use crate::{
    binary::{Server, run},
    end_to_end::{stock_a_mug, takes, two_mugs, until},
    exports::{Desk, count, succeeds},
    migrating::{all_folded, wait},
    topology::{ROLES, Servers},
};

fn fails(output: &Output, code: i32, says: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(says), "{said}");
    let errors = said.lines().filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 1, "{said}");
}

/// A shop with an order.
async fn shop(desk: &Desk, name: &str) {
    let server = Server::start(&desk.at(name), &[]);
    stock_a_mug(&server).await;
    let (_, placed) = server.post("/orders", two_mugs("tok_ok")).await;
    until(&server, placed["id"].as_str().unwrap(), takes("pack")).await;
    assert!(server.terminate());
}

#[tokio::test]
async fn a_file_that_is_not_as_it_was_is_named_with_the_place_and_leaves_no_trace() {
    let desk = Desk::new();
    shop(&desk, "shop").await;
    succeeds(&desk.export("shop", "whole", &[]));
    let whole = desk.bytes("whole");
    for length in [whole.len() / 2, whole.len() - 1] {
        fs::write(desk.at("cut"), &whole[..length]).unwrap();
        fails(&desk.import("cut", "new"), 1, "cut off behind position");
    }
    // In the middle of the block's frame.
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 0x10;
    fs::write(desk.at("changed"), &changed).unwrap();
    let behind = "is damaged behind position 0 (the frame at byte";
    fails(&desk.import("changed", "new"), 1, behind);
    fs::write(desk.at("text"), "no export at all").unwrap();
    fails(&desk.import("text", "new"), 1, "is no export of orderlog");
    fails(&desk.import("nothing", "new"), 3, "nothing");
    assert!(!desk.at("new").exists());
}

#[tokio::test]
async fn history_of_another_log_or_another_way_is_refused() {
    let desk = Desk::new();
    shop(&desk, "shop").await;
    shop(&desk, "other").await;
    succeeds(&desk.export("shop", "whole", &[]));
    succeeds(&desk.export("other", "other-before", &[]));
    fails(&desk.import("whole", "other"), 4, "the target holds log");
    succeeds(&desk.export("other", "other-after", &[]));
    assert!(desk.bytes("other-before") == desk.bytes("other-after"));

    // A log that was served without an event is empty; what was folded of it goes.
    assert!(Server::start(&desk.at("unused"), &[]).terminate());
    succeeds(&desk.import("whole", "unused"));
    assert!(Server::start(&desk.at("unused"), &[]).terminate());

    succeeds(&desk.export("shop", "start", &["--to", "8"]));
    succeeds(&desk.export("shop", "end", &["--from", "11"]));
    succeeds(&desk.export("shop", "middle", &["--from", "9", "--to", "10"]));
    fails(&desk.import("end", "new"), 4, "import what lies between");
    succeeds(&desk.import("start", "prefix"));
    fails(&desk.import("end", "prefix"), 4, "ends at position 8");
    // What the target has is compared: the event in front, each command, each event.
    let log = rusqlite::Connection::open(desk.at("prefix").join("events.db")).unwrap();
    let change = |sql: &str| assert_eq!(log.execute(sql, []).unwrap(), 1, "{sql}");
    change("UPDATE commands SET fingerprint = zeroblob(16) WHERE position = 2");
    let command = "another outcome of the command";
    fails(&desk.import("whole", "prefix"), 4, command);
    change("UPDATE events SET data = data || ' ' WHERE position = 5");
    let event = "another event at position 5";
    fails(&desk.import("whole", "prefix"), 4, event);
    change("UPDATE events SET event_id = zeroblob(16) WHERE position = 8");
    let front = "another event at position 8";
    fails(&desk.import("middle", "prefix"), 4, front);
    let head = "SELECT max(position) FROM events";
    assert_eq!(count(&desk.at("prefix"), head), 8);

    for part in ["start", "middle", "end"] {
        succeeds(&desk.import(part, "parts"));
    }
    succeeds(&desk.export("parts", "of-parts", &[]));
    assert!(desk.bytes("of-parts") == desk.bytes("whole"));
}

#[tokio::test]
async fn what_can_not_be_written_or_read_is_said() {
    let desk = Desk::new();
    shop(&desk, "shop").await;
    fails(&desk.export("none", "file", &[]), 3, "holds no log");
    fails(
        &desk.export("shop", "file", &["--from", "9", "--to", "8"]),
        2,
        "--to lies before",
    );
    fails(
        &desk.export("shop", "file", &["--from", "9000"]),
        3,
        "the log ends at position",
    );
    assert!(!desk.at("file.part").exists());
    succeeds(&desk.export("shop", "file", &[]));
    fails(&desk.export("shop", "file", &[]), 4, "is there already");
    fails(
        &desk.export("shop", "no/such/file", &[]),
        1,
        "no/such/file.part",
    );
    let file = desk.at("file").to_str().unwrap().to_owned();
    let nowhere = ["--database", "postgres://nobody@127.0.0.1:9/no"];
    for verb in [["import", &file], ["export", "--out=x"]] {
        let arguments = [&["events"], &verb[..], &nowhere].concat();
        fails(&run(&desk.at("new"), &arguments), 6, "127.0.0.1:9");
    }
    let running = Server::start(&desk.at("new"), &[]);
    fails(
        &desk.import("file", "new"),
        1,
        "is in use by another process",
    );
    assert!(running.terminate());
}

#[tokio::test]
async fn a_database_that_is_used_or_holds_something_is_refused() {
    let desk = Desk::new();
    shop(&desk, "shop").await;
    succeeds(&desk.export("shop", "start", &["--to", "8"]));
    succeeds(&desk.export("shop", "whole", &[]));
    let bare = Servers::empty().await;
    fails(
        &desk.import_into(&bare, "whole"),
        1,
        "orderlog migrate --database URL",
    );

    let servers = Servers::create().await;
    succeeds(&desk.import_into(&servers, "start"));
    let file = desk.at("whole").to_str().unwrap().to_owned();
    let other = ["events", "import", &file, "--partitions", "3"];
    fails(&servers.command(&other).output().unwrap(), 1, "partitions");
    let server = servers.start(&ROLES);
    fails(
        &desk.import_into(&servers, "whole"),
        4,
        "sessions of running processes",
    );
    assert!(server.terminate());
    succeeds(&desk.import_into(&servers, "whole"));
    // What came later is published and folded behind what was there.
    let server = servers.start(&ROLES);
    wait(|| async { all_folded(&servers) }).await;
    assert!(server.terminate());
    succeeds(&desk.export_from(&servers, "of-database"));
    assert!(desk.bytes("of-database") == desk.bytes("whole"));

    let another = Servers::create().await;
    let server = another.start(&["command-api"]);
    stock_a_mug(&server).await;
    assert!(server.terminate());
    fails(
        &desk.import_into(&another, "whole"),
        4,
        "the target holds log",
    );
}

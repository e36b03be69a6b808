//! Exports and imports of a long log that are killed: run once more they go on, and end as if nothing had
//! happened.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use orderlog_log::{
    event::NewEvent,
    event_store::{CommandEnvelope, Decided, EventStore, Fingerprint, StreamAppend, Verdict},
    sqlite::SqliteEventStore,
};
use rusqlite::{Connection, OpenFlags};
use serde_json::json;
use uuid::Uuid;

use crate::{
    binary::orderlog,
    exports::{Desk, count, succeeds},
    topology::Servers,
};

#[tokio::test]
async fn an_export_that_was_killed_goes_on_and_ends_as_if_nothing_had_happened() {
    let desk = Desk::new();
    long_log(&desk.at("log")).await;
    succeeds(&desk.export("log", "whole", &[]));
    let part = desk.at("killed.part");
    let out = desk.at("killed");
    let arguments = ["events", "export", "--out", out.to_str().unwrap()];
    let quarter = desk.bytes("whole").len() as u64 / 4;
    let grown = || fs::metadata(&part).is_ok_and(|part| part.len() > quarter);
    kill_once(orderlog(&desk.at("log"), &arguments), grown);
    assert!(part.exists() && !desk.at("killed").exists());
    // Another question can't go on with it.
    let other = desk.export("log", "killed", &["--from", "2"]);
    assert_eq!(other.status.code(), Some(4));
    let resumed = desk.export("log", "killed", &[]);
    succeeds(&resumed);
    let said = String::from_utf8_lossy(&resumed.stderr);
    assert!(said.contains("goes on behind position"), "{said}");
    assert!(!said.contains("behind position 0"), "{said}");
    assert!(desk.bytes("killed") == desk.bytes("whole"));
    assert!(!part.exists());
}

#[tokio::test]
async fn an_export_that_filled_the_disk_goes_on_when_there_is_room() {
    let desk = Desk::new();
    long_log(&desk.at("log")).await;
    succeeds(&desk.export("log", "whole", &[]));
    // A file may grow to so many blocks and no further.
    let binary = env!("CARGO_BIN_EXE_orderlog");
    let (log, out) = (desk.at("log"), desk.at("out"));
    let export = format!("{} --out {}", log.display(), out.display());
    let script =
        format!("trap '' XFSZ; ulimit -f 400; exec {binary} events export --data-dir {export}");
    let full = Command::new("sh").args(["-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&full.stderr);
    assert_eq!(full.status.code(), Some(1), "{said}");
    assert!(
        said.contains("free some space and run it once more"),
        "{said}"
    );
    succeeds(&desk.export("log", "out", &[]));
    assert!(desk.bytes("out") == desk.bytes("whole"));
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on() {
    let desk = Desk::new();
    let events = long_log(&desk.at("log")).await;
    succeeds(&desk.export("log", "whole", &[]));
    let file = desk.at("whole");
    let arguments = ["events", "import", file.to_str().unwrap()];

    let log = desk.at("embedded").join("events.db");
    let begun = || {
        let there = "SELECT max(position) > 2000 FROM events";
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Connection::open_with_flags(&log, flags)
            .and_then(|log| log.query_row(there, [], |row| row.get::<_, Option<bool>>(0)))
            .is_ok_and(|there| there == Some(true))
    };
    kill_once(orderlog(&desk.at("embedded"), &arguments), begun);
    let there = count(&desk.at("embedded"), "SELECT max(position) FROM events");
    assert!((2001..events).contains(&there), "{there}");
    let resumed = succeeds(&desk.import("whole", "embedded"));
    assert_eq!(resumed["new_events"], events - there);
    succeeds(&desk.export("embedded", "out", &[]));
    assert!(desk.bytes("out") == desk.bytes("whole"));

    let servers = Servers::create().await;
    let mut session = servers.session().await;
    let mut there = async || -> i64 {
        let last = "SELECT coalesce(max(position), 0) FROM events";
        let last = sqlx::query_scalar(last).fetch_one(&mut session).await;
        last.unwrap()
    };
    let mut importing = servers.command(&arguments).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while there().await <= 2000 {
        assert!(Instant::now() < deadline, "nothing arrives");
    }
    importing.kill().unwrap();
    importing.wait().unwrap();
    let arrived = there().await;
    assert!((2001..events).contains(&arrived), "{arrived}");
    let resumed = succeeds(&desk.import_into(&servers, "whole"));
    assert_eq!(resumed["new_events"], events - arrived);
    succeeds(&desk.export_from(&servers, "of-database"));
    assert!(desk.bytes("of-database") == desk.bytes("whole"));
}

/// Starts a command and kills it once it has come so far.
fn kill_once(mut command: Command, so_far: impl Fn() -> bool) {
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !so_far() {
        assert!(Instant::now() < deadline, "it does not come so far");
        assert!(child.try_wait().unwrap().is_none(), "it was too fast");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A log of many events with commands of several, and refused ones; answers how many events.
async fn long_log(directory: &Path) -> i64 {
    let log = SqliteEventStore::open(directory).unwrap();
    let mut events = 0;
    for round in 0..100_u64 {
        let batch: Vec<_> = (0..50).map(|stream| decided(stream, round)).collect();
        events += batch
            .iter()
            .map(|one| one.writes[0].events.len())
            .sum::<usize>();
        log.append(batch).await.unwrap();
    }
    i64::try_from(events).unwrap()
}

/// Each fifth stream has its commands refused; of the others each writes five events.
fn decided(stream: u64, round: u64) -> Decided {
    let id = Uuid::now_v7();
    let (verdict, events) = match stream % 5 {
        0 => {
            let (code, refusal) = ("thing.closed".to_owned(), "{}".to_owned());
            (Verdict::Refused { code, refusal }, 0)
        }
        _ => (Verdict::Accepted, 5),
    };
    let event = |_| NewEvent {
        event_id: Uuid::now_v7(),
        event_type: "Changed".to_owned(),
        schema_version: 1,
        data: json!({ "to": Uuid::now_v7(), "by": Uuid::now_v7() }).to_string(),
        occurred_at: chrono::DateTime::UNIX_EPOCH,
    };
    let stream = format!("thing-{stream}");
    Decided {
        command: CommandEnvelope {
            command_id: id,
            fingerprint: Fingerprint::of(id.as_bytes()),
            command_type: "Change".to_owned(),
            stream: stream.clone(),
            actor: "tester".to_owned(),
            correlation_id: id,
            causation_id: id,
            traceparent: None,
        },
        verdict,
        writes: vec![StreamAppend {
            partition_key: stream.clone(),
            stream,
            expected_version: round * events,
            events: (0..events).map(event).collect(),
        }],
    }
}

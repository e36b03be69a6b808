//! A replay of a log of some size, killed in its middle and continued: the same bytes as undisturbed.

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use chrono::Utc;
use orderlog_log::{
    event::NewEvent,
    event_store::{CommandEnvelope, Decided, EventStore, Fingerprint, StreamAppend, Verdict},
    sqlite::SqliteEventStore,
};
use serde_json::Value;
use uuid::Uuid;

use crate::binary::{orderlog, run};

/// Commands of ten events each.
const COMMANDS: usize = 4_000;

#[tokio::test]
async fn a_replay_that_is_killed_and_continued_writes_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let log = SqliteEventStore::open(directory.path()).unwrap();
    let commands: Vec<_> = (0..COMMANDS).map(command).collect();
    for batch in commands.chunks(500) {
        log.append(batch.to_vec()).await.unwrap();
    }
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (whole, killed) = (path("whole"), path("killed"));
    let replay = |out: &str, more: &[&str]| -> Vec<String> {
        let arguments = [
            "events",
            "replay",
            "--format",
            "ndjson",
            "--where",
            "$..number",
            "--out",
            out,
        ];
        let all = arguments.iter().chain(more);
        all.map(ToString::to_string).collect()
    };
    let finish = |arguments: Vec<String>| {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let output = run(directory.path(), &arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    finish(replay(&whole, &[]));

    // Beside the writer, which has the directory all the time.
    let mut reached = 0;
    for more in [&[][..], &["--resume"]] {
        let arguments = replay(&killed, more);
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let mut command = orderlog(directory.path(), &arguments);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while position(&killed) <= reached {
            assert!(Instant::now() < deadline, "it does not begin");
            assert!(
                child.try_wait().unwrap().is_none(),
                "it was too fast to be killed"
            );
        }
        child.kill().unwrap();
        child.wait().unwrap();
        reached = position(&killed);
    }
    finish(replay(&killed, &["--resume"]));
    assert!(fs::read(&killed).unwrap() == fs::read(&whole).unwrap());
    assert!(!Path::new(&format!("{killed}.checkpoint")).exists());
}

/// Up to which position the file is written, as its checkpoint says.
fn position(out: &str) -> u64 {
    let text = fs::read(format!("{out}.checkpoint")).unwrap_or_default();
    let checkpoint: Value = serde_json::from_slice(&text).unwrap_or_default();
    checkpoint["position"].as_u64().unwrap_or(0)
}

fn command(number: usize) -> Decided {
    let command_id = Uuid::now_v7();
    let events = (0..10).map(|event| NewEvent {
        event_id: Uuid::now_v7(),
        event_type: "OrderConfirmed".to_owned(),
        schema_version: 1,
        data: format!(r#"{{"OrderConfirmed":{{"number":{event}}}}}"#),
        occurred_at: Utc::now(),
    });
    let stream = format!("order-{number}");
    Decided {
        command: CommandEnvelope {
            command_id,
            fingerprint: Fingerprint::of(command_id.as_bytes()),
            command_type: "ConfirmOrder".to_owned(),
            stream: stream.clone(),
            actor: "tester".to_owned(),
            correlation_id: command_id,
            causation_id: command_id,
            traceparent: None,
        },
        verdict: Verdict::Accepted,
        writes: vec![StreamAppend {
            stream,
            expected_version: 0,
            partition_key: number.to_string(),
            events: events.collect(),
        }],
    }
}

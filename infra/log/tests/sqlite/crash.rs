//! kill -9 in the middle of load. The test runs itself as a child that appends and prints what was
//! acknowledged; the parent kills it and looks at what is left.

use std::{
    collections::HashMap,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
};

use orderlog_log::{
    event_reader::EventReader,
    event_store::{AppendOutcome, EventStore},
    sqlite::SqliteEventStore,
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::contract::{append, decided, write};

/// Where the child appends; it is one because this is set.
const DIRECTORY: &str = "ORDERLOG_TEST_DIRECTORY";
const WRITERS: u64 = 16;
/// Every command writes so many events, over two streams.
const EVENTS: u32 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_loses_nothing_acknowledged_and_leaves_no_half_command() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut acknowledged = Vec::new();
    // The later the kill, the more of the journal has gone through checkpoints.
    for wanted in [1, 40, 700, 90, 3000, 250] {
        let (mut child, output) = start("crash::child_that_appends", directory.path());
        acknowledged.extend(acknowledgements(output, |seen| {
            if seen == wanted {
                child.kill().expect("a kill");
            }
        }));
        child.wait().expect("an end");
        let store = SqliteEventStore::open(directory.path()).expect("the log is sound");
        assert_whole(&store, &acknowledged).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child of another test"]
async fn child_that_appends() {
    let directory = env::var_os(DIRECTORY).expect("started by its parent");
    let store = Arc::new(SqliteEventStore::open(Path::new(&directory)).expect("the log"));
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            loop {
                append_and_print(&*store).await;
            }
        });
    }
    writers.join_all().await;
}

/// Appends one command and prints its id once it is acknowledged.
pub(crate) async fn append_and_print(store: &dyn EventStore) {
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    let mut command = decided(&format!("one-{one}"), 0, 2);
    command.writes.push(write(&format!("other-{other}"), 0, 1));
    let id = command.command.command_id;
    let outcome = append(store, command).await;
    assert!(matches!(outcome, AppendOutcome::Recorded(_)), "{outcome:?}");
    acknowledge(id);
}

/// Tells the parent. One write per line: a kill does not cut it.
pub(crate) fn acknowledge(id: Uuid) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("acknowledged {id}\n").as_bytes())
        .expect("the parent listens");
    out.flush().expect("the parent listens");
}

/// Starts this test program again, with one test of it as the child.
fn start(test: &str, directory: &Path) -> (Child, ChildStdout) {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(DIRECTORY, directory);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child");
    let output = child.stdout.take().expect("piped");
    (child, output)
}

/// Ids that the child prints until it ends; `each` is told how many there are so far.
pub(crate) fn acknowledgements(output: ChildStdout, mut each: impl FnMut(usize)) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for line in BufReader::new(output).lines() {
        let line = line.expect("text");
        // The test harness prints lines of its own, and its first has no end.
        if let Some((_, id)) = line.split_once("acknowledged ") {
            ids.push(id.parse().expect("an id"));
            each(ids.len());
        }
    }
    ids
}

/// Every acknowledged command is there, every command is there whole, and no position is missing.
pub(crate) async fn assert_whole(store: &SqliteEventStore, acknowledged: &[Uuid]) {
    let head = store.head().await.expect("head");
    let (mut position, mut events_of) = (0, HashMap::<Uuid, u32>::new());
    loop {
        let page = store.read_all(position, 1000).await.expect("read");
        for event in &page {
            position += 1;
            assert_eq!(event.position, position);
            *events_of.entry(event.command_id).or_default() += 1;
        }
        if page.is_empty() {
            break;
        }
    }
    assert_eq!(position, head.position);
    assert!(events_of.values().all(|events| *events == EVENTS));
    for id in acknowledged {
        assert!(events_of.contains_key(id), "the events of {id} are lost");
        let record = store
            .command(*id)
            .await
            .expect("read")
            .expect("the command is there");
        assert_eq!(record.events, EVENTS);
    }
    let recorded =
        store.read(|log| log.query_row("SELECT count(*) FROM commands", [], |it| it.get(0)));
    assert_eq!(
        recorded.await,
        Ok(events_of.len()),
        "commands without events, or the other way"
    );
    let check = store.read(|log| log.query_row("PRAGMA integrity_check", [], |it| it.get(0)));
    assert_eq!(check.await, Ok("ok".to_owned()));
}

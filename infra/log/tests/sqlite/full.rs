//! No room left: clear errors, nothing acknowledged that is not there, and work again with room.
//! A limit inside the database, a real full disk (a small file system in a namespace of its own),
//! and a limit on the size of files, which fails the commit itself.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use orderlog_log::{
    event_reader::EventReader,
    event_store::{Decided, EventStore, StoreError},
    sqlite::SqliteEventStore,
};
use uuid::Uuid;

use crate::{
    contract::{decided, record, write},
    crash::{acknowledge, acknowledgements, append_and_print, assert_whole},
    open_sqlite,
};

const DIRECTORY: &str = "ORDERLOG_TEST_DIRECTORY";

fn large(stream: &str) -> Decided {
    let mut command = decided(stream, 0, 2);
    command.writes.push(write(&format!("{stream}-other"), 0, 1));
    command.writes[0].events[0].data = "x".repeat(50_000);
    command
}

/// Appends until the store refuses; tells of what was acknowledged.
async fn fill(store: &SqliteEventStore, mut each: impl FnMut(Uuid)) -> StoreError {
    for number in 0..2000 {
        let command = large(&format!("thing-{}-{number}", Uuid::now_v7()));
        let id = command.command.command_id;
        match store.append(vec![command]).await {
            Ok(outcomes) => assert!(outcomes[0].is_recorded(), "{outcomes:?}"),
            Err(error) => return error,
        }
        each(id);
    }
    panic!("there was room for all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_database_refuses_and_goes_on_when_there_is_room() {
    let (store, directory) = open_sqlite();
    let limit = |pages: u32| {
        move |log: &rusqlite::Connection| {
            log.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| {
                row.get::<_, u32>(0)
            })
        }
    };
    store.transact(limit(400)).await.expect("a limit");
    let mut acknowledged = Vec::new();
    let error = fill(&store, |id| acknowledged.push(id)).await;
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert!(acknowledged.len() > 5);
    assert_whole(&store, &acknowledged).await;

    store.transact(limit(1_000_000)).await.expect("no limit");
    let head = store.head().await.expect("head").position;
    let mut next = decided("thing-after", 0, 2);
    next.writes.push(write("thing-after-other", 0, 1));
    acknowledged.push(next.command.command_id);
    assert_eq!(record(&store, next).await.position, head + 3);
    drop(store);
    let store = SqliteEventStore::open(directory.path()).expect("the log is sound");
    assert_whole(&store, &acknowledged).await;
}

/// Runs a test of this program behind a shell line, and gives its acknowledgements.
fn run(mut shell: Command, line: &str, test: &str, directory: &Path) -> (bool, Vec<Uuid>) {
    let program = env::current_exe().expect("this program");
    let line = format!("{line} exec \"$0\" --exact {test} --ignored --nocapture");
    let shell = shell
        .arg("-c")
        .arg(line)
        .arg(program)
        .env(DIRECTORY, directory);
    let mut child = shell.stdout(Stdio::piped()).spawn().expect("a shell");
    let ids = acknowledgements(child.stdout.take().expect("piped"), |_| ());
    (child.wait().expect("an end").success(), ids)
}

/// A command in a name space of its own, where file systems may be mounted.
fn in_namespace(program: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", program]);
    command
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    if !in_namespace("true")
        .status()
        .is_ok_and(|status| status.success())
    {
        eprintln!("not tested: this system lets no one mount a small file system");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let mount = format!(
        "mount -t tmpfs -o size=6m none '{}' &&",
        directory.path().display()
    );
    let test = "full::child_on_a_full_disk";
    let (passed, acknowledged) = run(in_namespace("sh"), &mount, test, directory.path());
    assert!(passed);
    assert!(acknowledged.len() > 20, "{}", acknowledged.len());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child of another test"]
async fn child_on_a_full_disk() {
    let directory = env::var_os(DIRECTORY).expect("started by its parent");
    let directory = Path::new(&directory);
    let ballast = directory.join("ballast");
    fs::write(&ballast, vec![0; 2_000_000]).expect("there is room yet");
    let store = SqliteEventStore::open(directory).expect("the log");
    let mut acknowledged = Vec::new();
    let error = fill(&store, |id| acknowledged.push(id)).await;
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    assert_whole(&store, &acknowledged).await;
    fs::remove_file(ballast).expect("room again");
    let error = fill(&store, |id| acknowledged.push(id)).await;
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
    drop(store);
    acknowledged.iter().copied().for_each(acknowledge);
    let store = SqliteEventStore::open(directory).expect("the log is sound");
    assert_whole(&store, &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_fails_is_unknown_and_nothing_is_written_behind_it() {
    let directory = tempfile::tempdir().expect("a directory");
    // In blocks of 512 bytes, and an error instead of the signal.
    let limit = "trap '' XFSZ; ulimit -f 2000;";
    let test = "full::child_with_a_limit";
    let (passed, acknowledged) = run(Command::new("sh"), limit, test, directory.path());
    assert!(passed);
    assert!(acknowledged.len() > 5);
    let store = SqliteEventStore::open(directory.path()).expect("the log is sound");
    assert_whole(&store, &acknowledged).await;
    append_and_print(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child of another test"]
async fn child_with_a_limit() {
    let directory = env::var_os(DIRECTORY).expect("started by its parent");
    let store = SqliteEventStore::open(Path::new(&directory)).expect("the log");
    let mut acknowledged = 0;
    let error = fill(&store, |id| {
        acknowledge(id);
        acknowledged += 1;
    })
    .await;
    assert!(matches!(error, StoreError::Unknown { .. }), "{error}");
    let next = store.append(vec![decided("thing-after", 0, 1)]).await;
    assert!(
        matches!(next, Err(StoreError::Unavailable { .. })),
        "{next:?}"
    );
    // What is known to be durable is served on.
    let head = store.head().await.expect("head").position;
    assert_eq!(head, acknowledged * 3);
    assert_eq!(
        store.read_all(0, 10_000).await.expect("read").len() as u64,
        head
    );
}

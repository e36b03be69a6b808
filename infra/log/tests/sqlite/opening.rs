//! Opening and closing: what is found is kept, and what cannot be used is refused in one line.

use std::{fs, path::Path};

use orderlog_log::{
    event_reader::EventReader,
    event_store::{EventStore, StoreError},
    sqlite::SqliteEventStore,
};
use rusqlite::Connection;

use crate::{
    contract::{decided, record},
    open_sqlite,
};

fn refusal(directory: &Path) -> StoreError {
    let refusal = SqliteEventStore::open(directory).err().expect("a refusal");
    assert!(!refusal.to_string().contains('\n'), "{refusal}");
    refusal
}

#[tokio::test]
async fn a_log_is_found_again_as_it_was_left() {
    let (store, directory) = open_sqlite();
    record(&store, decided("thing-1", 0, 3)).await;
    let command = decided("thing-1", 3, 1);
    let first = record(&store, command.clone()).await;
    let (head, log) = (store.head().await, store.read_all(0, 10).await);
    drop(store);
    assert!(
        !directory.path().join("events.db-wal").exists(),
        "closing leaves one file"
    );

    let store = SqliteEventStore::open(directory.path()).expect("the same log");
    assert_eq!(store.head().await, head);
    assert_eq!(store.read_all(0, 10).await, log);
    assert_eq!(*store.watch_head().borrow(), 4);
    assert_eq!(
        store.command(command.command.command_id).await,
        Ok(Some(first.clone()))
    );
    let next = record(&store, decided("thing-1", 4, 1)).await;
    assert_eq!(next.position, 5);
    assert!(next.recorded_at >= first.recorded_at);
}

#[tokio::test]
async fn recorded_at_does_not_go_back_when_the_clock_does() {
    let (store, directory) = open_sqlite();
    record(&store, decided("thing-1", 0, 1)).await;
    drop(store);
    let future = 4_000_000_000_000_000_i64;
    let file = Connection::open(directory.path().join("events.db")).expect("a database");
    file.execute("UPDATE events SET recorded_at = ?1", [future])
        .expect("an update");
    drop(file);
    let store = SqliteEventStore::open(directory.path()).expect("the same log");
    let next = record(&store, decided("thing-1", 1, 1)).await;
    assert_eq!(next.recorded_at.timestamp_micros(), future);
}

#[tokio::test]
async fn the_last_clone_closes_the_log() {
    let (store, directory) = open_sqlite();
    let clone = store.clone();
    drop(store);
    assert!(matches!(
        refusal(directory.path()),
        StoreError::InUse { .. }
    ));
    record(&clone, decided("thing-1", 0, 1)).await;
    drop(clone);
    SqliteEventStore::open(directory.path()).expect("free again");
}

#[test]
fn a_directory_in_use_is_refused() {
    let (_store, directory) = open_sqlite();
    let path = directory.path().display().to_string();
    assert_eq!(refusal(directory.path()), StoreError::InUse { path });
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    let (store, directory) = open_sqlite();
    drop(store);
    let path = directory.path().join("events.db");
    let file = Connection::open(&path).expect("a database");
    file.pragma_update(None, "user_version", 99)
        .expect("an update");
    drop(file);
    let before = fs::read(&path).expect("the file");
    let path_text = path.display().to_string();
    let newer = StoreError::Newer {
        path: path_text,
        found: 99,
        known: 2,
    };
    assert_eq!(refusal(directory.path()), newer);
    assert_eq!(fs::read(&path).expect("the file"), before);
}

#[test]
fn a_database_of_another_program_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = Connection::open(directory.path().join("events.db")).expect("a database");
    file.execute_batch("CREATE TABLE theirs (id INTEGER)")
        .expect("a table");
    drop(file);
    assert!(matches!(
        refusal(directory.path()),
        StoreError::Corrupt { .. }
    ));
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("events.db"), "x".repeat(10_000)).expect("a file");
    let StoreError::Corrupt { detail } = refusal(directory.path()) else {
        panic!()
    };
    assert!(detail.contains("events.db"), "{detail}");
}

#[test]
fn a_file_that_cannot_be_written_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("events.db")).expect("a directory in its place");
    assert!(matches!(
        refusal(directory.path()),
        StoreError::NotWritable { .. }
    ));
    let file = directory.path().join("file");
    fs::write(&file, "").expect("a file");
    assert!(matches!(
        refusal(&file.join("below")),
        StoreError::NotWritable { .. }
    ));
    // Not even the superuser makes directories there.
    assert!(matches!(
        refusal(Path::new("/proc/orderlog")),
        StoreError::NotWritable { .. }
    ));
}

#[tokio::test]
async fn damage_inside_the_file_is_reported_where_it_is_met() {
    let (store, directory) = open_sqlite();
    for number in 0..200 {
        record(&store, decided(&format!("thing-{number}"), 0, 10)).await;
    }
    drop(store);
    let path = directory.path().join("events.db");
    let mut bytes = fs::read(&path).expect("the file");
    let (damaged, end) = (8 * 4096, bytes.len() - 8 * 4096);
    bytes[damaged..end].fill(0xa5);
    fs::write(&path, bytes).expect("the file");

    let outcome = match SqliteEventStore::open(directory.path()) {
        Ok(store) => store.read_all(0, 10_000).await.map(|events| events.len()),
        Err(error) => Err(error),
    };
    assert!(
        matches!(outcome, Err(StoreError::Corrupt { .. })),
        "{outcome:?}"
    );
}

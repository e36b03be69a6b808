//! Reading beside the process that writes, or while none does: nothing is missed, nothing written.

use std::{collections::BTreeMap, fs, path::Path};

use orderlog_log::{
    event_reader::{EventReader, SilentOf},
    event_store::StoreError,
    sqlite::{SqliteEventStore, SqliteLogReader},
};
use rusqlite::Connection;
use uuid::Uuid;

use crate::{
    contract::{decided, record, refused},
    open_sqlite,
};

fn refusal(directory: &Path) -> StoreError {
    let refusal = SqliteLogReader::open(directory).err().expect("a refusal");
    assert!(!refusal.to_string().contains('\n'), "{refusal}");
    refusal
}

/// Every file of the directory with its content; the index of the journal is memory.
fn content(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(directory)
        .expect("the directory")
        .map(|entry| entry.expect("an entry"))
        .map(|entry| {
            (
                entry.file_name().into_string().expect("a name"),
                entry.path(),
            )
        })
        .filter(|(name, _)| !name.ends_with("-shm"))
        .map(|(name, path)| (name, fs::read(path).expect("a file")))
        .collect()
}

async fn equal(reader: &SqliteLogReader, store: &SqliteEventStore) {
    assert_eq!(reader.head().await, store.head().await);
    assert_eq!(
        reader.read_all(0, 1000).await,
        store.read_all(0, 1000).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_beside_the_writer_what_the_writer_reads() {
    let (store, directory) = open_sqlite();
    let reader = SqliteLogReader::open(directory.path()).expect("a reader");
    equal(&reader, &store).await;
    let written = record(&store, decided("thing-1", 0, 5)).await;
    let refused = record(&store, refused("thing-1", 5)).await;
    equal(&reader, &store).await;

    let id = written.command.command_id;
    assert_eq!(reader.command(id).await, Ok(Some(written)));
    let of = SilentOf::Stream("thing-1");
    let silent = reader.silent_commands(of, Uuid::nil(), 10).await;
    assert_eq!(silent, Ok(vec![refused]));
    assert_eq!(
        reader.read_stream("thing-1", 2, 2).await,
        store.read_stream("thing-1", 2, 2).await
    );
    assert_eq!(
        reader.read_at(&[4, 99, 1]).await,
        store.read_at(&[4, 99, 1]).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_is_left_as_it_was() {
    let (store, directory) = open_sqlite();
    record(&store, decided("thing-1", 0, 5)).await;
    read_and_compare(directory.path()).await;
    drop(store);
    read_and_compare(directory.path()).await;
}

async fn read_and_compare(directory: &Path) {
    let before = content(directory);
    let reader = SqliteLogReader::open(directory).expect("a reader");
    assert_eq!(reader.read_all(0, 10).await.expect("read").len(), 5);
    let written = reader
        .read(|log| log.execute("DELETE FROM events", []))
        .await;
    assert!(written.is_err(), "{written:?}");
    drop(reader);
    assert!(content(directory) == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_log_is_read_without_making_a_file() {
    let (store, directory) = open_sqlite();
    record(&store, decided("thing-1", 0, 5)).await;
    drop(store);
    let names = || content(directory.path()).into_keys().collect::<Vec<_>>();
    assert_eq!(names(), ["events.db", "orderlog.lock"]);
    let reader = SqliteLogReader::open(directory.path()).expect("a reader");
    assert_eq!(reader.read_all(0, 10).await.expect("read").len(), 5);
    let files: Vec<_> = fs::read_dir(directory.path()).expect("files").collect();
    assert_eq!(files.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_may_come_and_go_meanwhile() {
    let (store, directory) = open_sqlite();
    record(&store, decided("thing-1", 0, 1)).await;
    drop(store);
    let reader = SqliteLogReader::open(directory.path()).expect("a reader");
    for version in 1..6 {
        assert_eq!(reader.head().await.expect("head").position, version);
        let store = SqliteEventStore::open(directory.path()).expect("not taken by the reader");
        record(&store, decided("thing-1", version, 1)).await;
        equal(&reader, &store).await;
        drop(store);
        assert_eq!(reader.head().await.expect("head").position, version + 1);
    }
}

/// What a killed process left is a file and a journal that nobody has open.
#[tokio::test(flavor = "multi_thread")]
async fn the_journal_of_a_killed_writer_is_read() {
    let (store, directory) = open_sqlite();
    record(&store, decided("thing-1", 0, 5)).await;
    let left = tempfile::tempdir().expect("a directory");
    for file in ["events.db", "events.db-wal"] {
        fs::copy(directory.path().join(file), left.path().join(file)).expect("a copy");
    }
    let before = content(left.path());
    let reader = SqliteLogReader::open(left.path()).expect("a reader");
    assert_eq!(reader.head().await, store.head().await);
    drop(reader);
    assert!(content(left.path()) == before);
}

#[test]
fn a_path_with_any_letters_is_opened() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a %41?b#ü");
    drop(SqliteEventStore::open(&path).expect("a log"));
    SqliteLogReader::open(&path).expect("a reader");
}

#[test]
fn a_directory_without_a_log_is_refused_and_left_without_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let missing = |path: &Path| StoreError::Missing {
        path: path.display().to_string(),
    };
    assert_eq!(refusal(directory.path()), missing(directory.path()));
    assert!(content(directory.path()).is_empty());
    let nowhere = directory.path().join("nowhere");
    assert_eq!(refusal(&nowhere), missing(&nowhere));
    assert!(!nowhere.exists());
    fs::write(directory.path().join("events.db"), "").expect("an empty file");
    assert_eq!(refusal(directory.path()), missing(directory.path()));
}

#[test]
fn what_is_newer_foreign_or_damaged_is_refused() {
    let (store, directory) = open_sqlite();
    drop(store);
    let path = directory.path().join("events.db");
    let file = Connection::open(&path).expect("a database");
    file.pragma_update(None, "user_version", 99).expect("newer");
    drop(file);
    let newer = refusal(directory.path());
    assert!(matches!(newer, StoreError::Newer { found: 99, .. }));

    fs::remove_file(&path).expect("removed");
    let file = Connection::open(&path).expect("a database");
    file.execute_batch("CREATE TABLE theirs (id INTEGER)")
        .expect("a table");
    drop(file);
    let foreign = refusal(directory.path());
    assert!(foreign.to_string().contains("is not the log of orderlog"));

    fs::write(&path, "x".repeat(10_000)).expect("a file");
    let damaged = refusal(directory.path());
    assert!(matches!(damaged, StoreError::Corrupt { .. }), "{damaged}");

    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("a directory in its place");
    let unreadable = refusal(directory.path());
    assert!(
        matches!(unreadable, StoreError::NotReadable { .. }),
        "{unreadable}"
    );
}

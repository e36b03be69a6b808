//! What lives beside the log: closures inside the group commit, and reads of any kind.

use orderlog_log::{event_reader::EventReader, event_store::StoreError};
use rusqlite::Connection;

use crate::{
    contract::{decided, record},
    open_sqlite,
};

fn count(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT count(*) FROM beside", [], |row| row.get(0))
}

async fn with_table() -> (orderlog_log::sqlite::SqliteEventStore, tempfile::TempDir) {
    let (store, directory) = open_sqlite();
    let table = "CREATE TABLE beside (id INTEGER PRIMARY KEY) STRICT";
    store
        .transact(move |log| log.execute_batch(table))
        .await
        .expect("a table");
    (store, directory)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_closure_wrote_is_seen_once_it_is_answered() {
    let (store, _directory) = with_table().await;
    for id in 0..20_i64 {
        let insert = "INSERT INTO beside VALUES (?1)";
        assert_eq!(
            store.transact(move |log| log.execute(insert, [id])).await,
            Ok(1)
        );
        assert_eq!(store.read(count).await, Ok(id + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closure_that_fails_undoes_itself_alone() {
    let (store, _directory) = with_table().await;
    let append = decided("thing-1", 0, 1);
    let (kept, failed, panicked, appended) = tokio::join!(
        store.transact(|log| log.execute("INSERT INTO beside VALUES (1)", [])),
        store.transact(|log| {
            log.execute("INSERT INTO beside VALUES (2)", [])?;
            log.execute("INSERT INTO beside VALUES (2)", [])
        }),
        store.transact(|log| -> rusqlite::Result<()> {
            log.execute("INSERT INTO beside VALUES (3)", [])?;
            panic!("a closure may do this")
        }),
        record(&store, append),
    );
    assert_eq!(kept, Ok(1));
    assert!(
        matches!(failed, Err(StoreError::Unavailable { .. })),
        "{failed:?}"
    );
    assert!(
        matches!(panicked, Err(StoreError::Unavailable { .. })),
        "{panicked:?}"
    );
    assert_eq!(appended.position, 1);
    assert_eq!(store.read(count).await, Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_sees_one_snapshot_and_writes_nothing() {
    let (store, _directory) = with_table().await;
    let written = store
        .read(|log| log.execute("INSERT INTO beside VALUES (1)", []))
        .await;
    assert!(written.is_err(), "{written:?}");
    let (entered, wait_for_entry) = std::sync::mpsc::channel();
    let (go_on, wait) = std::sync::mpsc::channel();
    let reader = {
        let store = store.clone();
        tokio::spawn(async move {
            let twice = move |log: &Connection| {
                let before = count(log)?;
                let _ = (entered.send(()), wait.recv());
                Ok((before, count(log)?))
            };
            store.read(twice).await
        })
    };
    tokio::task::spawn_blocking(move || wait_for_entry.recv())
        .await
        .expect("a thread")
        .expect("in");
    let inserted = store
        .transact(|log| log.execute("INSERT INTO beside VALUES (1)", []))
        .await;
    assert_eq!(inserted, Ok(1));
    go_on.send(()).expect("the reader waits");
    assert_eq!(reader.await.expect("the reader"), Ok((0, 0)));
    assert_eq!(store.read(count).await, Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closure_may_drop_the_last_clone() {
    let (store, directory) = open_sqlite();
    let (clone, (done, ended)) = (store.clone(), tokio::sync::oneshot::channel());
    tokio::spawn(async move {
        let held = clone.clone();
        let outcome = clone
            .transact(move |_| {
                drop(held);
                Ok(())
            })
            .await;
        drop(clone);
        let _ = done.send(outcome);
    });
    drop(store);
    assert_eq!(ended.await.expect("an outcome"), Ok(()));
    assert!(directory.path().join("events.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_stays_bounded_under_load() {
    let (store, directory) = open_sqlite();
    let payload = "x".repeat(100_000);
    for version in 0..1500 {
        let mut large = decided("thing-1", version, 1);
        large.writes[0].events[0].data = payload.clone();
        record(&store, large).await;
    }
    let journal = directory
        .path()
        .join("events.db-wal")
        .metadata()
        .expect("a journal")
        .len();
    assert!(journal < 80_000_000, "{journal} bytes of 150 million");
    assert_eq!(store.head().await.map(|head| head.position), Ok(1500));
}

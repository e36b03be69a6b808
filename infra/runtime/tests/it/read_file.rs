//! What becomes of a `read.db` that does not fit.

use orderlog_log::event_reader::EventReader;
use orderlog_runtime::sqlite::SqliteReadStore;
use uuid::Uuid;

use crate::{
    contract::read_store::{at, commit, live, write},
    toy::ToyLog,
};

#[tokio::test]
async fn a_file_that_cannot_be_used_is_begun_anew() {
    let toy = ToyLog::new();
    let log_id = toy.store.head().await.expect("a head").log_id;
    let path = toy.directory.path().join("read.db");
    let defined = async |store: SqliteReadStore| {
        let (live, checkpoint) = live(&store, log_id).await;
        let to = at(checkpoint, checkpoint.position + 1);
        write(&store, commit(&live, 0, (checkpoint, to), Vec::new()))
            .await
            .expect("written");
        checkpoint.position
    };
    let open = |log_id| SqliteReadStore::open(toy.directory.path(), log_id);
    assert_eq!(defined(open(log_id).expect("new")).await, 0);
    assert_eq!(defined(open(log_id).expect("again")).await, 1);
    assert_eq!(defined(open(Uuid::now_v7()).expect("another log")).await, 0);
    assert_eq!(defined(open(log_id).expect("the first log again")).await, 0);

    std::fs::write(&path, b"this is no database, however you look at it").expect("damaged");
    assert_eq!(defined(open(log_id).expect("begun anew")).await, 0);
    assert!(path.with_extension("db.aside").exists());
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let toy = ToyLog::new();
    let log_id = toy.store.head().await.expect("a head").log_id;
    drop(SqliteReadStore::open(toy.directory.path(), log_id).expect("new"));
    let file = rusqlite::Connection::open(toy.directory.path().join("read.db")).expect("open");
    file.pragma_update(None, "user_version", 99)
        .expect("made newer");
    drop(file);
    let refused = SqliteReadStore::open(toy.directory.path(), log_id)
        .err()
        .expect("refused");
    assert!(refused.to_string().contains("format 99"), "{refused}");
}

#[tokio::test]
async fn a_file_of_another_number_of_partitions_is_refused() {
    let toy = ToyLog::new();
    let log_id = toy.store.head().await.expect("a head").log_id;
    let open = |count| SqliteReadStore::open_partitioned(toy.directory.path(), log_id, count);
    drop(open(12).expect("new"));
    drop(open(12).expect("again"));
    let refused = open(8).err().expect("refused").to_string();
    assert!(
        refused.contains("12 partitions, not 8") && refused.contains("delete it"),
        "{refused}"
    );
}

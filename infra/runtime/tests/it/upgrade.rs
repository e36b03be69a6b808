//! What an older build left in a data directory is gone on with.

use orderlog_log::event_reader::EventReader;
use orderlog_runtime::{
    process::ProcessStore,
    projection::Definition,
    read_store::ReadStore,
    sqlite::{SqliteProcessStore, SqliteReadStore, SqliteWorkStore},
};
use rusqlite::Connection;
use uuid::Uuid;

use crate::toy::ToyLog;

/// `read.db` of format 1, before checkpoints were divided by partition.
const READ_DB_1: &str = "
CREATE TABLE log (log_id BLOB NOT NULL);
CREATE TABLE projections (
  name TEXT PRIMARY KEY, version TEXT NOT NULL, columns TEXT NOT NULL, generation INTEGER NOT NULL,
  last_generation INTEGER NOT NULL, paused INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE checkpoints (
  projection TEXT NOT NULL, generation INTEGER NOT NULL, position INTEGER NOT NULL,
  event_id BLOB NOT NULL, PRIMARY KEY (projection, generation)
) WITHOUT ROWID;
CREATE TABLE parked (
  projection TEXT NOT NULL, generation INTEGER NOT NULL, position INTEGER NOT NULL,
  partition_key TEXT NOT NULL, event_id BLOB NOT NULL, event_type TEXT NOT NULL,
  reason TEXT NOT NULL, PRIMARY KEY (projection, generation, position)
) WITHOUT ROWID;
CREATE TABLE event_types (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE log_by_type (
  type INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (type, position)
) WITHOUT ROWID;
CREATE TABLE log_by_correlation (
  id BLOB NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (id, position)
) WITHOUT ROWID;
CREATE TABLE log_by_causation (
  id BLOB NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (id, position)
) WITHOUT ROWID;
CREATE TABLE things_1 (
  key TEXT PRIMARY KEY, partition INTEGER NOT NULL, position INTEGER NOT NULL, row TEXT NOT NULL
);
INSERT INTO projections VALUES ('things', '1', '', 1, 1, 1);
INSERT INTO things_1 VALUES ('a', 7, 5, 'the row');
PRAGMA application_id = 0x6f6c7264;
PRAGMA user_version = 1;
";

#[tokio::test]
async fn read_models_of_the_first_format_are_kept() {
    let toy = ToyLog::new();
    let log_id = toy.store.head().await.expect("a head").log_id;
    let event_id = Uuid::now_v7();
    let file = Connection::open(toy.directory.path().join("read.db")).expect("a file");
    file.execute_batch(READ_DB_1).expect("written");
    file.execute("INSERT INTO log VALUES (?1)", [log_id.into_bytes()])
        .expect("written");
    for (name, position) in [("things", 5), ("log_index", 6)] {
        let row = (name, position, event_id.into_bytes());
        file.execute("INSERT INTO checkpoints VALUES (?1, 1, ?2, ?3)", row)
            .expect("written");
    }
    drop(file);

    for _ in 0..2 {
        let store =
            SqliteReadStore::open(toy.directory.path(), log_id).expect("brought up to date");
        let definition = Definition {
            name: "things",
            version: "1".to_owned(),
            columns: &[],
        };
        let defined = store.define(&definition).await.expect("defined");
        assert!(defined.current && defined.paused);
        let standing = store.standing(&defined.live).await.expect("a standing");
        let at = standing.at(0, log_id);
        assert_eq!(
            (at.checkpoint.position, at.checkpoint.event_id),
            (5, event_id)
        );
        assert_eq!((standing.checkpoints.len(), at.offset), (1, None));
        let rows = store
            .get("things", vec!["a".to_owned()])
            .await
            .expect("rows");
        assert_eq!(rows[0].row, "the row");
    }
    let other = SqliteReadStore::open_partitioned(toy.directory.path(), log_id, 12);
    assert!(other.is_err());
}

#[tokio::test]
async fn a_process_goes_on_from_the_checkpoint_of_an_older_build() {
    let toy = ToyLog::new();
    let event_id = Uuid::now_v7();
    let old = move |connection: &Connection| {
        connection.execute_batch(
            "CREATE TABLE process_checkpoints (
               process TEXT PRIMARY KEY, position INTEGER NOT NULL, event_id BLOB NOT NULL
             ) WITHOUT ROWID",
        )?;
        connection.execute(
            "INSERT INTO process_checkpoints VALUES ('toys', 9, ?1)",
            [event_id.into_bytes()],
        )
    };
    toy.store.transact(old).await.expect("written");
    for _ in 0..2 {
        let work = SqliteWorkStore::open(toy.store.clone()).await;
        let work = work.expect("a store");
        let store = SqliteProcessStore::open(toy.store.clone(), work).await;
        let store = store.expect("brought up to date");
        let at = store.load("toys", 0).await.expect("a state").checkpoint;
        assert_eq!(
            (at.checkpoint.position, at.checkpoint.event_id),
            (9, event_id)
        );
        assert_eq!(at.offset, None);
    }
}

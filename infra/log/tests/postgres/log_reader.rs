//! Reading alone: what the writer reads, and the refusals of a database that can't be read.

use orderlog_log::{
    event_reader::{EventReader, SilentOf},
    event_store::StoreError,
    postgres::{PgLogReader, PgOptions},
};
use uuid::Uuid;

use crate::{
    connect,
    contract::{decided, record, refused},
    database::TestDatabase,
};

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_what_the_writer_reads() {
    let database = TestDatabase::create().await;
    let store = connect(&database, PgOptions::default()).await;
    let reader = PgLogReader::connect(&database.url, PgOptions::default());
    let reader = reader.await.expect("a reader");
    assert_eq!(reader.head().await, store.head().await);
    let written = record(&store, decided("thing-1", 0, 5)).await;
    let refused = record(&store, refused("thing-1", 5)).await;

    assert_eq!(reader.head().await, store.head().await);
    assert_eq!(reader.read_all(0, 9).await, store.read_all(0, 9).await);
    assert_eq!(reader.read_at(&[3]).await, store.read_at(&[3]).await);
    let page = reader.read_stream("thing-1", 2, 2).await;
    assert_eq!(page, store.read_stream("thing-1", 2, 2).await);
    let id = written.command.command_id;
    assert_eq!(reader.command(id).await, Ok(Some(written)));
    let of = SilentOf::Stream("thing-1");
    let silent = reader.silent_commands(of, Uuid::nil(), 10).await;
    assert_eq!(silent, Ok(vec![refused]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_the_log_is_refused() {
    let database = TestDatabase::empty().await;
    let refusal = PgLogReader::connect(&database.url, PgOptions::default()).await;
    let refusal = refusal.err().expect("a refusal");
    assert!(matches!(refusal, StoreError::NotMigrated { found: 0, .. }));
}

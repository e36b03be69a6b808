//! What others do to the database: transactions left open, rolled back, or gone silent with the
//! counter in their hands. They insert as postgres-es does, which knows nothing of positions.

use std::time::Duration;

use orderlog_log::{
    event_reader::EventReader,
    event_store::{EventStore, StoreError},
    postgres::PgOptions,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    assert_whole, connect,
    contract::{decided, record},
    database::TestDatabase,
    soon,
};

/// Inserts an event with the columns of postgres-es alone.
pub(crate) async fn insert(session: &mut PgConnection, category: &str, id: &str, sequence: i64) {
    let inserted = try_insert(session, category, id, sequence, "{}").await;
    inserted.expect("inserted");
}

async fn try_insert(
    session: &mut PgConnection,
    category: &str,
    id: &str,
    sequence: i64,
    metadata: &str,
) -> sqlx::Result<()> {
    let sql = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type,
                   event_version, payload, metadata)
               VALUES ($1, $2, $3, 'Changed', '1.0', '{\"n\": 1}', $4::json)";
    let insert = sqlx::query(sql).bind(category).bind(id).bind(sequence);
    insert.bind(metadata).execute(session).await.map(drop)
}

async fn run(session: &mut PgConnection, sql: &str) {
    let done = sqlx::raw_sql(sql).execute(session).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_transaction_hides_nothing_and_blocks_nothing() {
    let database = TestDatabase::create().await;
    let store = connect(&database, PgOptions::default()).await;
    record(&store, decided("thing-1", 0, 1)).await;
    let mut idle = database.session().await;
    // It has a snapshot, a transaction number, and has read the log and the counter.
    run(
        &mut idle,
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_current_xact_id();
         SELECT * FROM events; SELECT * FROM log;",
    )
    .await;
    for version in 1..50 {
        record(&store, decided("thing-1", version, 1)).await;
    }
    assert_whole(&store, 50).await;
    let other = connect(&database, PgOptions::default()).await;
    assert_eq!(*other.watch_head().borrow(), 50);
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM events")
        .fetch_one(&mut idle)
        .await
        .expect("still idle");
    assert_eq!(seen, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_rolled_back_leaves_no_gap() {
    let database = TestDatabase::create().await;
    let store = connect(&database, PgOptions::default()).await;
    let mut other = database.session().await;
    for version in 0..5 {
        record(&store, decided("thing-1", version, 1)).await;
        run(&mut other, "BEGIN").await;
        insert(&mut other, "thing", "2", 1).await;
        insert(&mut other, "thing", "2", 2).await;
        run(&mut other, "ROLLBACK").await;
    }
    assert_whole(&store, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_holder_of_the_counter_is_waited_for_within_bounds() {
    let database = TestDatabase::create().await;
    let lock_timeout = Duration::from_millis(200);
    let options = PgOptions {
        lock_timeout,
        ..PgOptions::default()
    };
    let store = connect(&database, options).await;
    let mut silent = database.session().await;
    run(&mut silent, "BEGIN; SELECT FROM log FOR UPDATE").await;
    let refused = store.append(vec![decided("thing-1", 0, 1)]).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable { .. })),
        "{refused:?}"
    );
    assert_eq!(store.head().await.expect("read").position, 0);
    drop(silent);
    let lenient = connect(&database, PgOptions::default()).await;
    record(&lenient, decided("thing-1", 0, 1)).await;
    record(&store, decided("thing-1", 1, 1)).await;
    assert_whole(&store, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_inserter_is_ended_by_the_server() {
    let database = TestDatabase::create().await;
    let patient = Duration::from_secs(60);
    let options = PgOptions {
        lock_timeout: patient,
        append_timeout: patient,
        ..PgOptions::default()
    };
    let store = connect(&database, options).await;
    let mut silent = database.session().await;
    run(&mut silent, "BEGIN").await;
    insert(&mut silent, "thing", "2", 1).await;
    soon(record(&store, decided("thing-1", 0, 1))).await;
    assert_whole(&store, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_event_is_completed() {
    let database = TestDatabase::create().await;
    let store = connect(&database, PgOptions::default()).await;
    record(&store, decided("thing-1", 0, 2)).await;
    let (command_id, correlation_id) = (Uuid::now_v7(), Uuid::now_v7());
    let metadata = format!(
        r#"{{"command_id":"{command_id}","correlation_id":"{correlation_id}","actor":"them",
            "partition_key":"key","traceparent":"00-1-2-01"}}"#
    );
    let mut other = database.session().await;
    run(&mut other, "BEGIN").await;
    for sequence in 3..=4 {
        try_insert(&mut other, "thing", "1", sequence, &metadata)
            .await
            .expect("inserted");
    }
    run(&mut other, "COMMIT").await;
    assert_whole(&store, 4).await;
    let event = store.read_at(&[4]).await.expect("read").remove(0);
    assert_eq!((event.stream.as_str(), event.version), ("thing-1", 4));
    assert_eq!(
        (event.command_id, event.correlation_id),
        (command_id, correlation_id)
    );
    assert_eq!(
        (event.actor.as_str(), event.partition_key.as_str()),
        ("them", "key")
    );
    assert_eq!((event.causation_id, event.schema_version), (command_id, 1));
    let command = store
        .command(command_id)
        .await
        .expect("read")
        .expect("recorded");
    assert_eq!(
        (command.position, command.version, command.events),
        (4, 4, 2)
    );
    assert_eq!(command.command.stream, "thing-1");

    // The same command, a version that exists, and one too far.
    for (sequence, metadata) in [(5, metadata.as_str()), (4, "{}"), (6, "{}")] {
        let refused = try_insert(&mut other, "thing", "1", sequence, metadata).await;
        let error = refused.expect_err("refused");
        let code = error
            .as_database_error()
            .and_then(|it| it.code().map(String::from));
        assert_eq!(code.as_deref(), Some("23505"), "{error}");
    }
    record(&store, decided("thing-1", 4, 1)).await;
    assert_whole(&store, 5).await;
}

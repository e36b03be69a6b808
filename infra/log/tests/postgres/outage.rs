//! Connections that run out or break.

use std::time::Duration;

use orderlog_log::{
    event_reader::EventReader,
    event_store::{EventStore, StoreError},
    postgres::PgOptions,
};

use crate::{
    assert_whole, connect,
    contract::{decided, record},
    database::TestDatabase,
    soon,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_is_exhausted_says_so() {
    let database = TestDatabase::create().await;
    let options = PgOptions {
        readers: 1,
        acquire_timeout: Duration::from_millis(200),
        lock_timeout: Duration::from_secs(60),
        read_timeout: Duration::from_secs(60),
        poll: Duration::from_secs(3600),
        ..PgOptions::default()
    };
    let store = connect(&database, options).await;
    record(&store, decided("thing-1", 0, 1)).await;
    let mut session = database.session().await;
    let lock = "BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(lock)
        .execute(&mut session)
        .await
        .expect("locked");
    let reader = store.clone();
    let reading = tokio::spawn(async move { reader.read_all(0, 10).await });
    let waiting = "SELECT count(*) FROM pg_locks
                   WHERE NOT granted AND relation = 'events'::regclass";
    let all_taken = async {
        while sqlx::query_scalar::<_, i64>(waiting)
            .fetch_one(&mut session)
            .await
            .expect("asked")
            == 0
        {
            tokio::task::yield_now().await;
        }
    };
    soon(all_taken).await;
    match store.read_all(0, 10).await {
        Err(StoreError::Unavailable { detail }) => {
            assert!(detail.contains("all 1 connections are in use"), "{detail}");
        }
        other => panic!("{other:?}"),
    }
    sqlx::raw_sql("ROLLBACK")
        .execute(&mut session)
        .await
        .expect("unlocked");
    let read = soon(reading).await.expect("it ran").expect("read");
    assert_eq!(read.len(), 1);
    assert_eq!(store.read_all(0, 10).await.expect("read").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_the_server_ends_are_replaced() {
    let database = TestDatabase::create().await;
    let store = connect(&database, PgOptions::default()).await;
    record(&store, decided("thing-1", 0, 1)).await;
    for version in 1..5 {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let mut session = database.session().await;
        sqlx::raw_sql(end)
            .execute(&mut session)
            .await
            .expect("ended");
        soon(record(&store, decided("thing-1", version, 1))).await;
        assert_eq!(store.head().await.expect("read").position, version + 1);
    }
    assert_whole(&store, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_to_a_database_that_is_gone_is_not_acknowledged() {
    let database = TestDatabase::create().await;
    let options = PgOptions {
        reconnect_timeout: Duration::from_millis(200),
        ..PgOptions::default()
    };
    let store = connect(&database, options).await;
    record(&store, decided("thing-1", 0, 1)).await;
    database
        .on_server(&format!("DROP DATABASE {} WITH (FORCE)", database.name))
        .await;
    let failed = soon(store.append(vec![decided("thing-1", 1, 1)])).await;
    // The statement was sent, and nobody can be asked what became of it.
    assert!(
        matches!(failed, Err(StoreError::Unknown { .. })),
        "{failed:?}"
    );
}

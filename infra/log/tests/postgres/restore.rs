//! A database restored from an older backup: positions that were read are given out again, to other
//! events. Whoever remembers log id, position and event id of what it read last, notices.

use orderlog_log::{
    event_reader::EventReader,
    event_store::{EventStore, Head},
    postgres::PgOptions,
};

use crate::{
    assert_whole, connect,
    contract::{decided, record},
    database::TestDatabase,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_log_does_not_pass_for_what_it_was() {
    let database = TestDatabase::create().await;
    let backup = format!("{}_backup", database.name);
    let store = connect(&database, PgOptions::default()).await;
    for version in 0..5 {
        record(&store, decided("thing-1", version, 1)).await;
    }
    let kept = store.head().await.expect("head");
    drop(store);
    copy(&database, &database.name, &backup).await;

    let store = connect(&database, PgOptions::default()).await;
    for version in 5..8 {
        record(&store, decided("thing-1", version, 1)).await;
    }
    let lost = store.head().await.expect("head");
    assert!(holds(&store, &kept).await && holds(&store, &lost).await);
    drop(store);

    database
        .on_server(&format!("DROP DATABASE {} WITH (FORCE)", database.name))
        .await;
    copy(&database, &backup, &database.name).await;
    database
        .on_server(&format!("DROP DATABASE {backup} WITH (FORCE)"))
        .await;

    let store = connect(&database, PgOptions::default()).await;
    assert_eq!(store.head().await.expect("head"), kept);
    assert!(!holds(&store, &lost).await, "positions behind the end");
    for version in 5..9 {
        record(&store, decided("thing-1", version, 1)).await;
    }
    assert_whole(&store, 9).await;
    assert!(holds(&store, &kept).await);
    assert!(!holds(&store, &lost).await, "a position given out again");
}

/// What every reader does with its checkpoint before it goes on from there.
async fn holds(store: &dyn EventStore, checkpoint: &Head) -> bool {
    let found = store.read_at(&[checkpoint.position]).await.expect("read");
    let same_log = store.head().await.expect("head").log_id == checkpoint.log_id;
    same_log
        && found
            .first()
            .is_some_and(|it| it.event_id == checkpoint.event_id)
}

async fn copy(database: &TestDatabase, from: &str, to: &str) {
    database
        .on_server(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{from}'"
        ))
        .await;
    database
        .on_server(&format!("CREATE DATABASE {to} TEMPLATE {from}"))
        .await;
}

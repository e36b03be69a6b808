//! The engine for several processes: the contract of the event store, and what is this engine's
//! own: other processes beside it, what they may leave behind, and a server that goes away.

#[path = "../contract/mod.rs"]
mod contract;
#[path = "../seals/mod.rs"]
mod seals;

mod adopting;
mod alike;
mod beside;
mod cluster;
mod content;
mod database;
mod executors;
mod foreign;
mod log_reader;
mod lost_answer;
mod opening;
mod outage;
mod postgres_es;
mod restart;
mod restore;
mod sealed;
mod through_postgres_es;

use std::{sync::Arc, time::Duration};

use contract::event_store_contract;
use database::TestDatabase;
use orderlog_log::{
    event_store::EventStore,
    postgres::{PgEventStore, PgOptions},
};
use tokio::{runtime::Handle, task::block_in_place, time::timeout};

event_store_contract!(crate::open);

fn open() -> (Arc<dyn EventStore>, TestDatabase) {
    block_in_place(|| {
        Handle::current().block_on(async {
            let database = TestDatabase::create().await;
            let store = connect(&database, PgOptions::default()).await;
            (Arc::new(store) as Arc<dyn EventStore>, database)
        })
    })
}

async fn connect(database: &TestDatabase, options: PgOptions) -> PgEventStore {
    PgEventStore::connect(&database.url, options)
        .await
        .expect("the log opens")
}

/// Waits for what must come; far longer than it takes on the slowest machine.
async fn soon<F: Future>(what: F) -> F::Output {
    timeout(Duration::from_secs(60), what)
        .await
        .expect("it takes a minute")
}

/// Asserts that the log has so many events, without a gap, each version of each stream once.
async fn assert_whole(store: &dyn EventStore, events: u64) {
    let log = store.read_all(0, 1_000_000).await.expect("read");
    let positions = log.iter().map(|event| event.position);
    assert!(positions.eq(1..=events), "{} events", log.len());
    let mut versions = std::collections::HashMap::new();
    for event in &log {
        let version = versions.entry(&event.stream).or_insert(0);
        *version += 1;
        assert_eq!(event.version, *version, "{}", event.stream);
    }
    assert!(log.is_sorted_by_key(|event| event.recorded_at));
    let head = store.head().await.expect("head");
    assert_eq!(head.position, events);
}

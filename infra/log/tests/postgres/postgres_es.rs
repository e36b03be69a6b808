//! postgres-es beside the engine, on the same tables: each reads what the other wrote, positions
//! stay gapless, and neither overwrites the other.

use std::{collections::HashMap, fmt};

use cqrs_es::{
    Aggregate, AggregateContext, AggregateError, CqrsFramework, DomainEvent, EventStore as _,
    event_sink::EventSink, persist::PersistedEventStore,
};
use orderlog_log::{
    event_reader::EventReader,
    event_store::{AppendOutcome, Decided},
    postgres::PgOptions,
};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    assert_whole, connect,
    contract::{append, decided, record},
    database::TestDatabase,
    soon,
};

/// Counts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counter(pub(crate) u64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Counted {
    Up,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Never;

impl fmt::Display for Never {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("never")
    }
}

impl std::error::Error for Never {}

impl DomainEvent for Counted {
    fn event_type(&self) -> String {
        "Up".to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl Aggregate for Counter {
    const TYPE: &'static str = "counter";
    type Command = u64;
    type Event = Counted;
    type Error = Never;
    type Services = ();

    async fn handle(&mut self, times: u64, (): &(), sink: &EventSink<Self>) -> Result<(), Never> {
        for _ in 0..times {
            sink.write(Counted::Up, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, Counted::Up: Counted) {
        self.0 += 1;
    }
}

pub(crate) type Theirs = PersistedEventStore<PostgresEventRepository, Counter>;

pub(crate) fn theirs(pool: &PgPool) -> Theirs {
    PersistedEventStore::new_event_store(PostgresEventRepository::new(pool.clone()))
}

pub(crate) fn framework(pool: &PgPool) -> CqrsFramework<Counter, Theirs> {
    CqrsFramework::new(theirs(pool), Vec::new(), ())
}

/// The same event, the engine's way.
pub(crate) fn ours(id: &str, version: u64) -> Decided {
    let mut decided = decided(&format!("counter-{id}"), version, 1);
    let event = &mut decided.writes[0].events[0];
    event.event_type = "Up".to_owned();
    event.data = serde_json::to_string(&Counted::Up).expect("JSON");
    decided
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reads_what_the_other_wrote() {
    let database = TestDatabase::create().await;
    let store = connect(&database, PgOptions::default()).await;
    let pool = database.pool();
    let framework = framework(&pool);
    let command_id = Uuid::now_v7();
    let metadata = HashMap::from([("command_id".to_owned(), command_id.to_string())]);
    framework
        .execute_with_metadata("1", 3, metadata.clone())
        .await
        .expect("executed");
    record(&store, ours("1", 3)).await;
    framework.execute("1", 2).await.expect("executed");
    record(&store, ours("1", 6)).await;

    assert_whole(&store, 7).await;
    let stream = store.read_stream("counter-1", 0, 10).await.expect("read");
    let events: Vec<Counted> = stream
        .iter()
        .map(|event| serde_json::from_str(&event.data).expect("an event"))
        .collect();
    assert_eq!(events, vec![Counted::Up; 7]);
    let mut loaded = theirs(&pool).load_aggregate("1").await.expect("loaded");
    assert_eq!(loaded.aggregate().0, 7);

    let known = store
        .command(command_id)
        .await
        .expect("read")
        .expect("recorded");
    assert_eq!((known.events, known.version, known.position), (3, 3, 3));
    let again = framework.execute_with_metadata("1", 1, metadata).await;
    assert!(
        matches!(again, Err(AggregateError::AggregateConflict)),
        "{again:?}"
    );
    assert_whole(&store, 7).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_overwrites_the_other() {
    let database = TestDatabase::create().await;
    let store = connect(&database, PgOptions::default()).await;
    let pool = database.pool();
    let theirs = theirs(&pool);
    let stale = theirs.load_aggregate("1").await.expect("loaded");
    record(&store, ours("1", 0)).await;
    let refused = theirs
        .commit(vec![Counted::Up], stale, HashMap::new())
        .await;
    assert!(matches!(refused, Err(AggregateError::AggregateConflict)));

    framework(&pool).execute("1", 1).await.expect("executed");
    let refused = append(&store, ours("1", 1)).await;
    assert!(matches!(refused, AppendOutcome::Conflict { actual: 2, .. }));
    assert_whole(&store, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_at_once_leave_no_gap() {
    let database = TestDatabase::create().await;
    let store = connect(&database, PgOptions::default()).await;
    let pool = database.pool();
    let mut writers = JoinSet::new();
    for writer in 0..4 {
        let (framework, store) = (framework(&pool), store.clone());
        writers.spawn(async move {
            for _ in 0..20 {
                let id = format!("theirs-{writer}");
                framework.execute(&id, 2).await.expect("executed");
            }
        });
        writers.spawn(async move {
            for version in 0..40 {
                record(&store, ours(&format!("ours-{writer}"), version)).await;
            }
        });
    }
    soon(writers.join_all()).await;
    assert_whole(&store, 4 * 80).await;
}

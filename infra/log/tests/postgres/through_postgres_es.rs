//! The engine that writes through postgres-es: the contract but for what that crate can't do, what
//! holds in its stead, and the other engine beside it on the same tables.

use std::sync::Arc;

use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
use orderlog_log::{
    event_store::{AppendOutcome, EventStore, StoreError},
    postgres::{AggregateTypes, PgEsEventStore, PgOptions},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{runtime::Handle, task::JoinSet, task::block_in_place};

use crate::{
    assert_whole, connect,
    contract::{append, decided, event, position, record, refused, write},
    database::TestDatabase,
    executors::account::{Account, AccountCommand, context, executor, open_account},
    soon,
};

mod facts {
    crate::contract::event_store_contract!(
        super::super::open,
        except what_was_appended_is_read_back_byte_for_byte,
        streams_of_one_command_are_written_together_or_not_at_all,
        a_command_on_several_streams_is_remembered_whole
    );
}

/// The contract's streams; what they say is nothing to postgres-es.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Thing;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Changed;

impl DomainEvent for Changed {
    fn event_type(&self) -> String {
        "Changed".to_owned()
    }

    fn event_version(&self) -> String {
        "2".to_owned()
    }
}

impl Aggregate for Thing {
    const TYPE: &'static str = "thing";
    type Command = ();
    type Event = Changed;
    type Error = std::fmt::Error;
    type Services = ();

    async fn handle(&mut self, (): (), (): &(), _: &EventSink<Self>) -> Result<(), Self::Error> {
        Ok(())
    }

    fn apply(&mut self, Changed: Changed) {}
}

pub(crate) async fn connect_through(database: &TestDatabase) -> PgEsEventStore {
    let types = AggregateTypes::default().with::<Thing>().with::<Account>();
    PgEsEventStore::connect(&database.url, PgOptions::default(), types)
        .await
        .expect("the log opens")
}

fn open() -> (Arc<dyn EventStore>, TestDatabase) {
    block_in_place(|| {
        Handle::current().block_on(async {
            let database = TestDatabase::create().await;
            let store = connect_through(&database).await;
            (Arc::new(store) as Arc<dyn EventStore>, database)
        })
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_are_kept_as_values() {
    let (store, _database) = open();
    let mut command = decided("thing-1", 0, 0);
    let odd = " { \"b\" : 1.10,\"a\":\"\\u00e9 𝄞\" }\n";
    command.writes[0].events = vec![event(odd), event("12345678901")];
    let (sent, events) = (command.command.clone(), command.writes[0].events.clone());
    let recorded = record(&*store, command).await;
    assert_eq!((recorded.position, recorded.version), (2, 2));
    assert_eq!(recorded.command, sent);
    let read = store.read_stream("thing-1", 0, 10).await.expect("read");
    assert_eq!(read.len(), 2);
    for (read, new) in read.iter().zip(&events) {
        let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        assert_eq!(value(&read.data), value(&new.data));
        assert_eq!(
            (read.event_id, &read.event_type),
            (new.event_id, &new.event_type)
        );
        assert_eq!(read.schema_version, new.schema_version);
        assert_eq!(read.occurred_at, new.occurred_at);
        assert_eq!(read.partition_key, "key-of-thing-1");
        assert_eq!(
            (read.command_id, &read.actor),
            (sent.command_id, &sent.actor)
        );
        assert_eq!(read.correlation_id, sent.correlation_id);
        assert_eq!(read.causation_id, sent.causation_id);
        assert_eq!(read.traceparent, sent.traceparent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_es_cannot_keep_is_refused_whole() {
    let (store, _database) = open();
    let mut several = decided("thing-1", 0, 2);
    several.writes.push(write("thing-2", 0, 1));
    let mut checked = decided("thing-1", 0, 1);
    checked.writes.push(write("thing-2", 0, 0));
    let mut no_value = decided("thing-1", 0, 1);
    no_value.writes[0].events.push(event(r#""\ud800""#));
    let mut no_text = decided("thing-1", 0, 1);
    no_text.writes[0].events.push(event(r#""\u0000""#));
    let unknown = decided("other-1", 0, 1);
    let far = decided("thing-1", i32::MAX as u64, 1);
    for command in [several, checked, no_value, no_text, unknown, far] {
        let refused = store.append(vec![command.clone()]).await;
        assert!(
            matches!(refused, Err(StoreError::Invalid { .. })),
            "{refused:?}"
        );
        let known = store.command(command.command.command_id).await;
        assert_eq!(known.expect("read"), None);
    }
    // Seen before anything of the batch is written.
    let batch = vec![decided("thing-1", 0, 1), decided("other-1", 0, 1)];
    store.append(batch).await.expect_err("refused");
    assert_eq!(position(&*store).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_may_rely_on_several_streams() {
    let (store, _database) = open();
    record(&*store, decided("thing-2", 0, 4)).await;
    let mut stale = refused("thing-1", 0);
    stale.writes.push(write("thing-2", 3, 0));
    let conflict = append(&*store, stale).await;
    assert!(
        matches!(conflict, AppendOutcome::Conflict { actual: 4, .. }),
        "{conflict:?}"
    );
    let mut fresh = refused("thing-1", 0);
    fresh.writes.push(write("thing-2", 4, 0));
    record(&*store, fresh).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_write_one_log() {
    let database = TestDatabase::create().await;
    let stores: [Arc<dyn EventStore>; 2] = [
        Arc::new(connect(&database, PgOptions::default()).await),
        Arc::new(connect_through(&database).await),
    ];
    let account = executor(Arc::clone(&stores[0]));
    open_account(&account, "1", 1000).await;
    let mut writers = JoinSet::new();
    for store in &stores {
        for _ in 0..3 {
            let account = executor(Arc::clone(store));
            writers.spawn(async move {
                for _ in 0..20 {
                    let paid = account.execute("1", AccountCommand::Deposit(1), context());
                    paid.await.expect("paid in");
                }
            });
        }
    }
    soon(writers.join_all()).await;
    for store in &stores {
        assert_whole(&**store, 2 + 120).await;
    }
    for store in &stores {
        let account = executor(Arc::clone(store));
        let all = AccountCommand::Withdraw(1120);
        account.execute("1", all, context()).await.expect("drawn");
        let back = AccountCommand::Deposit(1120);
        account.execute("1", back, context()).await.expect("paid");
    }
}

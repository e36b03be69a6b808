//! Aggregates whose streams begin with events in older forms: loaded as today's, and gone on with at the
//! right version. An event of a newer build refuses to be loaded, and says what it is.

use std::sync::Arc;

use orderlog_log::{
    event::{DecodeError, NewEvent, RecordedEvent, Today},
    event_reader::EventReader,
    event_store::{
        CommandEnvelope, Decided, EventStore, Fingerprint, StoreError, StreamAppend, Verdict,
    },
    executor::{ExecuteError, as_recorded},
    sqlite::SqliteEventStore,
};
use uuid::Uuid;

use crate::account::{AccountCommand, AccountEvent, context, sqlite, with_decode};

/// `Founded` once said what are two events today, and `Looked` says nothing any more.
fn decode(event: &RecordedEvent) -> Result<Today<AccountEvent>, DecodeError> {
    match (event.event_type.as_str(), event.schema_version) {
        ("Founded", 1) => {
            let balance = serde_json::from_str(&event.data);
            let balance = balance.map_err(|error| DecodeError::Damaged(error.to_string()))?;
            let told = [AccountEvent::Opened, AccountEvent::Deposited(balance)];
            Ok(Today::from_iter(told))
        }
        ("Looked", 1) => Ok(Today::new()),
        (_, 1) => as_recorded(event),
        (kind, version) => Err(DecodeError::Unknown(format!("{kind} v{version}"))),
    }
}

async fn append(store: &SqliteEventStore, after: u64, event_type: &str, version: u16, data: &str) {
    let command_id = Uuid::now_v7();
    let decided = Decided {
        command: CommandEnvelope {
            command_id,
            fingerprint: Fingerprint::of(data.as_bytes()),
            command_type: "Write".to_owned(),
            stream: "account-1".to_owned(),
            actor: "tester".to_owned(),
            correlation_id: command_id,
            causation_id: command_id,
            traceparent: None,
        },
        verdict: Verdict::Accepted,
        writes: vec![StreamAppend {
            stream: "account-1".to_owned(),
            expected_version: after,
            partition_key: "1".to_owned(),
            events: vec![NewEvent {
                event_id: Uuid::now_v7(),
                event_type: event_type.to_owned(),
                schema_version: version,
                data: data.to_owned(),
                occurred_at: chrono::Utc::now(),
            }],
        }],
    };
    let outcomes = store.append(vec![decided]).await.expect("an append");
    assert!(outcomes[0].is_recorded(), "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn older_events_are_loaded_as_todays_and_count_once_each() {
    let (store, _directory) = sqlite();
    append(&store, 0, "Founded", 1, "70").await;
    append(&store, 1, "Looked", 1, "{}").await;
    let executor = with_decode(store.clone(), decode);
    let loaded = executor.load("1").await.expect("loaded");
    assert_eq!((loaded.state.open, loaded.state.balance), (true, 70));
    assert_eq!(loaded.version, 2);

    let withdraw = AccountCommand::Withdraw(50);
    let executed = executor.execute("1", withdraw, context()).await;
    assert_eq!(executed.expect("carried out").version, 3);
    // Whoever loads it anew comes to the same.
    let fresh = with_decode(store.clone(), decode).load("1").await;
    let fresh = fresh.expect("loaded");
    assert_eq!((fresh.state.balance, fresh.version), (20, 3));
    let written = store.read_stream("account-1", 2, 10).await.expect("read");
    assert_eq!(written[0].event_type, "Withdrawn");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_newer_build_is_named() {
    let (store, _directory) = sqlite();
    append(&store, 0, "Founded", 2, "70").await;
    let executor = with_decode(store as Arc<dyn EventStore>, decode);
    let deposit = AccountCommand::Deposit(1);
    let answer = executor.execute("1", deposit, context()).await;
    let Err(ExecuteError::Store(error @ StoreError::NewerEvent { .. })) = answer else {
        panic!("{answer:?}")
    };
    let said = error.to_string();
    assert!(
        said.contains("position 1") && said.contains("Founded v2"),
        "{said}"
    );
}

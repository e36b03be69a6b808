//! Seals over the log in tables: what every engine must show, whichever of the two engines writes,
//! and what postgres-es alone keeps.

use std::sync::Arc;

use async_trait::async_trait;
use orderlog_log::{
    event_store::EventStore,
    postgres::{PgOptions, PgSeals},
    seal::{Flaw, KeyFile},
};

use tokio::{runtime::Handle, task::block_in_place};

use crate::{
    adopting, connect,
    database::TestDatabase,
    postgres_es::framework,
    seals::{Ground, Hands, all, sealed_log_contract},
    through_postgres_es,
};

sealed_log_contract!(super::open);

/// Of the contract what depends on who wrote the events.
mod written_by_postgres_es {
    use crate::seals::{events, proofs};

    #[tokio::test(flavor = "multi_thread")]
    async fn what_nobody_touched_is_whole() {
        events::what_nobody_touched_is_whole(super::open_postgres_es().await).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn each_field_of_an_event_is_sealed() {
        events::each_field_of_an_event_is_sealed(super::open_postgres_es().await).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_removed_event_is_named() {
        events::a_removed_event_is_named(super::open_postgres_es().await).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_inserted_event_is_named() {
        events::an_inserted_event_is_named(super::open_postgres_es().await).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn events_that_changed_places_are_named() {
        events::events_that_changed_places_are_named(super::open_postgres_es().await).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn each_event_is_proved_with_the_public_key_alone() {
        proofs::each_event_is_proved_with_the_public_key_alone(super::open_postgres_es().await)
            .await;
    }
}

async fn open() -> Ground {
    let database = TestDatabase::create().await;
    let store = connect(&database, PgOptions::default()).await;
    ground(Arc::new(store), database).await
}

async fn open_postgres_es() -> Ground {
    let database = TestDatabase::create().await;
    let store = through_postgres_es::connect_through(&database).await;
    ground(Arc::new(store), database).await
}

async fn ground(events: Arc<dyn EventStore>, database: TestDatabase) -> Ground {
    let seals = PgSeals::connect(&database.url, PgOptions::default()).await;
    Ground {
        events,
        seals: Arc::new(seals.expect("connected")),
        directory: tempfile::tempdir().expect("a directory"),
        hands: Box::new(Tables(database)),
    }
}

/// Sessions of somebody else.
struct Tables(TestDatabase);

#[async_trait]
impl Hands for Tables {
    async fn run(&self, sql: &str) {
        // sqlx's future for many statements can't be boxed.
        block_in_place(|| Handle::current().block_on(self.0.run(sql)));
    }

    async fn unlock(&self) {
        self.run("DROP TRIGGER kept ON seals").await;
    }

    async fn restore_names(&self) {}

    fn changes(&self) -> Vec<&'static str> {
        vec![
            "UPDATE events SET payload = replace(payload::text, 'number', 'numbes')::json WHERE position = 17",
            "UPDATE events SET payload = (payload::text || ' ')::json WHERE position = 17",
            "UPDATE events SET metadata = '{\"a\":1}' WHERE position = 17",
            "UPDATE events SET event_id = command_id WHERE position = 17",
            "UPDATE events SET sequence = 2 WHERE position = 17",
            "UPDATE events SET event_type = 'Closed' WHERE position = 17",
            "UPDATE events SET event_version = '2.0' WHERE position = 17",
            "UPDATE events SET partition_key = 'other' WHERE position = 17",
            "UPDATE events SET command_id = event_id WHERE position = 17",
            "UPDATE events SET correlation_id = event_id WHERE position = 17",
            "UPDATE events SET causation_id = event_id WHERE position = 17",
            "UPDATE events SET actor = 'somebody' WHERE position = 17",
            "UPDATE events SET traceparent = NULL WHERE position = 17",
            "UPDATE events SET occurred_at = occurred_at + interval '1 microsecond' WHERE position = 17",
            "UPDATE events SET recorded_at = recorded_at - interval '1 microsecond' WHERE position = 17",
            "UPDATE events SET aggregate_id = '18' WHERE position = 17",
            "UPDATE events SET aggregate_type = 'think' WHERE position = 17",
        ]
    }

    fn insertion(&self) -> &'static str {
        "INSERT INTO events SELECT 12, sequence + 50, occurred_at, recorded_at, gen_random_uuid(),
             command_id, correlation_id, causation_id, aggregate_type, aggregate_id, event_type,
             event_version, partition_key, actor, traceparent, metadata, payload
         FROM events WHERE position = 11"
    }

    fn wrong_version(&self) -> &'static str {
        "UPDATE events SET sequence = 99 WHERE position = 28"
    }
}

/// Without the index nothing else would keep a position from being taken twice.
#[tokio::test(flavor = "multi_thread")]
async fn two_events_at_one_position_are_named() {
    let ground = open().await;
    ground.sealed().await;
    let sql = "DROP INDEX events_by_position;
               UPDATE events SET position = 27 WHERE position = 28;";
    ground.hands.run(sql).await;
    assert_eq!(ground.finding().await, Some((27, Flaw::Twice)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_postgres_es_wrote_is_sealed_with_its_metadata() {
    let ground = open_postgres_es().await;
    ground.sealed().await;
    let event = ground.seals.event(17).await.expect("read").expect("there");
    assert!(event.metadata.contains("command_id"), "{}", event.metadata);
    let sql =
        "UPDATE events SET metadata = replace(metadata::text, 'command_type', 'commend_type')::json
               WHERE position = 17";
    ground.hands.run(sql).await;
    assert_eq!(ground.finding().await, Some((17, Flaw::Changed)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_is_kept_as_text() {
    let ground = open().await;
    let sql = "DO $$ BEGIN ASSERT (
                   SELECT array_agg(format_type(atttypid, atttypmod)) FROM pg_attribute
                   WHERE attrelid = 'events'::regclass AND attname IN ('payload', 'metadata')
               ) = ARRAY['json', 'json']; END $$";
    ground.hands.run(sql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_adopted_are_sealed_as_they_were() {
    let (database, pool) = adopting::foreign().await;
    let application = framework(&pool);
    application.execute("1", 3).await.expect("executed");
    let metadata = " { \"actor\" :\"x\"} ";
    adopting::insert(&pool, ("odd", "a"), 1, metadata).await;
    adopting::taken(&database, None).await;
    application.execute("1", 2).await.expect("executed");

    let store = connect(&database, PgOptions::default()).await;
    let ground = ground(Arc::new(store), database).await;
    KeyFile::open_or_create(&ground.key()).expect("a key");
    ground.seal(ground.settings()).await;
    let report = ground.verify(&all()).await;
    assert_eq!((report.finding, report.sealed), (None, 6));

    let log = ground.events.read_all(0, 10).await.expect("read");
    let odd = log
        .iter()
        .find(|event| event.stream == "odd-a")
        .expect("there");
    let event = ground
        .seals
        .event(odd.position)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(event.data, r#"{"b" : 1.10, "a":null, "a":1}"#);
    assert_eq!(
        (event.metadata.as_str(), event.schema_version.as_str()),
        (metadata, "1.0")
    );
    // The same value, in other bytes.
    let sql = "UPDATE events SET payload = payload::jsonb::json WHERE aggregate_type = 'odd'";
    ground.hands.run(sql).await;
    assert_eq!(ground.finding().await, Some((odd.position, Flaw::Changed)));
}

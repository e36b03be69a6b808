//! Databases that a cqrs-es application filled: what is found in them, what an adoption makes of
//! them, and the application and both engines going on afterwards.

use std::collections::HashMap;

use cqrs_es::{AggregateContext as _, EventStore as _};
use orderlog_log::{
    event_reader::EventReader,
    event_store::StoreError,
    postgres::{
        AggregateTypes, PgEsEventStore, PgEventStore, PgOptions,
        adopt::{AdoptError, Adopted, Order, Standing, Survey, adopt, survey},
        migrate,
    },
};
use sqlx::PgPool;
use tokio::{sync::watch, task::JoinSet};
use uuid::Uuid;

use crate::{
    assert_whole, connect,
    contract::record,
    database::TestDatabase,
    postgres_es::{Counter, framework, ours, theirs},
    soon,
};

/// As postgres-es documents them.
const TABLES: &str = "
CREATE TABLE events (
    aggregate_type text                         NOT NULL,
    aggregate_id   text                         NOT NULL,
    sequence       bigint CHECK (sequence >= 0) NOT NULL,
    event_type     text                         NOT NULL,
    event_version  text                         NOT NULL,
    payload        json                         NOT NULL,
    metadata       json                         NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);
CREATE TABLE snapshots (
    aggregate_type   text                                 NOT NULL,
    aggregate_id     text                                 NOT NULL,
    last_sequence    bigint CHECK (last_sequence >= 0)    NOT NULL,
    current_snapshot bigint CHECK (current_snapshot >= 0) NOT NULL,
    payload          json                                 NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, last_sequence)
);";

const OLD: &str = "
SELECT coalesce(string_agg(ROW(aggregate_type, aggregate_id, sequence, event_type, event_version,
    payload::text, metadata::text)::text, E'\n'
    ORDER BY aggregate_type, aggregate_id, sequence), '') FROM events";

/// What the catalogue says of the table, but for the order of its columns.
const FORM: &str = "
SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull,
    pg_get_expr(adbin, adrelid))
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = 'events'::regclass AND attnum > 0
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'events'::regclass
UNION ALL SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'orderlog\\_%'
ORDER BY 1";

pub(crate) async fn foreign() -> (TestDatabase, PgPool) {
    let database = TestDatabase::empty().await;
    let pool = database.pool();
    run(&pool, TABLES).await;
    (database, pool)
}

async fn run(pool: &PgPool, sql: &str) {
    let done = sqlx::raw_sql(sql).execute(pool).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn text(pool: &PgPool, sql: &str) -> String {
    let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(pool).await.expect(sql);
    rows.join("\n")
}

pub(crate) async fn insert(pool: &PgPool, stream: (&str, &str), sequence: i64, metadata: &str) {
    sqlx::query(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version,
             payload, metadata)
         VALUES ($1, $2, $3, 'Up', '1.0', '{\"b\" : 1.10, \"a\":null, \"a\":1}', $4::json)",
    )
    .bind(stream.0)
    .bind(stream.1)
    .bind(sequence)
    .bind(metadata)
    .execute(pool)
    .await
    .expect("inserted");
}

async fn look(database: &TestDatabase, time_key: Option<&str>) -> Survey {
    match survey(&database.url, time_key).await.expect("looked at") {
        Standing::Foreign(survey) => survey,
        Standing::Adopted => panic!("it is adopted"),
    }
}

pub(crate) async fn taken(database: &TestDatabase, time_key: Option<&str>) -> Adopted {
    let adopted = adopt(&database.url, time_key).await.expect("adopted");
    adopted.expect("it was not adopted before")
}

async fn streams(store: &PgEventStore) -> Vec<String> {
    let log = store.read_all(0, 100).await.expect("read");
    log.iter()
        .map(|event| format!("{} {}", event.stream, event.version))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn application_and_engines_go_on_after_an_adoption() {
    let (database, pool) = foreign().await;
    let application = framework(&pool);
    let command_id = Uuid::now_v7();
    let metadata = HashMap::from([
        ("command_id".to_owned(), command_id.to_string()),
        ("actor".to_owned(), "them".to_owned()),
    ]);
    let executed = application.execute_with_metadata("1", 3, metadata).await;
    executed.expect("executed");
    application.execute("2", 2).await.expect("executed");
    insert(&pool, ("odd", "a-b \"c\"\n"), 1, " { \"actor\" :\"x\"} ").await;
    let before = text(&pool, OLD).await;

    let found = look(&database, None).await;
    assert_eq!((found.events, found.streams, found.commands), (6, 3, 1));
    assert_eq!((found.types.len(), found.snapshots), (2, true));
    assert_eq!(found.order, Order::RoundRobin);
    assert_eq!(found.hindrances, [""; 0]);
    let unprepared = PgEventStore::connect(&database.url, PgOptions::default()).await;
    assert!(matches!(
        unprepared.err(),
        Some(StoreError::NotMigrated { found: 0, .. })
    ));

    let adopted = taken(&database, None).await;
    assert_eq!((adopted.head, adopted.survey), (6, found));
    assert_eq!(text(&pool, OLD).await, before);
    let again = adopt(&database.url, None).await.expect("looked at");
    assert_eq!(again, None);
    let again = survey(&database.url, None).await.expect("looked at");
    assert_eq!(again, Standing::Adopted);
    migrate(&pool).await.expect("nothing to do");

    let store = connect(&database, PgOptions::default()).await;
    assert_whole(&store, 6).await;
    let known = store.command(command_id).await.expect("read");
    let known = known.expect("recorded");
    assert_eq!((known.events, known.version), (3, 3));
    assert_eq!(known.command.actor, "them");

    let types = AggregateTypes::default().with::<Counter>();
    let through = PgEsEventStore::connect(&database.url, PgOptions::default(), types)
        .await
        .expect("the log opens");
    record(&store, ours("1", 3)).await;
    application.execute("1", 2).await.expect("executed");
    record(&through, ours("1", 6)).await;
    application.execute("new", 1).await.expect("executed");
    record(&store, ours("newer", 0)).await;
    assert_whole(&store, 12).await;
    let mut loaded = theirs(&pool).load_aggregate("1").await.expect("loaded");
    assert_eq!(loaded.aggregate().0, 7);
    let stream = store.read_stream("counter-1", 0, 10).await.expect("read");
    assert_eq!(stream.len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_need_not_stop_for_an_adoption() {
    const WRITERS: u64 = 3;
    let (database, pool) = foreign().await;
    let stop = watch::Sender::new(false);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (application, stop) = (framework(&pool), stop.subscribe());
        writers.spawn(async move {
            let mut executed = 0;
            while !*stop.borrow() {
                let id = format!("of-{writer}");
                application.execute(&id, 2).await.expect("executed");
                executed += 2;
            }
            executed
        });
    }
    let written = async |more_than: i64| {
        let count = "SELECT count(*) FROM events";
        loop {
            let found: i64 = sqlx::query_scalar(count)
                .fetch_one(&pool)
                .await
                .expect(count);
            if found > more_than {
                break found;
            }
        }
    };
    let before = soon(written(20)).await;
    let adopted = taken(&database, None).await;
    assert!(adopted.head >= before.unsigned_abs());
    soon(written(adopted.head.cast_signed() + 20)).await;
    stop.send_replace(true);
    let events: u64 = soon(writers.join_all()).await.into_iter().sum();
    let store = connect(&database, PgOptions::default()).await;
    assert_whole(&store, events).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_by_their_instants_where_each_has_one() {
    let (database, pool) = foreign().await;
    let at = |time: &str| format!(r#"{{"when":"2024-05-01T{time}"}}"#);
    for (id, sequence, time) in [
        ("1", 1, "10:00:00Z"),
        ("1", 2, "12:00:00.5+00:00"),
        ("1", 3, "09:00:00Z"),
        ("2", 1, "13:00:00+02:00"),
        ("2", 2, "12:30:00Z"),
    ] {
        insert(&pool, ("counter", id), sequence, &at(time)).await;
    }
    assert_eq!(look(&database, None).await.order, Order::RoundRobin);
    let adopted = taken(&database, Some("when")).await;
    let key = "when".to_owned();
    assert_eq!(adopted.survey.order, Order::ByInstant { key, late: 1 });
    let store = connect(&database, PgOptions::default()).await;
    assert_whole(&store, 5).await;
    let order = [
        "counter-1 1",
        "counter-2 1",
        "counter-1 2",
        "counter-1 3",
        "counter-2 2",
    ];
    assert_eq!(streams(&store).await, order);
    let third = store.read_at(&[4]).await.expect("read").remove(0);
    assert_eq!(third.occurred_at.to_rfc3339(), "2024-05-01T09:00:00+00:00");
    assert_eq!(
        third.recorded_at.to_rfc3339(),
        "2024-05-01T12:00:00.500+00:00"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_without_instants_come_in_turns() {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (database, pool) = foreign().await;
        for (id, last) in [("2", 3), ("1", 2)] {
            for sequence in 1..=last {
                insert(&pool, ("counter", id), sequence, "{}").await;
            }
        }
        // One of them without: not an order for all.
        insert(
            &pool,
            ("counter", "3"),
            1,
            r#"{"timestamp":"2024-05-01T10:00:00Z"}"#,
        )
        .await;
        taken(&database, None).await;
        let store = connect(&database, PgOptions::default()).await;
        let order = ["1 1", "2 1", "3 1", "1 2", "2 2", "2 3"].map(|it| format!("counter-{it}"));
        assert_eq!(streams(&store).await, order);
        let log = store.read_all(0, 10).await.expect("read");
        ids.push(log.iter().map(|event| event.event_id).collect::<Vec<_>>());
    }
    assert_eq!(ids[0], ids[1]);
    assert!(ids[0].iter().all(|id| id.get_version_num() == 8));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adopted_table_has_the_form_of_a_new_one() {
    let (adopted, pool) = foreign().await;
    run(&pool, "DROP TABLE snapshots").await;
    insert(&pool, ("counter", "1"), 1, "{}").await;
    taken(&adopted, None).await;
    let new = TestDatabase::create().await;
    assert_eq!(text(&pool, FORM).await, text(&new.pool(), FORM).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_against_an_adoption_is_said_and_nothing_changed() {
    let rows = "INSERT INTO events SELECT 'counter', '1', n, 'Up', '1.0', '{}', '{}'
                FROM generate_series(1, 3) AS n;";
    let command = r#"{"command_id":"0190a0a0-0000-7000-8000-000000000000"}"#;
    let same_command = format!("UPDATE events SET metadata = '{command}' WHERE sequence <> 2;");
    let spoils = [
        ("UPDATE events SET aggregate_type = 'a-b'", "has a -"),
        ("DELETE FROM events WHERE sequence = 2", "it has a gap"),
        ("UPDATE events SET event_version = 'v1'", "is no number"),
        (same_command.as_str(), "apart from each other"),
        (
            r#"UPDATE events SET metadata = '{"occurred_at":"now"}'"#,
            "no instant",
        ),
        (
            "UPDATE events SET payload = to_json(repeat('x', 600000))",
            "larger than",
        ),
        (
            "ALTER TABLE events ALTER payload TYPE jsonb",
            "is jsonb, not json",
        ),
        (
            "ALTER TABLE events DROP CONSTRAINT events_pkey",
            "primary key",
        ),
        (
            "ALTER TABLE events ADD position bigint",
            "a name that orderlog needs",
        ),
        (
            "ALTER TABLE events ADD tenant text NOT NULL DEFAULT ''; ALTER TABLE events ALTER tenant DROP DEFAULT",
            "must be filled",
        ),
        (
            "CREATE TRIGGER guard BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "fired by updates",
        ),
        ("CREATE TABLE commands (id int)", "a table commands"),
    ];
    for (spoil, said) in spoils {
        let (database, pool) = foreign().await;
        run(&pool, rows).await;
        run(&pool, spoil).await;
        let before = (text(&pool, OLD).await, text(&pool, FORM).await);
        let refused = adopt(&database.url, None).await;
        let error = refused.expect_err(spoil);
        assert!(matches!(error, AdoptError::Hindered { .. }), "{error}");
        assert!(error.to_string().contains(said), "{spoil}: {error}");
        match survey(&database.url, None).await {
            Ok(Standing::Foreign(survey)) => assert!(!survey.hindrances.is_empty(), "{spoil}"),
            Ok(Standing::Adopted) => panic!("{spoil}"),
            Err(error) => assert!(error.to_string().contains(said), "{spoil}: {error}"),
        }
        assert_eq!((text(&pool, OLD).await, text(&pool, FORM).await), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_not_every_event_has_gives_no_order() {
    let (database, pool) = foreign().await;
    insert(
        &pool,
        ("counter", "1"),
        1,
        r#"{"when":"2024-05-01T10:00:00Z"}"#,
    )
    .await;
    insert(
        &pool,
        ("counter", "1"),
        2,
        r#"{"when":"2024-02-30T10:00:00Z"}"#,
    )
    .await;
    let error = adopt(&database.url, Some("when"))
        .await
        .expect_err("no instant");
    assert!(
        error.to_string().contains("1 events have no instant"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_leave_a_foreign_table_alone() {
    let (_database, pool) = foreign().await;
    let error = migrate(&pool).await.expect_err("refused");
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    assert!(error.to_string().contains("orderlog adopt postgres-es"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_has_nothing_to_adopt() {
    let database = TestDatabase::empty().await;
    let refused = survey(&database.url, None).await;
    assert!(
        matches!(refused, Err(AdoptError::NoEvents { .. })),
        "{refused:?}"
    );
    let (database, _pool) = foreign().await;
    assert_eq!(taken(&database, None).await.head, 0);
    let store = connect(&database, PgOptions::default()).await;
    record(&store, ours("1", 0)).await;
    assert_whole(&store, 1).await;
}

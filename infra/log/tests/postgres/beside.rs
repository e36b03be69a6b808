//! Several processes on one log, each with a store of its own.

use std::{sync::Arc, time::Duration};

use orderlog_log::{
    event_reader::EventReader,
    event_store::{AppendOutcome, EventStore},
    postgres::{PgEventStore, PgOptions},
};
use tokio::task::JoinSet;

use crate::{
    assert_whole, connect,
    contract::{append, decided, record},
    database::TestDatabase,
    soon,
};

const PROCESSES: u64 = 3;
const WRITERS: u64 = 4;
const EACH: u64 = 25;

#[tokio::test(flavor = "multi_thread")]
async fn processes_on_many_streams_leave_no_gap() {
    let (database, stores) = processes().await;
    let mut writers = JoinSet::new();
    for (process, store) in stores.iter().enumerate() {
        for writer in 0..WRITERS {
            let (store, stream) = (store.clone(), format!("thing-{process}-{writer}"));
            writers.spawn(async move {
                for version in 0..EACH {
                    record(&store, decided(&stream, version, 1)).await;
                }
            });
        }
    }
    soon(writers.join_all()).await;
    assert_whole(&stores[0], PROCESSES * WRITERS * EACH).await;
    drop(database);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_on_one_stream_write_each_version_once() {
    let (database, stores) = processes().await;
    let mut writers = JoinSet::new();
    for store in stores.iter().cycle().take((PROCESSES * WRITERS) as usize) {
        let store = store.clone();
        writers.spawn(async move {
            let (mut version, mut written) = (0, 0);
            while written < EACH {
                match append(&store, decided("thing-1", version, 1)).await {
                    AppendOutcome::Recorded(record) => {
                        assert_eq!(record.version, version + 1);
                        (version, written) = (record.version, written + 1);
                    }
                    AppendOutcome::Conflict { actual, .. } => version = actual,
                    other => panic!("{other:?}"),
                }
            }
        });
    }
    soon(writers.join_all()).await;
    assert_whole(&stores[0], PROCESSES * WRITERS * EACH).await;
    drop(database);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_refuses_its_own_command_alone() {
    let (database, stores) = processes().await;
    for version in 0..3 {
        record(&stores[0], decided("thing-1", version, 1)).await;
    }
    let first = decided("thing-9", 0, 1);
    record(&stores[0], first.clone()).await;
    // Their own process can know of neither what stands on thing-1 nor of the id.
    let mut mixed = vec![decided("thing-2", 0, 1), decided("thing-1", 2, 1)];
    mixed.push(decided("thing-1", 3, 1));
    mixed.push(first);
    mixed.push(decided("thing-3", 0, 0));
    mixed.push(decided("thing-1", 3, 1));
    let outcomes = stores[1].append(mixed).await.expect("append");
    let conflict = |expected, actual| AppendOutcome::Conflict {
        stream: "thing-1".to_owned(),
        expected,
        actual,
    };
    assert!(outcomes[0].is_recorded(), "{outcomes:?}");
    assert_eq!(outcomes[1], conflict(2, 3));
    assert!(outcomes[2].is_recorded(), "{outcomes:?}");
    assert!(matches!(outcomes[3], AppendOutcome::Repeated(_)));
    assert!(outcomes[4].is_recorded(), "{outcomes:?}");
    assert_eq!(outcomes[5], conflict(3, 4));
    assert_whole(&stores[2], 6).await;
    drop(database);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_from_many_processes_is_recorded_once() {
    let (database, stores) = processes().await;
    for stream in ["thing-1", "thing-2", "thing-3"] {
        let command = decided(stream, 0, 1);
        let mut writers = JoinSet::new();
        for store in stores.iter().cycle().take(12) {
            let (store, command) = (store.clone(), command.clone());
            writers.spawn(async move { append(&store, command).await });
        }
        let outcomes = soon(writers.join_all()).await;
        let recorded = outcomes.iter().filter(|it| it.is_recorded()).count();
        let repeated = outcomes
            .iter()
            .filter(|it| matches!(it, AppendOutcome::Repeated(_)));
        assert_eq!((recorded, repeated.count()), (1, 11), "{outcomes:?}");
    }
    assert_whole(&stores[0], 3).await;
    drop(database);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_is_told_of_news() {
    let database = TestDatabase::create().await;
    // Without the look every now and then, it must be the notification.
    let poll = Duration::from_secs(3600);
    let options = PgOptions {
        poll,
        ..PgOptions::default()
    };
    let (writer, reader) = (
        connect(&database, options).await,
        connect(&database, options).await,
    );
    let listening = "SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let mut session = database.session().await;
    let all_listen = async {
        while sqlx::query_scalar::<_, i64>(listening)
            .fetch_one(&mut session)
            .await
            .expect("asked")
            < 2
        {
            tokio::task::yield_now().await;
        }
    };
    soon(all_listen).await;
    let mut watched = reader.watch_head();
    let recorded = record(&writer, decided("thing-1", 0, 3)).await;
    let told = soon(watched.wait_for(|head| *head >= 3)).await;
    assert_eq!(*told.expect("the store lives"), recorded.position);
    assert_eq!(reader.read_all(0, 10).await.expect("read").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn news_without_a_notification_are_found() {
    let database = TestDatabase::create().await;
    let store: Arc<dyn EventStore> = Arc::new(connect(&database, PgOptions::default()).await);
    let mut watched = store.watch_head();
    crate::foreign::insert(&mut database.session().await, "thing", "1", 1).await;
    let told = soon(watched.wait_for(|head| *head >= 1)).await;
    assert_eq!(*told.expect("the store lives"), 1);
}

async fn processes() -> (TestDatabase, Vec<PgEventStore>) {
    let database = TestDatabase::create().await;
    let mut stores = Vec::new();
    for _ in 0..PROCESSES {
        stores.push(connect(&database, PgOptions::default()).await);
    }
    (database, stores)
}

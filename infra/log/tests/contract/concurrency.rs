//! Many writers and readers at once.

use std::sync::Arc;

use orderlog_log::{
    event::RecordedEvent,
    event_store::{AppendOutcome, EventStore},
};
use tokio::task::JoinSet;

use super::{append, decided, position, record};

const WRITERS: u64 = 8;
const EACH: u64 = 40;

pub(crate) async fn writers_on_one_stream_leave_no_gap(store: Arc<dyn EventStore>) {
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            let (mut version, mut written, mut conflicts) = (0, 0, 0_u64);
            while written < EACH {
                match append(&*store, decided("thing-1", version, 1)).await {
                    AppendOutcome::Recorded(record) => {
                        assert_eq!(record.version, version + 1);
                        (version, written) = (record.version, written + 1);
                    }
                    AppendOutcome::Conflict {
                        expected, actual, ..
                    } => {
                        assert!(actual > expected);
                        (version, conflicts) = (actual, conflicts + 1);
                    }
                    other => panic!("{other:?}"),
                }
            }
            conflicts
        });
    }
    let conflicts: u64 = writers.join_all().await.into_iter().sum();
    assert!(conflicts > 0, "the writers never met");
    let stream = store.read_stream("thing-1", 0, 1000).await.expect("read");
    let versions: Vec<_> = stream.iter().map(|event| event.version).collect();
    assert_eq!(versions, (1..=WRITERS * EACH).collect::<Vec<_>>());
    assert_eq!(position(&*store).await, WRITERS * EACH);
}

pub(crate) async fn writers_on_many_streams_leave_no_gap(store: Arc<dyn EventStore>) {
    write_on_many_streams(&store).join_all().await;
    let log = store.read_all(0, 1000).await.expect("read");
    assert_gapless(&log, 0);
    assert_eq!(log.len() as u64, WRITERS * EACH);
    for writer in 0..WRITERS {
        let stream = store
            .read_stream(&format!("thing-{writer}"), 0, 1000)
            .await
            .expect("read");
        let versions: Vec<_> = stream.iter().map(|event| event.version).collect();
        assert_eq!(versions, (1..=EACH).collect::<Vec<_>>());
    }
}

pub(crate) async fn a_reader_never_sees_a_gap_or_goes_back(store: Arc<dyn EventStore>) {
    let mut readers = JoinSet::new();
    for page in [3, 1000] {
        let store = Arc::clone(&store);
        readers.spawn(async move {
            let (mut head, mut read) = (store.watch_head(), 0);
            while read < WRITERS * EACH {
                let told = *head.borrow_and_update();
                let events = store.read_all(read, page).await.expect("read");
                assert_gapless(&events, read);
                read += events.len() as u64;
                assert!(
                    events.len() == page || read >= told,
                    "read {read}, told {told}"
                );
                if read >= told {
                    // Either there is news by now, or some will come: none gets lost.
                    let _ = head
                        .wait_for(|head| *head > read || read == WRITERS * EACH)
                        .await;
                }
            }
        });
    }
    write_on_many_streams(&store).join_all().await;
    readers.join_all().await;
}

pub(crate) async fn one_id_from_many_writers_is_recorded_once(store: Arc<dyn EventStore>) {
    let command = decided("thing-1", 0, 1);
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let (store, command) = (Arc::clone(&store), command.clone());
        writers.spawn(async move { append(&*store, command).await });
    }
    let outcomes = writers.join_all().await;
    let (recorded, repeated): (Vec<_>, Vec<_>) =
        outcomes.into_iter().partition(AppendOutcome::is_recorded);
    assert_eq!((recorded.len(), repeated.len() as u64), (1, WRITERS - 1));
    assert!(
        repeated
            .iter()
            .all(|outcome| matches!(outcome, AppendOutcome::Repeated(_)))
    );
    assert_eq!(position(&*store).await, 1);
}

fn write_on_many_streams(store: &Arc<dyn EventStore>) -> JoinSet<()> {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(store);
        writers.spawn(async move {
            for version in 0..EACH {
                record(&*store, decided(&format!("thing-{writer}"), version, 1)).await;
            }
        });
    }
    writers
}

fn assert_gapless(events: &[RecordedEvent], after: u64) {
    for (position, event) in (after + 1..).zip(events) {
        assert_eq!(event.position, position);
    }
}

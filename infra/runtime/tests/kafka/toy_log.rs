//! A log of numbered events under a few keys.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chrono::DateTime;
use orderlog_log::{
    event::{NewEvent, Position, RecordedEvent},
    event_reader::EventReader,
    event_store::{CommandEnvelope, Decided, EventStore, Fingerprint, StreamAppend, Verdict},
    sqlite::SqliteEventStore,
};
use orderlog_runtime::source::partition_of;
use parking_lot::Mutex;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) struct ToyLog {
    store: SqliteEventStore,
    versions: Mutex<HashMap<String, u64>>,
    _directory: TempDir,
}

impl ToyLog {
    pub(crate) fn new() -> Arc<Self> {
        let directory = tempfile::tempdir().expect("a directory");
        Arc::new(Self {
            store: SqliteEventStore::open(directory.path()).expect("a log"),
            versions: Mutex::default(),
            _directory: directory,
        })
    }

    pub(crate) fn store(&self) -> Arc<dyn EventStore> {
        Arc::new(self.store.clone())
    }

    /// The store, for what lies beside the events in its file.
    pub(crate) fn sqlite(&self) -> SqliteEventStore {
        self.store.clone()
    }

    pub(crate) async fn log_id(&self) -> Uuid {
        self.store.head().await.expect("a head").log_id
    }

    /// Appends so many events under so many keys in turn; answers the head.
    pub(crate) async fn append(&self, events: usize, keys: usize) -> Position {
        let batch = (0..events)
            .map(|number| self.decided(number, number % keys))
            .collect();
        let outcomes = self.store.append(batch).await.expect("an append");
        assert!(outcomes.iter().all(|outcome| outcome.is_recorded()));
        self.store.head().await.expect("a head").position
    }

    pub(crate) async fn all(&self) -> Vec<RecordedEvent> {
        self.store
            .read_all(0, usize::MAX >> 1)
            .await
            .expect("all events")
    }

    /// The positions of each partition that has any.
    pub(crate) async fn per_partition(&self, partitions: u32) -> BTreeMap<u32, Vec<Position>> {
        let mut positions: BTreeMap<u32, Vec<Position>> = BTreeMap::new();
        for event in self.all().await {
            let partition = partition_of(&event.partition_key, partitions);
            positions.entry(partition).or_default().push(event.position);
        }
        positions
    }

    fn decided(&self, number: usize, key: usize) -> Decided {
        let stream = format!("toy-{key}");
        let mut versions = self.versions.lock();
        let version = versions.entry(stream.clone()).or_default();
        let expected_version = *version;
        *version += 1;
        let command_id = Uuid::now_v7();
        Decided {
            command: CommandEnvelope {
                command_id,
                fingerprint: Fingerprint::of(command_id.as_bytes()),
                command_type: "Toy".to_owned(),
                stream: stream.clone(),
                actor: "test".to_owned(),
                correlation_id: command_id,
                causation_id: command_id,
                traceparent: None,
            },
            verdict: Verdict::Accepted,
            writes: vec![StreamAppend {
                stream,
                expected_version,
                partition_key: format!("key {key}"),
                events: vec![NewEvent {
                    event_id: Uuid::now_v7(),
                    event_type: "Toy".to_owned(),
                    schema_version: 1,
                    data: format!(r#"{{"number": {number}}}"#),
                    occurred_at: DateTime::UNIX_EPOCH,
                }],
            }],
        }
    }
}

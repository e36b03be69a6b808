//! A log of toy events, and two toy projections over it.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use orderlog_log::{
    event::{NewEvent, Position, RecordedEvent},
    event_reader::EventReader,
    event_store::{CommandEnvelope, Decided, EventStore, Fingerprint, StreamAppend, Verdict},
    sqlite::SqliteEventStore,
};
use orderlog_runtime::{
    projection::{
        Arity, Column, ColumnValue, Definition, ErasedProjection, FoldError, Occurred, Projection,
        erase,
    },
    projector::{DecodeError, Projector},
    read_store::ReadStore,
    source::{TailFanOut, slot_of},
    sqlite::SqliteReadStore,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Toy {
    Added(i64),
    Tagged(String),
    Removed,
    /// Can't be folded.
    Broken,
}

pub(crate) fn decode(event: &RecordedEvent) -> Result<Toy, DecodeError> {
    if event.event_type != "Toy" {
        return Err(DecodeError::Unknown(format!(
            "no type {}",
            event.event_type
        )));
    }
    serde_json::from_str(&event.data).map_err(|error| DecodeError::Damaged(error.to_string()))
}

/// A log in a directory of its own.
pub(crate) struct ToyLog {
    pub(crate) directory: TempDir,
    pub(crate) store: SqliteEventStore,
    versions: Mutex<HashMap<String, u64>>,
}

impl ToyLog {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let store = SqliteEventStore::open(directory.path()).expect("a log");
        Self {
            directory,
            store,
            versions: Mutex::default(),
        }
    }

    pub(crate) fn log(&self) -> Arc<dyn EventStore> {
        Arc::new(self.store.clone())
    }

    pub(crate) async fn read_store(&self) -> Arc<dyn ReadStore> {
        self.partitioned_read_store(1).await
    }

    pub(crate) async fn partitioned_read_store(&self, partitions: u32) -> Arc<dyn ReadStore> {
        let log_id = self.store.head().await.expect("a head").log_id;
        let store = SqliteReadStore::open_partitioned(self.directory.path(), log_id, partitions);
        Arc::new(store.expect("a read store"))
    }

    pub(crate) fn fan_out(&self) -> TailFanOut {
        TailFanOut::new(self.log())
    }

    /// Changes the log's file behind its back.
    pub(crate) fn tamper(&self, sql: &str) {
        let path = self.directory.path().join("events.db");
        let file = rusqlite::Connection::open(path).expect("the log's file");
        file.busy_timeout(std::time::Duration::from_secs(5))
            .expect("a time-out");
        assert_eq!(file.execute(sql, []).expect("a change"), 1);
    }

    pub(crate) async fn append(&self, key: &str, event: &Toy) -> Position {
        self.append_all(&[(key.to_owned(), event.clone())]).await
    }

    pub(crate) async fn append_all(&self, events: &[(String, Toy)]) -> Position {
        let raw: Vec<_> = events
            .iter()
            .map(|(key, event)| {
                let data = serde_json::to_string(event).expect("JSON");
                (key.clone(), "Toy", data, Uuid::now_v7())
            })
            .collect();
        self.append_raw(&raw).await
    }

    /// Appends events, given as key, type, data and correlation id; answers the last position.
    pub(crate) async fn append_raw(&self, events: &[(String, &str, String, Uuid)]) -> Position {
        let batch: Vec<_> = events.iter().map(|event| self.decided(event)).collect();
        self.store.append(batch).await.expect("an append");
        self.store.head().await.expect("a head").position
    }

    fn decided(
        &self,
        (key, event_type, data, correlation_id): &(String, &str, String, Uuid),
    ) -> Decided {
        let stream = format!("toy-{key}");
        let mut versions = self.versions.lock();
        let version = versions.entry(stream.clone()).or_default();
        let expected_version = *version;
        *version += 1;
        let event = NewEvent {
            event_id: Uuid::now_v7(),
            event_type: (*event_type).to_owned(),
            schema_version: 1,
            data: data.clone(),
            occurred_at: start(),
        };
        Decided {
            command: CommandEnvelope {
                command_id: Uuid::now_v7(),
                fingerprint: Fingerprint::of(data.as_bytes()),
                command_type: "Toy".to_owned(),
                stream: stream.clone(),
                actor: "test".to_owned(),
                correlation_id: *correlation_id,
                causation_id: *correlation_id,
                traceparent: None,
            },
            verdict: Verdict::Accepted,
            writes: vec![StreamAppend {
                stream,
                expected_version,
                partition_key: key.clone(),
                events: vec![event],
            }],
        }
    }
}

pub(crate) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).expect("an instant")
}

/// What all events of one key come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sum {
    pub(crate) sum: i64,
    pub(crate) events: u64,
    pub(crate) tags: Vec<String>,
}

/// A row per key.
pub(crate) struct Sums {
    pub(crate) version: &'static str,
    pub(crate) broken_folds: bool,
}

impl Projection<Toy> for Sums {
    type Row = Sum;

    fn definition(&self) -> Definition {
        const COLUMNS: &[Column] = &[
            Column {
                name: "sum",
                arity: Arity::One,
            },
            Column {
                name: "first_tag",
                arity: Arity::One,
            },
            Column {
                name: "tag",
                arity: Arity::Many,
            },
        ];
        Definition {
            name: "sums",
            version: self.version.to_owned(),
            columns: COLUMNS,
        }
    }

    fn keys(&self, event: &Occurred<'_, Toy>) -> Vec<String> {
        vec![event.recorded.partition_key.clone()]
    }

    fn apply(
        &self,
        _key: &str,
        row: &mut Option<Sum>,
        event: &Occurred<'_, Toy>,
    ) -> Result<(), FoldError> {
        let sum = row.get_or_insert_default();
        sum.events += 1;
        match event.fact {
            Toy::Added(amount) => sum.sum += amount,
            Toy::Tagged(tag) => sum.tags.push(tag.clone()),
            Toy::Removed => *row = None,
            Toy::Broken if self.broken_folds => sum.sum -= 1000,
            Toy::Broken => {
                sum.sum = i64::MIN;
                return Err(FoldError {
                    projection: "sums",
                    reason: "broken".to_owned(),
                });
            }
        }
        Ok(())
    }

    fn columns(&self, row: &Sum) -> Vec<ColumnValue> {
        let first = row
            .tags
            .first()
            .cloned()
            .map_or(ColumnValue::Null, ColumnValue::Text);
        vec![
            ColumnValue::Integer(row.sum),
            first,
            ColumnValue::Many(row.tags.clone()),
        ]
    }
}

/// A row per slot: many keys meet in it.
pub(crate) struct Slices;

impl Projection<Toy> for Slices {
    type Row = i64;

    fn definition(&self) -> Definition {
        Definition {
            name: "slices",
            version: "1".to_owned(),
            columns: &[],
        }
    }

    fn keys(&self, event: &Occurred<'_, Toy>) -> Vec<String> {
        let slot = slot_of(&event.recorded.partition_key);
        vec![format!("{slot:02}"), format!("{slot:02}/twice")]
    }

    fn apply(
        &self,
        key: &str,
        row: &mut Option<i64>,
        event: &Occurred<'_, Toy>,
    ) -> Result<(), FoldError> {
        let factor = if key.ends_with("twice") { 2 } else { 1 };
        if let Toy::Added(amount) = event.fact {
            *row.get_or_insert_default() += amount * factor;
        }
        Ok(())
    }

    fn columns(&self, _row: &i64) -> Vec<ColumnValue> {
        Vec::new()
    }
}

pub(crate) fn sums() -> Box<dyn ErasedProjection<Toy>> {
    erase(Sums {
        version: "1",
        broken_folds: false,
    })
}

pub(crate) async fn projector(log: &ToyLog, store: &Arc<dyn ReadStore>) -> Projector<Toy> {
    Projector::open(
        log.log(),
        Arc::clone(store),
        vec![sums(), erase(Slices)],
        decode,
    )
    .await
    .expect("a projector")
}

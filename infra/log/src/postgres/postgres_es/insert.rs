//! A command with events as postgres-es takes it: serialised events of one stream. What that crate
//! has no column for goes into the metadata, under the names that the table's trigger looks for.

use std::{collections::HashMap, pin::Pin, sync::Arc};

use chrono::SecondsFormat;
use cqrs_es::{
    Aggregate,
    persist::{PersistedEventRepository, PersistenceError, SerializedEvent},
};
use postgres_es::PostgresEventRepository;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    event::NewEvent,
    event_store::{AppendOutcome, Decided, StoreError, StreamAppend},
    postgres::rows,
};

type Carried<'a> = Pin<Box<dyn Future<Output = Result<(), PersistenceError>> + Send + 'a>>;
type Persist = for<'a> fn(&'a PostgresEventRepository, &'a [SerializedEvent]) -> Carried<'a>;

/// The aggregates whose events can be written: postgres-es takes a stream's category from the
/// aggregate's type alone.
#[derive(Clone, Default)]
pub struct AggregateTypes(Arc<HashMap<&'static str, Persist>>);

impl AggregateTypes {
    /// These, and `A`.
    pub fn with<A: Aggregate + 'static>(self) -> Self {
        let mut types = Arc::unwrap_or_clone(self.0);
        types.insert(A::TYPE, persist::<A>);
        Self(Arc::new(types))
    }
}

fn persist<'a, A: Aggregate + 'static>(
    repository: &'a PostgresEventRepository,
    events: &'a [SerializedEvent],
) -> Carried<'a> {
    Box::pin(repository.persist::<A>(events, None))
}

/// A command that is to be inserted.
pub(super) struct Insert<'a> {
    pub(super) decided: &'a Decided,
    /// Category and id.
    pub(super) stream: (&'a str, &'a str),
    /// Why it can't be written on whatever version.
    pub(super) flaw: Option<AppendOutcome>,
    persist: Persist,
    /// Not even looked at where there is a flaw.
    events: Vec<SerializedEvent>,
}

impl<'a> Insert<'a> {
    /// None where there are no events; an error where postgres-es can't write them.
    pub(super) fn of(
        decided: &'a Decided,
        types: &AggregateTypes,
    ) -> Result<Option<Self>, StoreError> {
        if decided.last_write().is_none() {
            return Ok(None);
        }
        let name = &decided.command.stream;
        if let Some(other) = decided.writes.iter().find(|write| write.stream != *name) {
            let both = format!("{name:?} and {:?}", other.stream);
            return Err(invalid(format!(
                "one command on several streams, {both}; postgres-es writes one at a time"
            )));
        }
        let Some(stream) = rows::split(name) else {
            return Err(invalid(format!(
                "the stream {name:?} has no category: it lacks a '-'"
            )));
        };
        let Some(persist) = types.0.get(stream.0).copied() else {
            return Err(invalid(format!(
                "{name:?}: postgres-es was told of no such aggregate type"
            )));
        };
        let flaw = overlap(&decided.writes).or_else(|| decided.too_large());
        let events = match flaw {
            Some(_) => Vec::new(),
            None => serialized(decided, stream)?,
        };
        Ok(Some(Self {
            decided,
            stream,
            flaw,
            persist,
            events,
        }))
    }

    /// One transaction of postgres-es.
    pub(super) async fn carry_out(
        &self,
        repository: &PostgresEventRepository,
    ) -> Result<(), PersistenceError> {
        (self.persist)(repository, &self.events).await
    }
}

/// The conflict of writes to one stream of which one does not begin where the one before ends.
fn overlap(writes: &[StreamAppend]) -> Option<AppendOutcome> {
    let mut actual = writes.first()?.expected_version;
    for write in writes {
        let (stream, expected) = (write.stream.clone(), write.expected_version);
        if expected != actual {
            return Some(AppendOutcome::Conflict {
                stream,
                expected,
                actual,
            });
        }
        actual = actual.saturating_add(write.events.len() as u64);
    }
    None
}

fn serialized(
    decided: &Decided,
    (category, id): (&str, &str),
) -> Result<Vec<SerializedEvent>, StoreError> {
    let writes = decided.writes.iter();
    let events = writes.flat_map(|write| write.events.iter().map(move |event| (write, event)));
    let first = decided.writes[0].expected_version.saturating_add(1);
    (first..)
        .zip(events)
        .map(|(version, (write, event))| {
            Ok(SerializedEvent::new(
                id.to_owned(),
                sequence(version)?,
                category.to_owned(),
                event.event_type.clone(),
                event.schema_version.to_string(),
                payload(event)?,
                metadata(decided, write, event),
            ))
        })
        .collect()
}

/// postgres-es binds 32 bits of it and drops the rest.
fn sequence(version: u64) -> Result<usize, StoreError> {
    let narrow = i32::try_from(version).map_err(|_| {
        invalid(format!(
            "version {version}: postgres-es counts to {}",
            i32::MAX
        ))
    })?;
    Ok(narrow.unsigned_abs() as usize)
}

fn payload(event: &NewEvent) -> Result<Value, StoreError> {
    serde_json::from_str(&event.data)
        .map_err(|error| invalid(format!("{}: {error}", event.event_type)))
}

/// Flat, of strings: so cqrs-es reads it.
fn metadata(decided: &Decided, write: &StreamAppend, event: &NewEvent) -> Value {
    let command = &decided.command;
    let id = |id: Uuid| id.to_string();
    let fingerprint = u128::from_be_bytes(command.fingerprint.0);
    let known = [
        ("event_id", id(event.event_id)),
        (
            "occurred_at",
            event
                .occurred_at
                .to_rfc3339_opts(SecondsFormat::Micros, true),
        ),
        ("partition_key", write.partition_key.clone()),
        ("command_id", id(command.command_id)),
        ("command_type", command.command_type.clone()),
        ("fingerprint", format!("{fingerprint:032x}")),
        ("correlation_id", id(command.correlation_id)),
        ("causation_id", id(command.causation_id)),
        ("actor", command.actor.clone()),
    ];
    let traceparent = command.traceparent.clone();
    let all = known
        .into_iter()
        .chain(traceparent.map(|it| ("traceparent", it)));
    all.map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect()
}

fn invalid(detail: String) -> StoreError {
    StoreError::Invalid { detail }
}

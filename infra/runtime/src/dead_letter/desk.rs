//! Where an operator sees what is parked, over all projections and processes, and decides. What is
//! decided is only appended to the log; whoever follows the partition carries it out.

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, Utc};
use orderlog_log::{
    event::{NewEvent, Position, RecordedEvent},
    event_store::{
        AppendOutcome, CommandEnvelope, CommandRecord, Decided, EventStore, Fingerprint,
        StreamAppend, Verdict,
    },
};
use serde::Serialize;
use uuid::Uuid;

use super::{Data, DeadLetterError, Decision, ParkedEvent, Ruling, SCHEMA_VERSION};
use crate::{
    process::ProcessStore,
    read_store::{ReadError, ReadStore},
};

/// Parked events or decisions that are read at once.
const PAGE: usize = 1000;

/// The dead letters of a log. Cheap to clone.
#[derive(Clone)]
pub struct DeadLetters {
    log: Arc<dyn EventStore>,
    reads: Arc<dyn ReadStore>,
    processes: Arc<dyn ProcessStore>,
    names: Arc<[String]>,
}

/// A parked event of one consumer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// The projection or process that could not take it.
    pub consumer: String,
    /// Which of both.
    pub kind: ConsumerKind,
    /// Its position.
    pub position: Position,
    /// Its id.
    pub event_id: Uuid,
    /// Its type.
    pub event_type: String,
    /// Its partition key; later events of this key wait behind it.
    pub partition_key: String,
    /// Whether it is the first parked one of its key, so that the others wait for it.
    pub first: bool,
    /// Why it was not taken.
    pub reason: String,
}

/// What could not take an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsumerKind {
    /// A read model.
    Projection,
    /// A process.
    Process,
}

/// Who decides, why, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Who.
    pub actor: String,
    /// Why, for people.
    pub reason: String,
    /// Now.
    pub at: DateTime<Utc>,
}

impl DeadLetters {
    /// The dead letters of the projections of `reads` and of the processes of these names.
    pub fn new(
        log: Arc<dyn EventStore>,
        reads: Arc<dyn ReadStore>,
        processes: Arc<dyn ProcessStore>,
        names: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            log,
            reads,
            processes,
            names: names.into_iter().collect(),
        }
    }

    /// What is parked, by consumer and position; of one consumer where it is named.
    pub async fn list(&self, consumer: Option<&str>) -> Result<Vec<DeadLetter>, DeadLetterError> {
        let consumers = self.consumers().await?;
        if let Some(name) = consumer.filter(|name| !consumers.iter().any(|(one, _)| one == name)) {
            return Err(DeadLetterError::UnknownConsumer {
                name: name.to_owned(),
                known: consumers.into_iter().map(|(name, _)| name).collect(),
            });
        }
        let mut letters = Vec::new();
        for (name, kind) in consumers {
            if consumer.is_none_or(|asked| asked == name) {
                letters.extend(self.letters_of(&name, kind).await?);
            }
        }
        Ok(letters)
    }

    /// One parked event.
    pub async fn find(
        &self,
        consumer: &str,
        position: Position,
    ) -> Result<DeadLetter, DeadLetterError> {
        let letters = self.list(Some(consumer)).await?;
        let letter = letters.into_iter().find(|one| one.position == position);
        letter.ok_or_else(|| DeadLetterError::NotParked {
            consumer: consumer.to_owned(),
            position,
        })
    }

    /// The parked event itself, as the log has it.
    pub async fn event(&self, letter: &DeadLetter) -> Result<RecordedEvent, DeadLetterError> {
        let event = self.log.read_at(&[letter.position]).await?.pop();
        let event = event.filter(|event| event.event_id == letter.event_id);
        event.ok_or_else(|| DeadLetterError::OtherLog {
            consumer: letter.consumer.clone(),
            position: letter.position,
        })
    }

    /// What was decided about an event before, oldest first.
    pub async fn decisions(
        &self,
        letter: &DeadLetter,
    ) -> Result<Vec<RecordedEvent>, DeadLetterError> {
        let stream = Decision::stream(&letter.consumer, letter.position);
        let mut decisions = Vec::new();
        loop {
            let after = decisions.len() as u64;
            let page = self.log.read_stream(&stream, after, PAGE).await?;
            if page.is_empty() {
                return Ok(decisions);
            }
            decisions.extend(page);
        }
    }

    /// Decides about a parked event. Said twice at the same moment it is decided once; said again
    /// later it is decided again, which does nothing where the event is not parked any more.
    pub async fn decide(
        &self,
        ruling: Ruling,
        consumer: &str,
        position: Position,
        author: Author,
    ) -> Result<CommandRecord, DeadLetterError> {
        let letter = self.find(consumer, position).await?;
        if ruling == Ruling::Discard && !letter.first {
            return Err(DeadLetterError::NotFirst {
                consumer: letter.consumer,
                position,
            });
        }
        let event = self.event(&letter).await?;
        let version = self.decisions(&letter).await?.len() as u64;
        let decided = decided(ruling, &letter, &event, version, author)?;
        match self.log.append(vec![decided]).await?.pop() {
            Some(AppendOutcome::Recorded(record) | AppendOutcome::Repeated(record)) => Ok(record),
            Some(AppendOutcome::TooLarge { limit, .. }) => Err(DeadLetterError::TooLong { limit }),
            Some(AppendOutcome::IdReused(_) | AppendOutcome::Conflict { .. }) | None => {
                Err(DeadLetterError::DecidedMeanwhile {
                    consumer: letter.consumer,
                    position,
                })
            }
        }
    }

    /// All that can have parked something.
    async fn consumers(&self) -> Result<Vec<(String, ConsumerKind)>, ReadError> {
        let projections = self.reads.stored().await?.into_iter();
        let projections = projections.map(|stored| (stored.name, ConsumerKind::Projection));
        let processes = self.names.iter().cloned();
        let processes = processes.map(|name| (name, ConsumerKind::Process));
        Ok(projections.chain(processes).collect())
    }

    async fn letters_of(
        &self,
        consumer: &str,
        kind: ConsumerKind,
    ) -> Result<Vec<DeadLetter>, DeadLetterError> {
        let mut letters: Vec<DeadLetter> = Vec::new();
        let mut keys = HashSet::new();
        loop {
            let after = letters.last().map_or(0, |last| last.position);
            let page = self.page(consumer, kind, after).await?;
            if page.is_empty() {
                return Ok(letters);
            }
            letters.extend(page.into_iter().map(|event| DeadLetter {
                consumer: consumer.to_owned(),
                kind,
                position: event.position,
                event_id: event.event_id,
                event_type: event.event_type,
                first: keys.insert(event.partition_key.clone()),
                partition_key: event.partition_key,
                reason: event.reason,
            }));
        }
    }

    async fn page(
        &self,
        consumer: &str,
        kind: ConsumerKind,
        after: Position,
    ) -> Result<Vec<ParkedEvent>, DeadLetterError> {
        Ok(match kind {
            ConsumerKind::Projection => self.reads.parked(consumer, after, PAGE).await?,
            ConsumerKind::Process => self.processes.parked(consumer, after, PAGE).await?,
        })
    }
}

/// The decision, to be appended behind `version` others about the same event.
fn decided(
    ruling: Ruling,
    letter: &DeadLetter,
    event: &RecordedEvent,
    version: u64,
    author: Author,
) -> Result<Decided, DeadLetterError> {
    let data = serde_json::to_string(&Data {
        consumer: letter.consumer.clone(),
        position: letter.position,
        event_id: letter.event_id,
        reason: author.reason,
    })?;
    let stream = Decision::stream(&letter.consumer, letter.position);
    let command_type = ruling.command_type();
    let command = format!("{command_type} {stream} {version}");
    Ok(Decided {
        command: CommandEnvelope {
            command_id: Uuid::new_v5(&letter.event_id, command.as_bytes()),
            fingerprint: Fingerprint::of(data.as_bytes()),
            command_type: command_type.to_owned(),
            stream: stream.clone(),
            actor: author.actor,
            correlation_id: event.correlation_id,
            causation_id: event.event_id,
            traceparent: None,
        },
        verdict: Verdict::Accepted,
        writes: vec![StreamAppend {
            stream,
            expected_version: version,
            partition_key: event.partition_key.clone(),
            events: vec![NewEvent {
                event_id: Uuid::now_v7(),
                event_type: ruling.event_type().to_owned(),
                schema_version: SCHEMA_VERSION,
                data,
                occurred_at: author.at,
            }],
        }],
    })
}

//! A log that is being written faster than it becomes durable: what is appended counts at once, is
//! handed to the log behind it in large batches, and read from both. It is for one writer that may
//! begin again from nothing. Ids of events are its own, so that the same seed makes the same history.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    mem,
    sync::Arc,
};

use async_trait::async_trait;
use orderlog_log::{
    clock::Clock,
    event::{Position, RecordedEvent, Version},
    event_reader::{EventReader, SilentOf},
    event_store::{AppendOutcome, CommandRecord, Decided, EventStore, Head, StoreError},
};
use parking_lot::Mutex;
use tokio::{sync::watch, task::JoinHandle};
use uuid::Uuid;

use super::chance::Chance;

/// Commands that are appended to the log behind it at once.
const BATCH: usize = 4_000;

/// The events of streams that the log behind it may not have yet.
type Streams = HashMap<String, Vec<RecordedEvent>>;

/// The log that is being written.
pub(super) struct Ledger {
    log: Arc<dyn EventStore>,
    clock: Clock,
    written: Mutex<Written>,
    head: watch::Sender<Position>,
    handed_on: tokio::sync::Mutex<Option<JoinHandle<Result<(), StoreError>>>>,
}

struct Written {
    chance: Chance,
    head: Head,
    /// Every command that was ever recorded.
    commands: HashSet<Uuid>,
    waiting: Vec<Decided>,
    /// What waits, and what is on its way to the log behind.
    recent: [Streams; 2],
    /// What nobody has taken note of yet.
    news: VecDeque<RecordedEvent>,
}

impl Ledger {
    /// A ledger before `log`, which is empty.
    pub(super) async fn open(
        log: Arc<dyn EventStore>,
        clock: Clock,
        chance: Chance,
    ) -> Result<Self, StoreError> {
        let written = Written {
            chance,
            head: log.head().await?,
            commands: HashSet::new(),
            waiting: Vec::new(),
            recent: Default::default(),
            news: VecDeque::new(),
        };
        Ok(Self {
            head: watch::Sender::new(written.head.position),
            log,
            clock,
            written: Mutex::new(written),
            handed_on: tokio::sync::Mutex::default(),
        })
    }

    /// The next event of which nobody has taken note.
    pub(super) fn news(&self) -> Option<RecordedEvent> {
        self.written.lock().news.pop_front()
    }

    /// Where the history ends now.
    pub(super) fn position(&self) -> Position {
        self.written.lock().head.position
    }

    /// Hands on what waits, if it is a batch; the log behind works on it while this one goes on.
    pub(super) async fn hand_on(&self) -> Result<(), StoreError> {
        if self.written.lock().waiting.len() < BATCH {
            return Ok(());
        }
        self.send().await
    }

    /// Returns when everything is durable.
    pub(super) async fn flush(&self) -> Result<(), StoreError> {
        self.send().await?;
        self.arrived(&mut *self.handed_on.lock().await).await
    }

    async fn send(&self) -> Result<(), StoreError> {
        let mut handed_on = self.handed_on.lock().await;
        self.arrived(&mut handed_on).await?;
        let mut written = self.written.lock();
        let waiting = mem::take(&mut written.waiting);
        written.recent.swap(0, 1);
        let log = Arc::clone(&self.log);
        *handed_on = Some(tokio::spawn(append(log, waiting)));
        Ok(())
    }

    /// Waits for the batch that is on its way.
    async fn arrived(
        &self,
        handed_on: &mut Option<JoinHandle<Result<(), StoreError>>>,
    ) -> Result<(), StoreError> {
        let Some(append) = handed_on.take() else {
            return Ok(());
        };
        append.await.map_err(|error| StoreError::Unknown {
            detail: error.to_string(),
        })??;
        self.written.lock().recent[1].clear();
        Ok(())
    }
}

async fn append(log: Arc<dyn EventStore>, batch: Vec<Decided>) -> Result<(), StoreError> {
    let outcomes = log.append(batch).await?;
    match outcomes.into_iter().find(|outcome| !outcome.is_recorded()) {
        None => Ok(()),
        Some(outcome) => Err(StoreError::Invalid {
            detail: format!("it has other writers, too: {outcome:?}"),
        }),
    }
}

impl Written {
    fn record(&mut self, mut decided: Decided, clock: &Clock) -> CommandRecord {
        let now = clock.now();
        self.commands.insert(decided.command.command_id);
        let mut count = 0;
        for write in &mut decided.writes {
            for (version, event) in (write.expected_version + 1..).zip(&mut write.events) {
                count += 1;
                event.event_id = self.chance.id(now);
                self.head.position += 1;
                self.head.event_id = event.event_id;
                let command = &decided.command;
                let recorded = RecordedEvent {
                    position: self.head.position,
                    event_id: event.event_id,
                    stream: write.stream.clone(),
                    version,
                    event_type: event.event_type.clone(),
                    schema_version: event.schema_version,
                    data: event.data.clone(),
                    partition_key: write.partition_key.clone(),
                    command_id: command.command_id,
                    correlation_id: command.correlation_id,
                    causation_id: command.causation_id,
                    actor: command.actor.clone(),
                    traceparent: command.traceparent.clone(),
                    occurred_at: event.occurred_at,
                    recorded_at: now,
                };
                let stream = self.recent[0].entry(write.stream.clone()).or_default();
                stream.push(recorded.clone());
                self.news.push_back(recorded);
            }
        }
        let addressed = decided
            .writes
            .iter()
            .find(|write| write.stream == decided.command.stream);
        let last = decided
            .writes
            .iter()
            .rfind(|write| !write.events.is_empty());
        let record = CommandRecord {
            command: decided.command.clone(),
            verdict: decided.verdict.clone(),
            version: addressed.map_or(0, |write| {
                write.expected_version + write.events.len() as u64
            }),
            position: self.head.position,
            partition_key: last
                .or(addressed)
                .map_or_else(String::new, |write| write.partition_key.clone()),
            events: count,
            recorded_at: now,
        };
        self.waiting.push(decided);
        record
    }

    /// Events of a stream behind `after` that the log behind may not have.
    fn recent(&self, stream: &str, after: Version) -> Vec<RecordedEvent> {
        let [waiting, handed_on] = &self.recent;
        let both = [handed_on, waiting]
            .into_iter()
            .filter_map(|streams| streams.get(stream));
        let events = both.flatten().filter(|event| event.version > after);
        events.cloned().collect()
    }
}

#[async_trait]
impl EventStore for Ledger {
    async fn append(&self, batch: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(batch.len());
        for decided in batch {
            let id = decided.command.command_id;
            let first = match self.command(id).await? {
                Some(first) if first.command.fingerprint == decided.command.fingerprint => {
                    AppendOutcome::Repeated(first)
                }
                Some(first) => AppendOutcome::IdReused(first),
                None => AppendOutcome::Recorded(self.written.lock().record(decided, &self.clock)),
            };
            outcomes.push(first);
        }
        self.head.send_replace(self.position());
        Ok(outcomes)
    }

    fn watch_head(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }
}

#[async_trait]
impl EventReader for Ledger {
    async fn read_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let mut recent = self.written.lock().recent(stream, after);
        if recent
            .first()
            .is_some_and(|first| first.version == after + 1)
        {
            recent.truncate(limit);
            return Ok(recent);
        }
        let mut events = self.log.read_stream(stream, after, limit).await?;
        let last = events.last().map_or(after, |last| last.version);
        events.extend(recent.into_iter().filter(|event| event.version > last));
        events.truncate(limit);
        Ok(events)
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.flush().await?;
        self.log.read_all(after, limit).await
    }

    async fn read_at(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError> {
        self.flush().await?;
        self.log.read_at(positions).await
    }

    async fn command(&self, command_id: Uuid) -> Result<Option<CommandRecord>, StoreError> {
        if !self.written.lock().commands.contains(&command_id) {
            return Ok(None);
        }
        self.flush().await?;
        self.log.command(command_id).await
    }

    async fn silent_commands(
        &self,
        of: SilentOf<'_>,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<CommandRecord>, StoreError> {
        self.flush().await?;
        self.log.silent_commands(of, after, limit).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        Ok(self.written.lock().head)
    }
}

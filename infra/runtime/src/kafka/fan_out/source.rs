//! An unbroken sequence out of what arrives: a record is passed on iff the event before it in its
//! partition, which it names, has been passed. What was passed before is a repetition and dropped; what
//! is missing in front of it (never published, deleted by retention, not readable) is read from the log,
//! which has it: nothing is published that is not in the log.

use std::{collections::VecDeque, sync::Arc};

use async_trait::async_trait;
use orderlog_log::{
    event::{Position, RecordedEvent},
    event_store::EventStore,
};
use tokio::sync::Notify;

use super::reader::{Arrived, Opened, Reader, Turn};
use crate::{
    kafka::topic::TopicError,
    source::{Batch, Checkpoint, EventSource, Offset, SourceError, StoredCheckpoint, partition_of},
};

/// Events that are handed out together, at most.
const BATCH: usize = 1000;
/// Events that are read from the log at once, of all partitions.
const PAGE: usize = 2000;

/// The events of one partition behind a checkpoint.
pub(super) struct KafkaSource {
    log: Arc<dyn EventStore>,
    reader: Arc<Reader>,
    partition: u32,
    partitions: u32,
    /// The last event that was passed on.
    passed: Checkpoint,
    /// Everything up to this offset is passed.
    offset: Option<Offset>,
    /// `None` where the partition is to be opened (anew).
    open: Option<(Turn, Arc<Notify>)>,
    /// What arrived and was not looked at yet.
    arrived: VecDeque<Arrived>,
    /// What is read from the log before anything that arrived.
    missing: Option<Missing>,
}

/// Events that Kafka does not give.
#[derive(Clone, Copy)]
struct Missing {
    /// Up to here the log was read.
    read: Position,
    /// The last position to be read; `None`: all that the log has.
    until: Option<Position>,
}

impl KafkaSource {
    /// The events of a partition (of so many) behind `from`, once Kafka has said what it holds.
    pub(super) async fn start(
        log: Arc<dyn EventStore>,
        reader: Arc<Reader>,
        (partition, partitions): (u32, u32),
        from: StoredCheckpoint,
    ) -> Result<Self, SourceError> {
        let mut source = Self {
            log,
            reader,
            partition,
            partitions,
            passed: from.checkpoint,
            offset: from.offset,
            open: None,
            arrived: VecDeque::new(),
            missing: None,
        };
        source.open().await?;
        Ok(source)
    }

    /// Opens the partition behind what is passed. Where Kafka holds nothing from which a gap could be
    /// noticed, the log is read up to its end first; what arrives of that later is dropped.
    async fn open(&mut self) -> Result<(), SourceError> {
        let (reader, partition, passed) = (Arc::clone(&self.reader), self.partition, self.offset);
        let opening = tokio::task::spawn_blocking(move || reader.open(partition, passed)).await;
        let opened: Opened = opening.map_err(|error| SourceError::Unavailable {
            detail: error.to_string(),
        })??;
        if opened.empty && !opened.as_asked {
            self.read_log(None);
        }
        self.offset = Some(opened.start - 1).filter(|before| *before >= 0);
        self.open = Some((opened.turn, opened.news));
        Ok(())
    }

    /// Has the log read before anything else that arrived.
    fn read_log(&mut self, until: Option<Position>) {
        self.missing = Some(Missing {
            read: self.passed.position,
            until,
        });
    }

    /// Reads a page of the log; `None` where it had nothing of this partition.
    async fn read_page(&mut self, missing: Missing) -> Result<Option<Batch>, SourceError> {
        let until = match missing.until {
            Some(until) => until,
            None => self.log.head().await?.position,
        };
        if missing.read >= until {
            self.missing = None;
            return Ok(None);
        }
        let mut page = self.log.read_all(missing.read, PAGE).await?;
        page.retain(|event| event.position <= until);
        let last = page.last().ok_or(SourceError::Gap {
            expected: missing.read + 1,
            found: until,
        })?;
        self.missing = Some(Missing {
            read: last.position,
            ..missing
        });
        page.retain(|event| partition_of(&event.partition_key, self.partitions) == self.partition);
        Ok(self.pass_on(page))
    }

    /// Passes on what arrived, up to the first that something stands in the way of.
    fn look(&mut self) -> Result<Option<Batch>, SourceError> {
        let mut events: Vec<RecordedEvent> = Vec::new();
        while let Some(arrived) = self.arrived.pop_front() {
            let last = events
                .last()
                .map_or(self.passed.position, |event| event.position);
            match arrived {
                Arrived::Record(record, offset)
                    if record.log_id == self.passed.log_id && record.previous <= last =>
                {
                    self.offset = Some(offset);
                    if record.event.position > last {
                        events.push(record.event);
                    }
                }
                hindrance if events.is_empty() => {
                    self.overcome(hindrance)?;
                    return Ok(None);
                }
                hindrance => {
                    self.arrived.push_front(hindrance);
                    break;
                }
            }
        }
        Ok(self.pass_on(events))
    }

    fn overcome(&mut self, hindrance: Arrived) -> Result<(), SourceError> {
        match hindrance {
            Arrived::Record(record, _) if record.log_id != self.passed.log_id => {
                return Err(SourceError::Topic(TopicError::OtherLog {
                    topic: self.reader.topic().to_owned(),
                    log: self.passed.log_id,
                    found: record.log_id,
                }));
            }
            Arrived::Record(record, offset) => {
                let (partition, after) = (self.partition, self.passed.position);
                tracing::info!(
                    partition,
                    after,
                    until = record.previous,
                    "the topic has a gap"
                );
                self.read_log(Some(record.previous));
                self.arrived.push_front(Arrived::Record(record, offset));
            }
            Arrived::Unreadable(error) => {
                tracing::error!(%error, "the log is read instead");
                self.offset = Some(error.offset);
                self.read_log(None);
            }
            Arrived::Lost => {
                self.open = None;
                self.arrived.clear();
            }
            Arrived::Failed(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn pass_on(&mut self, events: Vec<RecordedEvent>) -> Option<Batch> {
        self.passed = Checkpoint::behind(self.passed.log_id, events.last()?);
        Some(Batch {
            partition: self.partition,
            events,
            checkpoint: self.passed,
            offset: self.offset,
        })
    }
}

#[async_trait]
impl EventSource for KafkaSource {
    async fn next(&mut self) -> Result<Batch, SourceError> {
        if let (Some((turn, _)), Some(offset)) = (&self.open, self.offset) {
            turn.passed(offset);
        }
        loop {
            if let Some(missing) = self.missing {
                if let Some(batch) = self.read_page(missing).await? {
                    return Ok(batch);
                }
                continue;
            }
            let Some((turn, news)) = &self.open else {
                self.open().await?;
                continue;
            };
            if self.arrived.is_empty() {
                self.arrived.extend(turn.take(BATCH));
            }
            if self.arrived.is_empty() {
                news.notified().await;
            } else if let Some(batch) = self.look()? {
                return Ok(batch);
            }
            // A long row of repetitions lets other tasks go first.
            tokio::task::yield_now().await;
        }
    }
}

//! A log in memory, of what was told: for tests of what reads the log itself.

use async_trait::async_trait;
use orderlog_log::{
    event::{Position, RecordedEvent, Version},
    event_reader::{EventReader, SilentOf},
    event_store::{CommandRecord, Head, StoreError},
};
use uuid::Uuid;

use super::{Told, recorded};

/// A log of what was told.
#[derive(Clone, Debug, Default)]
pub struct ToldLog {
    /// The events, in the order of the log.
    pub events: Vec<RecordedEvent>,
    /// The commands that are known, in any order.
    pub commands: Vec<CommandRecord>,
}

impl ToldLog {
    /// The log of a story, without commands.
    pub fn of(story: impl IntoIterator<Item = Told>) -> Self {
        let events = recorded(story).into_iter().map(|(event, _)| event);
        Self {
            events: events.collect(),
            commands: Vec::new(),
        }
    }

    fn found(&self, limit: usize, is: impl Fn(&RecordedEvent) -> bool) -> Vec<RecordedEvent> {
        let found = self.events.iter().filter(|event| is(event));
        found.take(limit).cloned().collect()
    }
}

#[async_trait]
impl EventReader for ToldLog {
    async fn read_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        Ok(self.found(limit, |event| {
            event.stream == stream && event.version > after
        }))
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        Ok(self.found(limit, |event| event.position > after))
    }

    async fn read_at(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError> {
        let at = |position: &Position| self.events.iter().find(|it| it.position == *position);
        Ok(positions.iter().filter_map(at).cloned().collect())
    }

    async fn command(&self, command_id: Uuid) -> Result<Option<CommandRecord>, StoreError> {
        let is = |record: &&CommandRecord| record.command.command_id == command_id;
        Ok(self.commands.iter().find(is).cloned())
    }

    async fn silent_commands(
        &self,
        of: SilentOf<'_>,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<CommandRecord>, StoreError> {
        let is = |record: &&CommandRecord| {
            record.events == 0
                && record.command.command_id > after
                && match of {
                    SilentOf::Stream(stream) => record.command.stream == stream,
                    SilentOf::Correlation(id) => record.command.correlation_id == id,
                }
        };
        let mut found: Vec<_> = self.commands.iter().filter(is).cloned().collect();
        found.sort_by_key(|record| record.command.command_id);
        found.truncate(limit);
        Ok(found)
    }

    async fn head(&self) -> Result<Head, StoreError> {
        let last = self.events.last();
        Ok(Head {
            log_id: Uuid::from_u128(1),
            position: last.map_or(0, |event| event.position),
            event_id: last.map_or(Uuid::nil(), |event| event.event_id),
        })
    }
}

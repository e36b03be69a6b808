//! The port to what is recorded: reading alone, so that audits need nothing that could write.
//! Whoever appends reads, too: [`EventStore`](crate::event_store::EventStore) is a reader. Two
//! readers are nothing else: `sqlite::SqliteLogReader`, which works beside the process that writes,
//! and `postgres::PgLogReader`.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    event::{Position, RecordedEvent, Version},
    event_store::{CommandRecord, Head, StoreError},
};

/// The log, for reading. Nothing is shown that could still be lost.
#[async_trait]
pub trait EventReader: Send + Sync {
    /// Events of one stream behind `after`, oldest first, at most `limit`.
    async fn read_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError>;

    /// Events of the log behind `after`, in order and without a gap, at most `limit`.
    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError>;

    /// The events at these positions, in the order asked for; unknown ones are left out.
    async fn read_at(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError>;

    /// What became of a command, if it was recorded.
    async fn command(&self, command_id: Uuid) -> Result<Option<CommandRecord>, StoreError>;

    /// Commands that no event tells of, refusals and those with nothing to do, with an id above
    /// `after`, in the order of their ids, at most `limit`. The others are found by their events,
    /// which name them.
    async fn silent_commands(
        &self,
        of: SilentOf<'_>,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<CommandRecord>, StoreError>;

    /// The end of the log.
    async fn head(&self) -> Result<Head, StoreError>;
}

/// Which commands without events are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilentOf<'a> {
    /// Those that addressed the stream.
    Stream(&'a str),
    /// Those of one chain.
    Correlation(Uuid),
}

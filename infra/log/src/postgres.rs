//! The engine for several processes: the log in a PostgreSQL database. An answer means that the
//! write is durable there.
//!
//! Each process has one `appender`: it gathers what waits, has it planned (`plan`), and has the
//! function `orderlog_append` write it in one statement (`call`), behind the counter row that
//! serialises all processes. Reads go through a pool (`reads`, `rows`), small ones of many askers
//! together (`asking`). `heads` tells how far the log
//! reaches, whoever wrote it. `postgres_es` is the engine that writes through that crate, and the
//! adoption of a database that it filled.

mod appender;
mod arrays;
mod asking;
mod call;
mod connect;
mod failure;
mod heads;
mod history;
mod inbox;
mod plan;
mod postgres_es;
mod reads;
mod rows;
mod schema;
mod seals;
mod settle;

use async_trait::async_trait;
use tokio::sync::watch;
use uuid::Uuid;

use self::{
    appender::Appender, asking::Asking, connect::Database, heads::Heads, inbox::Inbox,
    reads::OfStream,
};
pub use self::{
    connect::PgOptions,
    history::{PgTarget, history},
    postgres_es::{AggregateTypes, PgEsEventStore, adopt},
    reads::PgLogReader,
    schema::migrate,
    seals::PgSeals,
};
use crate::{
    event::{Position, RecordedEvent, Version},
    event_reader::{EventReader, SilentOf},
    event_store::{AppendOutcome, CommandRecord, Decided, EventStore, Head, StoreError},
};

/// The log in a PostgreSQL database, version 14 or newer. Cheap to clone. What was handed over is
/// finished even when the last clone is dropped.
#[derive(Clone)]
pub struct PgEventStore {
    inbox: Inbox,
    reads: PgLogReader,
    of_streams: Asking<OfStream, Vec<RecordedEvent>>,
    commands: Asking<Uuid, Option<CommandRecord>>,
    heads: Heads,
}

impl PgEventStore {
    /// Connects, checks that the tables are those of this build, and starts this process's
    /// appender on the current Tokio runtime.
    pub async fn connect(url: &str, options: PgOptions) -> Result<Self, StoreError> {
        let database = Database::new(url, options)?;
        let mut first = database.connect(connect::Purpose::Append).await?;
        schema::check(&mut first, &database.name).await?;
        let reads = PgLogReader::new(&database);
        let head = reads.head().await?;
        let heads = Heads::start(&database, reads.clone(), head.position);
        let (inbox, incoming) = inbox::inbox();
        let appender = Appender::new(database, first, heads.clone(), incoming);
        tokio::spawn(appender.run());
        let (streams, commands) = (reads.clone(), reads.clone());
        Ok(Self {
            inbox,
            reads,
            of_streams: Asking::start(move |asked| {
                let reads = streams.clone();
                async move { reads.of_streams(asked).await }
            }),
            commands: Asking::start(move |ids| {
                let reads = commands.clone();
                async move { reads.commands(ids).await }
            }),
            heads,
        })
    }
}

#[async_trait]
impl EventStore for PgEventStore {
    async fn append(&self, batch: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        self.inbox.append(batch, false).await
    }

    async fn append_chain(&self, chain: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        self.inbox.append(chain, true).await
    }

    fn watch_head(&self) -> watch::Receiver<Position> {
        self.heads.watch()
    }
}

#[async_trait]
impl EventReader for PgEventStore {
    async fn read_stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let stream = stream.to_owned();
        let asked = OfStream {
            stream,
            after,
            limit,
        };
        self.of_streams.ask(asked).await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        self.reads.read_all(after, limit).await
    }

    async fn read_at(&self, positions: &[Position]) -> Result<Vec<RecordedEvent>, StoreError> {
        self.reads.read_at(positions).await
    }

    async fn command(&self, command_id: Uuid) -> Result<Option<CommandRecord>, StoreError> {
        self.commands.ask(command_id).await
    }

    async fn silent_commands(
        &self,
        of: SilentOf<'_>,
        after: Uuid,
        limit: usize,
    ) -> Result<Vec<CommandRecord>, StoreError> {
        self.reads.silent_commands(of, after, limit).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.reads.head().await
    }
}

//! The port to the log, beside that for [reading](crate::event_reader). One append carries a batch of decided commands and answers each of them:
//! a conflict of one refuses that one alone. Command ids, versions and events are checked and
//! written in one transaction. Next: `sqlite` is the embedded engine,
//! `postgres` the one for several processes, `executor` the caller.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    event::{NewEvent, Position, Version},
    event_reader::EventReader,
};

/// The durable log, for reading and writing.
#[async_trait]
pub trait EventStore: EventReader {
    /// Appends the batch and answers each command in its order. Returns when all that is
    /// acknowledged is durable.
    async fn append(&self, batch: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError>;

    /// Appends commands of which each was decided on what the one before it leaves behind. The
    /// first that is not recorded breaks the chain: those behind it are answered with a conflict,
    /// even where their version fits by chance.
    async fn append_chain(&self, chain: Vec<Decided>) -> Result<Vec<AppendOutcome>, StoreError> {
        let mut outcomes: Vec<AppendOutcome> = Vec::with_capacity(chain.len());
        for decided in chain {
            let broken = outcomes
                .last()
                .is_some_and(|outcome| !outcome.is_recorded());
            let outcome = if broken {
                AppendOutcome::broken_chain(&decided)
            } else {
                self.append(vec![decided]).await?.remove(0)
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// The last position, kept up to date; a reader waits on it for news.
    fn watch_head(&self) -> watch::Receiver<Position>;
}

/// One command, decided: what is to be written if nothing that it relied on has changed.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The command itself.
    pub command: CommandEnvelope,
    /// Accepted, or refused by a rule.
    pub verdict: Verdict,
    /// Events per stream. A refusal and a no-op carry one entry without events, so that the
    /// version they were decided on is checked.
    pub writes: Vec<StreamAppend>,
}

/// Events for one stream and the version that the decision was made on.
#[derive(Clone, Debug)]
pub struct StreamAppend {
    /// The stream.
    pub stream: String,
    /// Version of the stream when the command was decided.
    pub expected_version: Version,
    /// Events with the same key are handled in order.
    pub partition_key: String,
    /// What is to be written, oldest first; may be empty.
    pub events: Vec<NewEvent>,
}

/// What is remembered of a command besides its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandEnvelope {
    /// The same id with the same fingerprint is the same command.
    pub command_id: Uuid,
    /// Hash of what the sender said.
    pub fingerprint: Fingerprint,
    /// Its name, imperative.
    pub command_type: String,
    /// The stream that it addresses.
    pub stream: String,
    /// Who sent it.
    pub actor: String,
    /// The first request of the chain.
    pub correlation_id: Uuid,
    /// The direct parent.
    pub causation_id: Uuid,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

/// Hash of a command's content: the first 16 bytes of its BLAKE3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// The fingerprint of these bytes.
    pub fn of(content: &[u8]) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&blake3::hash(content).as_bytes()[..16]);
        Self(bytes)
    }
}

/// What the rules said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The command was carried out; it may have had nothing to do.
    Accepted,
    /// A rule refused it.
    Refused {
        /// Stable code of the refusal.
        code: String,
        /// The typed refusal, as JSON.
        refusal: String,
    },
}

/// A command and its outcome, as the command log keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRecord {
    /// The command.
    pub command: CommandEnvelope,
    /// What the rules said.
    pub verdict: Verdict,
    /// Version of the addressed stream after it.
    pub version: Version,
    /// Position of its last event; for a command without events, the head that it was checked at.
    pub position: Position,
    /// Partition in which that position arrives.
    pub partition_key: String,
    /// How many events it wrote.
    pub events: u32,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// What became of one command of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppendOutcome {
    /// Written now.
    Recorded(CommandRecord),
    /// The same command was recorded before; this is its first outcome. Nothing was written.
    Repeated(CommandRecord),
    /// Its id was used before by a command with other content. Nothing was written.
    IdReused(CommandRecord),
    /// A stream has moved on since the decision. Nothing was written.
    Conflict {
        /// The stream that moved.
        stream: String,
        /// Version that the decision was made on.
        expected: Version,
        /// Version that the stream has.
        actual: Version,
    },
    /// An event is larger than the log takes. Nothing was written.
    TooLarge {
        /// The event's type.
        event_type: String,
        /// Its size, bytes.
        bytes: usize,
        /// The most that is taken, bytes.
        limit: usize,
    },
}

impl AppendOutcome {
    /// Whether the command was written now.
    pub fn is_recorded(&self) -> bool {
        matches!(self, Self::Recorded(_))
    }

    /// The answer to a command behind one of its chain that was not recorded.
    pub(crate) fn broken_chain(decided: &Decided) -> Self {
        let expected = decided
            .writes
            .first()
            .map_or(0, |write| write.expected_version);
        let stream = decided.command.stream.clone();
        Self::Conflict {
            stream,
            expected,
            actual: expected,
        }
    }
}

/// The end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which log this is; drawn once when it was created.
    pub log_id: Uuid,
    /// Position of the last event; 0 when empty.
    pub position: Position,
    /// Id of the last event; nil when empty.
    pub event_id: Uuid,
}

/// Why the store could not do what was asked. Nothing was written unless said.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum StoreError {
    /// No room left.
    #[error("the disk is full: {detail}")]
    DiskFull {
        /// What the engine said.
        detail: String,
    },
    /// The files are damaged.
    #[error("the log is damaged: {detail}")]
    Corrupt {
        /// What is wrong and where.
        detail: String,
    },
    /// There is no log.
    #[error("{path} holds no log")]
    Missing {
        /// The directory.
        path: String,
    },
    /// The files can't be read.
    #[error("{path} can't be read: {detail}")]
    NotReadable {
        /// The file.
        path: String,
        /// What the system said.
        detail: String,
    },
    /// Another process holds the data directory.
    #[error("{path} is in use by another process")]
    InUse {
        /// The directory.
        path: String,
    },
    /// A newer build wrote the files.
    #[error("{path} was written by a newer version (format {found}, this build knows {known})")]
    Newer {
        /// The file.
        path: String,
        /// Its format.
        found: i64,
        /// The newest format that this build knows.
        known: i64,
    },
    /// An event that this build does not know stands in the way.
    #[error(
        "the event at position {position} is newer than this build: {detail}; \
         start a build that knows it"
    )]
    NewerEvent {
        /// Its position.
        position: Position,
        /// What is not known.
        detail: String,
    },
    /// A build from before the first release wrote the files.
    #[error(
        "{path} was written before the first release (format {found}, this build knows {known})"
    )]
    Older {
        /// The file.
        path: String,
        /// Its format.
        found: i64,
        /// The format that this build knows.
        known: i64,
    },
    /// There is a log already.
    #[error("{path} holds a log")]
    Occupied {
        /// The directory.
        path: String,
    },
    /// The log goes on elsewhere.
    #[error("the log of {path} was moved to {to}")]
    Moved {
        /// The directory.
        path: String,
        /// Where it went.
        to: String,
    },
    /// The log is on its way elsewhere.
    #[error("the log of {path} is being moved to {to}")]
    Moving {
        /// The directory.
        path: String,
        /// Where to.
        to: String,
    },
    /// The files can't be written.
    #[error("{path} is not writable: {detail}")]
    NotWritable {
        /// The file or directory.
        path: String,
        /// What the system said.
        detail: String,
    },
    /// The database has not got the tables of this build.
    #[error(
        "{database} is not prepared (its schema is {found}, this build needs {known}); \
         run `orderlog migrate --database URL`"
    )]
    NotMigrated {
        /// The database, without its password.
        database: String,
        /// Version of its schema; 0 where there is none.
        found: i64,
        /// The version that this build needs.
        known: i64,
    },
    /// The database has a table of events that is not the log's.
    #[error(
        "{database} has a table `events` that is not orderlog's; if postgres-es filled it, \
         run `orderlog adopt postgres-es --database URL`"
    )]
    Foreign {
        /// The database, without its password.
        database: String,
    },
    /// The database refuses the user, or what the user asks for.
    #[error("{database} refuses the user: {detail}")]
    Denied {
        /// The database, without its password.
        database: String,
        /// What it said.
        detail: String,
    },
    /// The engine can't keep what was to be appended, now or later.
    #[error("the log can't keep this: {detail}")]
    Invalid {
        /// What is wrong with it.
        detail: String,
    },
    /// Whether the append took place is unknown; ask by command id.
    #[error("the outcome of the append is unknown: {detail}")]
    Unknown {
        /// What the engine said.
        detail: String,
    },
    /// The store cannot be reached or is shutting down.
    #[error("the event store is unavailable: {detail}")]
    Unavailable {
        /// What the engine said.
        detail: String,
    },
}

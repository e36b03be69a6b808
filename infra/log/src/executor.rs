//! Carries a command to its aggregate: load, decide on a clone, append, retry on conflict, answer
//! with version and position. The cache is never trusted: the version is checked at the append.
//!
//! Each aggregate has a `lane`: commands that wait for it are decided in sequence and appended
//! together. Next: `round` decides a batch of them and settles what the log answers.

mod answer;
mod decide;
mod lane;
mod round;
mod states;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use serde::{Serialize, de::DeserializeOwned};
use smallvec::smallvec;
use uuid::Uuid;

use self::{
    lane::{Lanes, Waiting},
    states::{Log, States},
};
use crate::{
    clock::Clock,
    event::{DecodeError, Position, RecordedEvent, Today, Version},
    event_store::{EventStore, Fingerprint, StoreError},
};

/// What the executor asks of an aggregate.
pub trait Decides:
    Aggregate<
        Services = DateTime<Utc>,
        Command: Serialize + Clone + Send + Sync,
        Error: Serialize + DeserializeOwned + Clone + Send + Sync,
    > + Clone
    + 'static
{
}

impl<A> Decides for A where
    A: Aggregate<
            Services = DateTime<Utc>,
            Command: Serialize + Clone + Send + Sync,
            Error: Serialize + DeserializeOwned + Clone + Send + Sync,
        > + Clone
        + 'static
{
}

/// What the executor cannot know of an aggregate by itself.
pub struct Binding<A: Aggregate> {
    /// What a recorded event of the aggregate says today.
    pub decode: fn(&RecordedEvent) -> Result<Today<A::Event>, DecodeError>,
    /// Partition key of the aggregate's events, given the aggregate after them and its id.
    pub partition_key: fn(&A, &str) -> String,
    /// Whether a command is one that aggregates begin with. Of an aggregate that is not cached it is
    /// decided on the empty state at once, without a look at the log: the append tells if that was
    /// wrong.
    pub begins: fn(&A::Command) -> bool,
    /// Stable code of a refusal.
    pub code: fn(&A::Error) -> &'static str,
    /// Whether a refusal is by a rule and so recorded; malformed and not-yet-due ones are not.
    pub recorded: fn(&A::Error) -> bool,
}

/// Limits of an executor.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Aggregates kept in memory.
    pub cached: usize,
    /// Commands that may wait for one aggregate.
    pub waiting: usize,
    /// Decisions per command before a conflict is reported.
    pub attempts: u32,
}

/// Who sends a command, why, and under which id.
#[derive(Clone, Debug)]
pub struct CommandContext {
    /// The same id with the same content is answered with the first outcome.
    pub command_id: Uuid,
    /// The first request of the chain.
    pub correlation_id: Uuid,
    /// The direct parent.
    pub causation_id: Uuid,
    /// Who sends it.
    pub actor: String,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// Refuse unless the aggregate has this version (`If-Match`).
    pub expected_version: Option<Version>,
    /// Hash of what the sender said; where absent, of the stream and the command's own JSON.
    pub fingerprint: Option<Fingerprint>,
}

/// Sends commands to the aggregates of one type. Cheap to clone; clones share cache and queues.
pub struct Executor<A: Aggregate> {
    core: Arc<Core<A>>,
}

impl<A: Aggregate> Clone for Executor<A> {
    fn clone(&self) -> Self {
        Self {
            core: Arc::clone(&self.core),
        }
    }
}

/// What the clones of an executor and its running lanes share.
struct Core<A: Aggregate> {
    store: Arc<dyn EventStore>,
    clock: Clock,
    binding: Binding<A>,
    limits: Limits,
    states: States<A>,
    lanes: Lanes<A>,
}

impl<A: Aggregate> Core<A> {
    fn log(&self) -> Log<'_, A> {
        Log {
            store: self.store.as_ref(),
            decode: self.binding.decode,
        }
    }
}

/// A command that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// The stream that it addressed; for a repeat, that of the first time.
    pub stream: String,
    /// Version of the aggregate after it.
    pub version: Version,
    /// Position to wait for in order to read one's own write.
    pub position: Position,
    /// Partition in which that position arrives.
    pub partition_key: String,
    /// Whether this answers a command carried out earlier.
    pub repeated: bool,
}

/// An aggregate as it is now.
#[derive(Debug)]
pub struct Loaded<A> {
    /// The state; the default where the stream does not exist.
    pub state: Arc<A>,
    /// Its version; 0 where the stream does not exist.
    pub version: Version,
}

impl<A> Clone for Loaded<A> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            version: self.version,
        }
    }
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<E: std::error::Error> {
    /// A rule refused it.
    #[error("{refusal}")]
    Refused {
        /// The typed refusal.
        refusal: E,
        /// Version that it was decided on.
        version: Version,
        /// Whether this answers a command refused earlier.
        repeated: bool,
    },
    /// Its id belongs to a command with other content.
    #[error("command id {0} was used for another command")]
    IdReused(Uuid),
    /// The aggregate is not at the version that the sender demanded.
    #[error("expected version {expected}, found {actual}")]
    VersionMismatch {
        /// The version demanded.
        expected: Version,
        /// The version found.
        actual: Version,
    },
    /// The aggregate kept changing.
    #[error("{stream} kept changing; gave up after {attempts} attempts")]
    Conflict {
        /// The stream.
        stream: String,
        /// Decisions made.
        attempts: u32,
    },
    /// Too many commands wait for this aggregate.
    #[error("too many commands wait for {stream}")]
    Overloaded {
        /// The stream.
        stream: String,
    },
    /// An event of the command is larger than the log takes.
    #[error("the event {event_type} has {bytes} bytes, {limit} are allowed")]
    TooLarge {
        /// The event's type.
        event_type: String,
        /// Its size, bytes.
        bytes: usize,
        /// The most that is taken, bytes.
        limit: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<A: Decides> Executor<A> {
    /// An executor over `store`.
    pub fn new(
        store: Arc<dyn EventStore>,
        clock: Clock,
        binding: Binding<A>,
        limits: Limits,
    ) -> Self {
        let states = States::new(limits.cached);
        let lanes = Lanes::default();
        Self {
            core: Arc::new(Core {
                store,
                clock,
                binding,
                limits,
                states,
                lanes,
            }),
        }
    }

    /// Carries `command` to the aggregate `id` (the stream's name less its type) and answers when
    /// its outcome is durable. A caller that stops waiting does not stop the command.
    pub async fn execute(
        &self,
        id: &str,
        command: A::Command,
        context: CommandContext,
    ) -> Result<Executed, ExecuteError<A::Error>> {
        let stream = stream_of::<A>(id);
        let (waiting, answer) = Waiting::new(&stream, command, context)?;
        lane::enter(&self.core, id, stream, waiting)?;
        let unanswered = |_| StoreError::Unknown {
            detail: "the command broke off".to_owned(),
        };
        answer.await.map_err(unanswered)?
    }

    /// The aggregate as it was last seen here: up to date with every command of this process,
    /// perhaps not with another one's. Costs no read of the log where it is cached.
    pub async fn recent(&self, id: &str) -> Result<Loaded<A>, StoreError> {
        self.core
            .states
            .recent(&self.core.log(), &stream_of::<A>(id))
            .await
    }

    /// The aggregate as the log has it now.
    pub async fn load(&self, id: &str) -> Result<Loaded<A>, StoreError> {
        self.core
            .states
            .current(&self.core.log(), &stream_of::<A>(id))
            .await
    }
}

/// Reads events whose form never changed.
pub fn as_recorded<E: DeserializeOwned>(event: &RecordedEvent) -> Result<Today<E>, DecodeError> {
    let read = serde_json::from_str(&event.data);
    read.map(|event| smallvec![event])
        .map_err(|error| DecodeError::Damaged(error.to_string()))
}

fn stream_of<A: Aggregate>(id: &str) -> String {
    format!("{}-{id}", A::TYPE)
}

//! Folds the log into the rows of every projection, partition by partition: each event is read and
//! decoded once, folded through all projections that have not passed it, and rows and checkpoints of
//! all of them are written in one transaction. An event that can't be folded is parked at once with
//! what follows of its partition key; failures of the infrastructure are retried and never parked.
//! Next: `live` takes partitions on, `follow` is the loop over one, `member` folds one projection,
//! [`crate::rebuild`] does it anew.

mod batch;
mod follow;
mod live;
mod member;
mod modes;
mod redrive;
mod status;
mod versions;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use orderlog_log::{event::RecordedEvent, event_store::EventStore};
use parking_lot::Mutex;
use tokio::sync::{RwLock, watch};
use uuid::Uuid;

use crate::{
    projection::ErasedProjection,
    read_store::{Activity, CommitError, Defined, ReadError, ReadStore},
    source::SourceError,
};

pub use batch::Decoder;
pub use orderlog_log::event::DecodeError;
pub use status::{KeptRows, ProjectionState, ProjectionStatus};
pub use versions::BrokenStream;
pub(crate) use {
    batch::{Decoded, DecodedEvent, Said},
    follow::share,
    member::{Member, Place},
    modes::Mode,
    versions::{KNOWN, Versions},
};

/// Keeps the rows of all projections up to date. Cheap to clone.
pub struct Projector<E> {
    pub(crate) inner: Arc<Inner<E>>,
}

impl<E> Clone for Projector<E> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

pub(crate) struct Inner<E> {
    pub(crate) log: Arc<dyn EventStore>,
    pub(crate) store: Arc<dyn ReadStore>,
    pub(crate) decode: Decoder<E>,
    pub(crate) projections: Vec<Box<dyn ErasedProjection<E>>>,
    /// What each projection is doing; changed with [`Inner::set`] alone.
    modes: Mutex<HashMap<&'static str, Mode>>,
    /// Moves with every change of a mode; the loop then starts anew.
    modes_changed: watch::Sender<u64>,
    /// Why partitions stand still, by partition.
    halted: Mutex<BTreeMap<u32, String>>,
    /// Shared by all that fold and write a batch.
    turn: RwLock<()>,
    /// Held by the one rebuild that may run.
    pub(crate) rebuilding: tokio::sync::Mutex<()>,
}

impl<E: Send + Sync + 'static> Projector<E> {
    /// A projector of these projections; makes them known to the store.
    pub async fn open(
        log: Arc<dyn EventStore>,
        store: Arc<dyn ReadStore>,
        projections: Vec<Box<dyn ErasedProjection<E>>>,
        decode: Decoder<E>,
    ) -> Result<Self, ProjectorError> {
        let mut modes = HashMap::new();
        for projection in &projections {
            let definition = projection.definition();
            let defined = store.define(&definition).await?;
            publish_start(store.as_ref(), &defined).await?;
            modes.insert(definition.name, Mode::of(&defined));
        }
        let inner = Inner {
            log,
            store,
            decode,
            projections,
            modes: Mutex::new(modes),
            modes_changed: watch::Sender::new(0),
            halted: Mutex::default(),
            turn: RwLock::default(),
            rebuilding: tokio::sync::Mutex::new(()),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Stops folding events into the projection's rows, also after a restart, until it is resumed.
    pub async fn pause(&self, projection: &str) -> Result<(), ProjectorError> {
        let name = self.inner.find(projection)?.definition().name;
        self.inner.store.set_paused(name, true).await?;
        if self.inner.mode(name) == Mode::Outdated {
            // It is rebuilt first, and then found paused.
            return Ok(());
        }
        self.inner.set(name, Mode::Paused);
        self.inner.settled().await;
        Ok(())
    }

    /// Goes on folding events into the projection's rows.
    pub async fn resume(&self, projection: &str) -> Result<(), ProjectorError> {
        let definition = self.inner.find(projection)?.definition();
        self.inner.store.set_paused(definition.name, false).await?;
        let defined = self.inner.store.define(&definition).await?;
        self.inner.set(definition.name, Mode::of(&defined));
        Ok(())
    }
}

impl<E: 'static> Inner<E> {
    /// The projection called so.
    pub(crate) fn find(&self, name: &str) -> Result<&dyn ErasedProjection<E>, ProjectorError> {
        self.projections
            .iter()
            .find(|projection| projection.definition().name == name)
            .map(AsRef::as_ref)
            .ok_or_else(|| ProjectorError::UnknownProjection {
                name: name.to_owned(),
                known: self
                    .projections
                    .iter()
                    .map(|known| known.definition().name)
                    .collect(),
            })
    }

    /// Waits until all batches under way are written; later ones see the modes as they are now.
    pub(crate) async fn settled(&self) {
        drop(self.turn.write().await);
    }

    /// Which log it is.
    pub(crate) async fn log_id(&self) -> Result<Uuid, SourceError> {
        Ok(self.log.head().await?.log_id)
    }
}

/// Publishes where the stored rows stand; rows of another version stand nowhere yet.
async fn publish_start(store: &dyn ReadStore, defined: &Defined) -> Result<(), ReadError> {
    let stored = store.standing(&defined.live).await?;
    let activity = if defined.current {
        Activity::Stopped
    } else {
        Activity::Rebuilding
    };
    store
        .progress()
        .publish(&defined.live.projection, |standing| {
            standing.positions = if defined.current {
                stored.positions(store.partitions())
            } else {
                vec![0; store.partitions() as usize].into()
            };
            standing.parked = Arc::new(stored.first_parked());
            standing.activity = activity;
        });
    Ok(())
}

/// Why a projector or a rebuild stopped.
#[derive(Debug, thiserror::Error)]
pub enum ProjectorError {
    /// No projection is called so.
    #[error("there is no projection {name}; there are {}", known.join(", "))]
    UnknownProjection {
        /// What was asked for.
        name: String,
        /// The names that there are.
        known: Vec<&'static str>,
    },
    /// Fan-out and read store do not go together.
    #[error(
        "the events come in {fan_out} partitions and the read models are divided into {store}: \
         bring the right ones together, or build the read models anew with {fan_out} partitions"
    )]
    Partitions {
        /// Partitions of the fan-out.
        fan_out: u32,
        /// Partitions of the read store.
        store: u32,
    },
    /// Another process is rebuilding the projection.
    #[error("{projection} is being rebuilt by another process: wait until that is done")]
    BeingRebuilt {
        /// The projection.
        projection: &'static str,
    },
    /// An event that this build does not know; nothing behind it in its partition is folded.
    #[error(
        "the event at position {} ({} version {}) is newer than this build: {reason}; \
         start a build that knows it", event.position, event.event_type, event.schema_version
    )]
    NewerEvent {
        /// The event.
        event: Box<RecordedEvent>,
        /// What the decoder said.
        reason: String,
    },
    /// A stream does not go on as it should; nothing behind it in its partition is folded.
    #[error("{0}; check the log with `events verify`, and restore it from a backup")]
    BrokenStream(#[from] BrokenStream),
    /// A projection can't go on by itself.
    #[error(
        "{projection} can't go on: {reason}; rebuild it with `projection rebuild {projection}`"
    )]
    Halted {
        /// The projection.
        projection: &'static str,
        /// Why.
        reason: String,
    },
    /// There are no rows to go back to.
    #[error(
        "{projection} has no old rows to go back to: they are kept from a rebuild until the next one \
         begins"
    )]
    NothingKept {
        /// The projection.
        projection: &'static str,
    },
    /// The rows that were kept are of another version of the fold.
    #[error(
        "the old rows of {projection} are of version {found}, this build folds version {wanted}: \
         go back with the build that made them"
    )]
    KeptVersion {
        /// The projection.
        projection: &'static str,
        /// Version of the rows.
        found: String,
        /// Version of this build.
        wanted: String,
    },
    /// Somebody cancelled the rebuild.
    #[error("cancelled; run again to go on")]
    Cancelled,
    /// Another worker kept moving the rows.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The log can't be read on from the stored checkpoint.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The read store failed.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl ProjectorError {
    /// Whether the same may succeed later without anybody's help.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Source(source) => source.is_retryable(),
            Self::Read(read) | Self::Commit(CommitError::Store(read)) => {
                matches!(read, ReadError::Unavailable { .. })
            }
            Self::Commit(CommitError::Fenced { .. }) | Self::BeingRebuilt { .. } => true,
            Self::UnknownProjection { .. }
            | Self::Partitions { .. }
            | Self::NewerEvent { .. }
            | Self::NothingKept { .. }
            | Self::KeptVersion { .. }
            | Self::Cancelled
            | Self::BrokenStream(_)
            | Self::Halted { .. } => false,
        }
    }
}

//! Publishes the log to the topic, in log order. Any number of relays may run; one leads (`lease`),
//! publishes behind the position that was saved last (`publish`, `window`, `producer`), and saves how
//! far Kafka has acknowledged without a gap. What was published and not saved is published again by
//! the next leader: the readers of the topic drop it by its position. Next: `crate::kafka::fan_out`.

mod lease;
mod producer;
mod publish;
mod window;

use std::sync::Arc;

use orderlog_log::{
    event::Position,
    event_store::{EventStore, StoreError},
};
use sqlx::postgres::PgConnectOptions;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::{lease::Lease, publish::Publication};
use super::{
    tip,
    topic::{Topic, TopicError},
};
use crate::{backoff::Backoff, source::SourceError};

/// Publishes the log, whenever it leads.
pub struct Relay {
    log: Arc<dyn EventStore>,
    database: PgConnectOptions,
    topic: Topic,
    standing: watch::Sender<Standing>,
}

/// What a relay is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether this one publishes; another one does otherwise, or none yet.
    pub leads: bool,
    /// Up to here Kafka has acknowledged every event, as far as this relay knows.
    pub position: Position,
    /// Where the log ends.
    pub head: Position,
}

impl Standing {
    /// Events that are in the log and not yet in Kafka.
    pub fn lag(&self) -> u64 {
        self.head.saturating_sub(self.position)
    }
}

impl Relay {
    /// Publishes `log` to `topic`. The lease and how far it has come lie in `database`, which is
    /// reached directly: a pooler that shares connections among clients would share the lease.
    pub fn new(log: Arc<dyn EventStore>, database: PgConnectOptions, topic: Topic) -> Self {
        Self {
            log,
            database,
            topic,
            standing: watch::Sender::new(Standing::default()),
        }
    }

    /// What this relay is doing, kept up to date.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Waits to lead, then publishes, until `cancel`: then it finishes what is under way, saves and
    /// lets the next one lead. Failures that may pass are tried again; others end it.
    pub async fn run(&self, cancel: CancellationToken) -> Result<(), RelayError> {
        let mut failures = 0;
        loop {
            let before = self.standing.borrow().position;
            let ended = self.lead(&cancel).await;
            self.standing.send_modify(|standing| standing.leads = false);
            match ended {
                Ok(()) => return Ok(()),
                Err(error) if !error.is_retryable() => return Err(error),
                Err(error) => tracing::warn!(%error, "the relay begins anew"),
            }
            let came_on = self.standing.borrow().position > before;
            failures = if came_on { 1 } else { failures + 1 };
            tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                () = tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)) => {}
            }
        }
    }

    /// One turn as the leader: ends well only when cancelled.
    async fn lead(&self, cancel: &CancellationToken) -> Result<(), RelayError> {
        let Some(mut lease) = self.contend(cancel).await? else {
            return Ok(());
        };
        let found = self.topic.ensure().await?;
        let progress = lease.begin(self.log.as_ref(), &self.topic).await?;
        tip::verify(&self.topic, self.log.as_ref()).await?;
        tracing::info!(
            topic = self.topic.name,
            partitions = found.partitions,
            retention = ?found.retention,
            behind = progress.position,
            "the relay leads"
        );
        self.standing.send_modify(|standing| {
            standing.leads = true;
            standing.position = progress.position;
        });
        let (told, progress) = watch::channel(progress);
        let finished = CancellationToken::new();
        let publication = Publication {
            log: &self.log,
            topic: &self.topic,
            log_id: lease.log_id(),
            progress: told,
            standing: &self.standing,
        };
        let publish = async {
            let published = publication.run(cancel).await;
            finished.cancel();
            published
        };
        // Whichever fails drops the other: without its lease, nothing more is sent.
        tokio::try_join!(publish, lease.keep(progress, &finished))?;
        Ok(())
    }

    /// Waits for the lease; `None` when cancelled.
    async fn contend(&self, cancel: &CancellationToken) -> Result<Option<Lease>, RelayError> {
        let seen = |position| {
            self.standing.send_modify(|standing| {
                standing.position = position;
                standing.head = *self.log.watch_head().borrow();
            });
        };
        tokio::select! {
            () = cancel.cancelled() => Ok(None),
            lease = Lease::wait(&self.database, &self.topic.name, seen) => lease.map(Some),
        }
    }
}

/// Why a relay does not publish.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The topic is not as it should be, or no broker answers.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// The database failed.
    #[error("the relay's database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The database did not answer in time.
    #[error("the relay's database does not answer")]
    NoAnswer,
    /// The table is not there.
    #[error("the database has no table for the relay: run `orderlog migrate --database URL`")]
    NotMigrated,
    /// Another one leads.
    #[error("another relay has taken over")]
    Replaced,
    /// What was saved is of another log, or the log lost events that were published.
    #[error(
        "topic {topic} was published from another history of the log ({reason}): publish to a new \
         topic (its readers notice by their checkpoints and say what to do)"
    )]
    OtherHistory {
        /// The topic.
        topic: String,
        /// What differs.
        reason: String,
    },
    /// The log could not be read.
    #[error(transparent)]
    Source(SourceError),
    /// The producer failed; a new one goes on from what was saved.
    #[error("the producer failed: {detail}")]
    Producer {
        /// What it said.
        detail: String,
    },
}

impl RelayError {
    /// Whether the same may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Topic(error) => error.is_retryable(),
            Self::Source(error) => error.is_retryable(),
            Self::Database(_) | Self::NoAnswer | Self::Replaced | Self::Producer { .. } => true,
            Self::NotMigrated | Self::OtherHistory { .. } => false,
        }
    }
}

impl From<StoreError> for RelayError {
    fn from(error: StoreError) -> Self {
        Self::Source(error.into())
    }
}

impl From<SourceError> for RelayError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

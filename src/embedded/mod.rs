//! All roles in one process over the embedded log: the event store, the executors, the projector,
//! the process with its work rows, and both APIs behind one address. This is the only place that
//! knows how the parts are put together. Stopping finishes what is under way and saves how far
//! each part has come; killing loses nothing either.

mod failure;
mod parts;
mod web;

use std::{path::PathBuf, sync::Arc};

use chrono_tz::Tz;
use orderlog_command_api::aggregates::Aggregates;
use orderlog_domain::{fact::Fact, fulfilment::Timings};
use orderlog_log::{
    clock::Clock, event::Position, event_store::EventStore, sqlite::SqliteEventStore,
};
use orderlog_runtime::{
    process::{ProcessError, until_quiet},
    projector::{Projector, ProjectorError},
    read_store::ReadStore,
    source::TailFanOut,
    sqlite::{SqliteReadStore, SqliteWorkStore},
};
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;

pub use failure::StartError;

/// How the system is run.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where log and read models lie; created where missing.
    pub data_dir: PathBuf,
    /// Time zone whose days the daily sales are counted in.
    pub time_zone: Tz,
    /// Multiplies every waiting time of new orders' sagas.
    pub time_scale: f64,
    /// Whether read models and sagas follow the log; off to measure the commands' side alone.
    pub fan_out: bool,
}

/// A running system. Dropped without [`Embedded::stop`] it ends as if killed.
pub struct Embedded {
    /// The log.
    pub log: SqliteEventStore,
    /// The executors.
    pub aggregates: Aggregates,
    /// Where instants come from.
    pub clock: Clock,
    /// Folds the log into the read models.
    pub projector: Projector<Fact>,
    /// The read models.
    pub reads: Arc<SqliteReadStore>,
    work: SqliteWorkStore,
    passed: watch::Receiver<Position>,
    running: JoinSet<Result<(), StopError>>,
    cancel: CancellationToken,
}

/// Why a part of a running system ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// The projector can't go on.
    #[error("the projector stopped: {0}")]
    Projector(#[from] ProjectorError),
    /// The process can't go on.
    #[error("the process stopped: {0}")]
    Process(#[from] ProcessError),
    /// The log failed.
    #[error("the work loop stopped: {0}")]
    Work(#[from] orderlog_log::event_store::StoreError),
    /// A part ended that should run until the system stops.
    #[error("a part of the system ended by itself: {0}")]
    Ended(String),
}

impl Embedded {
    /// Opens the data directory and starts everything but the web server.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let timings = parts::timings(config.time_scale)?;
        let log = SqliteEventStore::open(&config.data_dir)?;
        Self::over(log, &config, timings).await
    }

    async fn over(
        log: SqliteEventStore,
        config: &Config,
        timings: Timings,
    ) -> Result<Self, StartError> {
        let clock = Clock::system();
        let store: Arc<dyn EventStore> = Arc::new(log.clone());
        let aggregates = Aggregates::new(Arc::clone(&store), clock.clone());
        let (reads, projector) = parts::projector(&log, config).await?;
        let work = SqliteWorkStore::open(log.clone()).await?;
        let process = parts::process(&log, &work, &aggregates, &clock, timings.clone()).await?;
        let work_loop = parts::work_loop(Arc::clone(&store), &work, &aggregates, &clock, &timings);
        let passed = process.passed();
        let cancel = CancellationToken::new();
        let mut running = JoinSet::new();
        if config.fan_out {
            let (live, fan_out) = (projector.clone(), TailFanOut::new(Arc::clone(&store)));
            let stop = cancel.clone();
            running.spawn(async move { Ok(live.run(fan_out, stop).await?) });
            let (fan_out, stop) = (TailFanOut::new(Arc::clone(&store)), cancel.clone());
            running.spawn(async move { Ok(process.run(fan_out, stop).await?) });
            let stop = cancel.clone();
            running.spawn(async move { Ok(work_loop.run(stop).await?) });
        }
        Ok(Self {
            log,
            aggregates,
            clock,
            projector,
            reads,
            work,
            passed,
            running,
            cancel,
        })
    }

    /// The projector of a data directory in which nothing else runs.
    pub async fn projector_of(config: &Config) -> Result<Projector<Fact>, StartError> {
        let log = SqliteEventStore::open(&config.data_dir)?;
        Ok(parts::projector(&log, config).await?.1)
    }

    /// Cancelled when the system stops; what runs beside it ends with it.
    pub fn stopping(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// Waits until nothing is left to do: every event handled, no work due or under way, and every
    /// read model at the end of the log.
    pub async fn settle(&mut self) -> Result<Position, StopError> {
        let quiet = until_quiet(&self.log, &mut self.passed, &self.work, &self.clock);
        let position = tokio::select! {
            position = quiet => position?,
            ended = self.running.join_next() => {
                return Err(why(ended));
            }
        };
        parts::caught_up(self.reads.progress(), &self.projector, position).await?;
        Ok(position)
    }

    /// Waits until a part ends by itself, which none should; answers why.
    pub async fn ended(&mut self) -> StopError {
        why(self.running.join_next().await)
    }

    /// Finishes what is under way, saves how far each part has come, and ends.
    pub async fn stop(mut self) -> Result<(), StopError> {
        self.cancel.cancel();
        while let Some(ended) = self.running.join_next().await {
            ended.map_err(|error| StopError::Ended(error.to_string()))??;
        }
        Ok(())
    }
}

/// Why a part ended that should run until the system stops.
fn why(ended: Option<Result<Result<(), StopError>, JoinError>>) -> StopError {
    match ended {
        Some(Ok(Err(error))) => error,
        Some(Err(error)) => StopError::Ended(error.to_string()),
        Some(Ok(Ok(()))) | None => StopError::Ended("nothing was wrong".to_owned()),
    }
}

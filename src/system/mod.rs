//! The parts of the system, put together: on the embedded log all of them in one process; on
//! PostgreSQL and Kafka all or some of them, each as often as there is need. This is the only place
//! that knows how. Stopping finishes what is under way, saves how far each part has come and hands
//! over what it holds; killing loses nothing either.
//!
//! `channels`: how customers are told. `config`: what is wanted. `engines`: what stands behind the ports;
//! `postgres_es`: what that crate has to be told; `log_address`: the log alone, for reading. `parts`: each part from its pieces. `web`: what this
//! process answers; `figures`: what it says to monitoring. `sealing`: the sealer; `seal_keys`: its public keys.

mod channels;
mod config;
mod engines;
mod failure;
mod figures;
mod log_address;
mod parts;
mod postgres_es;
mod seal_keys;
mod sealing;
mod today;
mod web;

use std::sync::Arc;

use orderlog_command_api::{aggregates::Aggregates, webhook_key::WebhookKey};
use orderlog_domain::fact::Facts;
use orderlog_log::{clock::Clock, event::Position, event_store::EventStore, seal::SealStore};
use orderlog_runtime::{
    dead_letter::DeadLetters, process::until_quiet, projector::Projector, read_store::ReadStore,
    work::WorkStore,
};
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;

use self::engines::Opened;
pub(crate) use self::parts::decode;
pub use self::{
    config::{
        Channels, Config, DatabaseUrl, Distributed, Engines, EventStoreEngine, Payments, Roles,
        Sealing,
    },
    engines::migrate,
    failure::{StartError, StopError},
    log_address::LogAddress,
    parts::processes,
    today::{Told, Untold, read, today},
};

/// Consumer group of the projectors.
const PROJECTORS: &str = "projector";
/// Consumer group of the process runtimes.
const PROCESSES: &str = "process";
/// Consumer group of the announcers.
const ANNOUNCERS: &str = "public-topics";

/// A running system. Dropped without [`System::stop`] it ends as if killed.
pub struct System {
    /// The log.
    pub log: Arc<dyn EventStore>,
    /// The executors.
    pub aggregates: Aggregates,
    /// Where instants come from.
    pub clock: Clock,
    roles: Roles,
    payments: Payments,
    webhook_key: Option<WebhookKey>,
    seals: Arc<dyn SealStore>,
    reads: Option<Arc<dyn ReadStore>>,
    projector: Option<Projector<Facts>>,
    following: Option<Following>,
    running: JoinSet<Result<(), StopError>>,
    cancel: CancellationToken,
}

/// How far the process has come, and what work is left.
struct Following {
    passed: watch::Receiver<Position>,
    work: Arc<dyn WorkStore>,
}

impl System {
    /// Opens the engines and starts the roles, all but the web server.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let timings = parts::timings(config.time_scale)?;
        let (opened, clock) = (Opened::open(&config).await?, Clock::system());
        let aggregates = Aggregates::new(Arc::clone(&opened.log), clock.clone());
        let mut system = Self {
            log: Arc::clone(&opened.log),
            aggregates,
            clock,
            roles: config.roles,
            payments: config.payments.clone(),
            webhook_key: config.channels.webhook_key.clone(),
            seals: opened.seals().await?,
            reads: None,
            projector: None,
            following: None,
            running: JoinSet::new(),
            cancel: CancellationToken::new(),
        };
        if config.roles.projector || config.roles.query_api {
            system.start_reads(&opened, &config).await?;
        }
        if config.roles.process {
            system
                .start_process(&opened, timings, &config.channels)
                .await?;
        }
        if config.roles.relay {
            system.start_relay(&opened)?;
            system.start_announcer(&opened).await?;
            sealing::start(&mut system, &config).await?;
        }
        Ok(system)
    }

    async fn start_reads(&mut self, opened: &Opened, config: &Config) -> Result<(), StartError> {
        let (reads, projector) = parts::projector(opened, config).await?;
        if config.roles.projector {
            let (fan_out, live) = (opened.fan_out(PROJECTORS)?, projector.clone());
            let stop = self.cancel.clone();
            self.running
                .spawn(async move { Ok(live.run(fan_out, stop).await?) });
        }
        self.reads = Some(reads);
        self.projector = Some(projector);
        Ok(())
    }

    async fn start_process(
        &mut self,
        opened: &Opened,
        timings: orderlog_domain::fulfilment::Timings,
        channels: &Channels,
    ) -> Result<(), StartError> {
        let work = opened.work().await?;
        let store = opened.processes().await?;
        let work_loop = parts::work_loop(self, Arc::clone(&work), &timings)?;
        let process = parts::process(self, store, timings, channels::available(channels));
        let channels = channels::loops(self, &work, channels)?;
        self.following = Some(Following {
            passed: process.passed(),
            work,
        });
        let (fan_out, stop) = (opened.fan_out(PROCESSES)?, self.cancel.clone());
        self.running
            .spawn(async move { Ok(process.run(fan_out, stop).await?) });
        for work_loop in channels.into_iter().chain([work_loop]) {
            let stop = self.cancel.clone();
            self.running
                .spawn(async move { Ok(work_loop.run(stop).await?) });
        }
        Ok(())
    }

    fn start_relay(&mut self, opened: &Opened) -> Result<(), StartError> {
        let Some(relay) = opened.relay()? else {
            return Ok(());
        };
        let stop = self.cancel.clone();
        self.running
            .spawn(async move { relay.run(stop).await.map_err(StopError::from) });
        Ok(())
    }

    async fn start_announcer(&mut self, opened: &Opened) -> Result<(), StartError> {
        let Some(announcer) = opened.announcer()? else {
            return Ok(());
        };
        let announcing = parts::announcing(self, opened.processes().await?, announcer);
        let (fan_out, stop) = (opened.fan_out(ANNOUNCERS)?, self.cancel.clone());
        self.running.spawn(async move {
            let ended = announcing.run(fan_out, stop).await;
            ended.map_err(StopError::PublicTopics)
        });
        Ok(())
    }

    /// The projector, to look at read models and rebuild them; nothing runs.
    pub async fn projector_of(config: &Config) -> Result<Projector<Facts>, StartError> {
        let opened = Opened::open(config).await?;
        Ok(parts::projector(&opened, config).await?.1)
    }

    /// The log alone, to read it or write to it by hand; nothing runs.
    pub async fn log_of(config: &Config) -> Result<Arc<dyn EventStore>, StartError> {
        Ok(Opened::open(config).await?.log)
    }

    /// What projections and processes could not take, to be looked at and decided upon; nothing runs.
    pub async fn dead_letters_of(config: &Config) -> Result<DeadLetters, StartError> {
        parts::dead_letters(&Opened::open(config).await?).await
    }

    /// Cancelled when the system stops; what runs beside it ends with it.
    pub fn stopping(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// Waits until nothing is left to do: every event handled, no work due or under way, and every
    /// read model at the end of the log. For the embedded log, which one process follows alone.
    pub async fn settle(&mut self) -> Result<Position, StopError> {
        let (Some(following), Some(reads), Some(projector)) =
            (&mut self.following, &self.reads, &self.projector)
        else {
            return Err(StopError::Ended("nothing follows the log".to_owned()));
        };
        let work = following.work.as_ref();
        let quiet = until_quiet(self.log.as_ref(), &mut following.passed, work, &self.clock);
        let position = tokio::select! {
            position = quiet => position?,
            ended = self.running.join_next() => {
                return Err(why(ended));
            }
        };
        parts::caught_up(reads.progress(), projector, position).await?;
        Ok(position)
    }

    /// Waits until a part ends by itself, which none should; answers why. Never done where no part
    /// runs beside the web server.
    pub async fn ended(&mut self) -> StopError {
        match self.running.join_next().await {
            None => std::future::pending().await,
            ended => why(ended),
        }
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

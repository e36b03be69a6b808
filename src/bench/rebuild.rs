//! `orderlog bench rebuild`: all read models built anew from a log, into SQLite or PostgreSQL, as
//! `projection rebuild --all` does it: folded, loaded, indexed, checked and swapped. A second rebuild
//! over the first compares the rows of both.

use std::{io, sync::Arc};

use anyhow::{Context, bail};
use orderlog_log::{
    event_reader::EventReader,
    event_store::EventStore,
    postgres::{PgEventStore, PgOptions},
};
use orderlog_runtime::rebuild::{RebuildPhase, RebuildProgress, RebuildReport};
use parking_lot::Mutex;

use super::{
    fold::reading::{Reading, Scan},
    history::HistoryArgs,
    means::MeansArgs,
    scratch::with_scratch,
    stages::{Report, Stage},
    usage::{Meter, Used},
};
use crate::system::{
    Channels, Config, DatabaseUrl, Distributed, Engines, EventStoreEngine, Payments, Roles, System,
    migrate,
};

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct RebuildArgs {
    #[command(flatten)]
    history: HistoryArgs,
    /// PostgreSQL server; log and read models go into a database of the bench's own, removed again
    #[arg(long, value_name = "URL", conflicts_with_all = ["keep", "history"])]
    database: Option<String>,
    /// A PostgreSQL database with a log, whose read models are built anew in it
    #[arg(long, value_name = "URL", conflicts_with_all = ["keep", "history", "database"])]
    log_database: Option<String>,
    /// Partitions of the read models in PostgreSQL
    #[arg(long, value_name = "COUNT", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=64))]
    partitions: u32,
    #[command(flatten)]
    means: MeansArgs,
    /// Rebuild once more, which compares the rows of both
    #[arg(long)]
    twice: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the bench and prints its report.
pub async fn run(args: RebuildArgs) -> anyhow::Result<()> {
    if let Some(database) = &args.log_database {
        return args.measure(args.distributed(database)).await;
    }
    let Some(server) = &args.database else {
        let history = args.history.log()?;
        let data_dir = history.directory().to_owned();
        return args.measure(Engines::Embedded { data_dir }).await;
    };
    with_scratch(async |scratch| {
        let database = scratch.database(server).await?;
        migrate(&DatabaseUrl(database.clone())).await?;
        let log = database.clone();
        args.history.make(async move || {
            let log = PgEventStore::connect(&log, PgOptions::default()).await?;
            Ok(Arc::new(log) as Arc<dyn EventStore>)
        })?;
        args.measure(args.distributed(&database)).await
    })
    .await
}

impl RebuildArgs {
    fn distributed(&self, database: &str) -> Engines {
        Engines::Distributed(Distributed {
            database: DatabaseUrl(database.to_owned()),
            event_store: EventStoreEngine::Postgres,
            topic: None,
            partitions: self.partitions,
            public_topics: None,
        })
    }

    async fn measure(&self, engines: Engines) -> anyhow::Result<()> {
        let store = match &engines {
            Engines::Embedded { .. } => "SQLite",
            Engines::Distributed(_) => "PostgreSQL",
        };
        let config = Config {
            engines,
            roles: Roles::ALL,
            time_zone: chrono_tz::Tz::UTC,
            time_scale: 1.0,
            payments: Payments::default(),
            channels: Channels::default(),
            sealing: None,
        };
        let log: Arc<dyn EventReader> = System::log_of(&config).await? as _;
        let options = self.means.options();
        let seen = Scan::of(&log, options.workers, Reading::Only).run().await?;
        drop(log);
        let mut stages = Vec::new();
        for name in ["rebuild", "rebuild, compared"] {
            stages.extend(self.rebuild(&config, name, seen.events).await?);
            if !self.twice {
                break;
            }
        }
        let report = Report {
            title: format!("all read models built anew in {store}"),
            threads: options.workers,
            events: seen.events,
            bytes: seen.bytes,
            stages,
        };
        report.print(&mut io::stdout().lock(), self.json)
    }

    /// One rebuild of everything: the whole, and each phase of it.
    async fn rebuild(
        &self,
        config: &Config,
        name: &str,
        events: u64,
    ) -> anyhow::Result<Vec<Stage>> {
        let projector = System::projector_of(config).await?;
        let phases = Phases::start()?;
        let reports = projector
            .rebuild_these(&projector.names(), &self.means.options(), &|now| {
                phases.tell(&now);
            })
            .await?;
        let (whole, phases) = phases.end()?;
        if let Some(different) = reports.iter().find(|report| differs(report)) {
            bail!("{} came out differently", different.projection);
        }
        let rows: u64 = reports.iter().map(|report| report.rows).sum();
        let compared = reports.iter().filter(|report| report.equal).count();
        let remarks = format!("{rows} rows, {compared} of {} compared", reports.len());
        let mut stages = vec![Stage::new(name, events, whole, remarks)];
        for (phase, used) in phases {
            let name = format!("  {phase:?}");
            stages.push(Stage::new(&name, events, used, String::new()));
        }
        Ok(stages)
    }
}

fn differs(report: &RebuildReport) -> bool {
    report.live_hash.is_some() && !report.equal
}

/// How long each phase takes, in the order in which they begin.
struct Phases {
    whole: Meter,
    seen: Mutex<Seen>,
}

struct Seen {
    now: Option<(RebuildPhase, Meter)>,
    ended: Vec<(RebuildPhase, Used)>,
    failed: Option<anyhow::Error>,
}

impl Phases {
    fn start() -> anyhow::Result<Self> {
        Ok(Self {
            whole: Meter::start()?,
            seen: Mutex::new(Seen {
                now: None,
                ended: Vec::new(),
                failed: None,
            }),
        })
    }

    fn tell(&self, now: &RebuildProgress) {
        let mut seen = self.seen.lock();
        if seen
            .now
            .as_ref()
            .is_none_or(|(phase, _)| *phase != now.phase)
        {
            let turned = seen.turn(Some(now.phase));
            seen.failed = seen.failed.take().or(turned.err());
        }
    }

    fn end(self) -> anyhow::Result<(Used, Vec<(RebuildPhase, Used)>)> {
        let mut seen = self.seen.into_inner();
        seen.turn(None)?;
        match seen.failed {
            Some(error) => Err(error).context("measure a phase"),
            None => Ok((self.whole.used()?, seen.ended)),
        }
    }
}

impl Seen {
    /// A phase ends, and another one begins.
    fn turn(&mut self, next: Option<RebuildPhase>) -> anyhow::Result<()> {
        if let Some((phase, meter)) = self.now.take() {
            let used = meter.used()?;
            match self.ended.iter_mut().find(|(ended, _)| *ended == phase) {
                Some((_, before)) => before.add(used),
                None => self.ended.push((phase, used)),
            }
        }
        self.now = match next {
            Some(phase) => Some((phase, Meter::within()?)),
            None => None,
        };
        Ok(())
    }
}

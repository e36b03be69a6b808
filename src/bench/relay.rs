//! `orderlog bench relay`: the relay, publishing a whole log to Kafka, beside a bare producer that has
//! the very same records ready in memory and is set the same way. Each round goes to a fresh topic.
//! Next: `bare` is the yardstick.

mod bare;
mod fill;

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use async_trait::async_trait;
use orderlog_log::{
    event_store::EventStore,
    postgres::{PgEventStore, PgOptions},
};
use orderlog_runtime::{
    kafka::{Relay, Standing, Topic},
    postgres::PgDatabase,
};
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use self::bare::BareProducer;
use super::{
    contest::{Contest, Contestant},
    load::Tally,
    scratch::{Scratch, with_scratch},
    table::Report,
};

/// Name of the relay in the report.
const RELAY: &str = "relay";
/// Name of the yardstick in the report.
const BARE: &str = "bare rdkafka producer";
/// A round that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(300);

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct RelayArgs {
    /// PostgreSQL server; a database of the bench's own is created there and removed again
    #[arg(long, value_name = "URL")]
    pub database: String,
    /// Brokers of Apache Kafka; topics of the bench's own are created there and removed again
    #[arg(long, value_name = "HOST:PORT")]
    pub kafka: String,
    /// Events that the log holds, of ~250 B each, all published in each round
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub events: u64,
    /// Rounds in which the contestants take turns
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs the bench and prints its report.
pub async fn run(args: RelayArgs) -> anyhow::Result<()> {
    let rows = with_scratch(async |scratch| {
        let address = scratch.database(&args.database).await?;
        let database = PgDatabase::new(&address, 1)?;
        database.migrate().await?;
        let log = Arc::new(PgEventStore::connect(&address, PgOptions::default()).await?);
        fill::fill(log.as_ref(), args.events).await?;
        let bare = BareProducer::new(log.as_ref(), topics(scratch, &args)).await?;
        let relay = Relaying {
            log,
            database,
            events: args.events,
            topics: topics(scratch, &args),
        };
        let contest = Contest::new().enter(BARE, bare).enter(RELAY, relay);
        contest.run(args.rounds).await
    })
    .await?;
    let title = format!(
        "events published to Kafka, {} of ~250 B and 17 headers in each of {} rounds, 12 partitions",
        args.events, args.rounds
    );
    Report::new(title, rows, &[(1, 0)]).print(&mut io::stdout().lock(), args.json)
}

/// A topic for each round, the first one among them.
fn topics(scratch: &Scratch, args: &RelayArgs) -> Vec<Topic> {
    (0..=args.rounds)
        .map(|_| scratch.topic(&args.kafka))
        .collect()
}

/// A relay for each round, measured from when it leads until Kafka has acknowledged all.
struct Relaying {
    log: Arc<dyn EventStore>,
    database: PgDatabase,
    events: u64,
    topics: Vec<Topic>,
}

#[async_trait]
impl Contestant for Relaying {
    async fn round(&mut self) -> anyhow::Result<Tally> {
        let topic = self.topics.pop().context("there is no topic left")?;
        topic.ensure().await?;
        let relay = Relay::new(Arc::clone(&self.log), self.database.options(), topic);
        let (mut standing, stop) = (relay.standing(), CancellationToken::new());
        let running = tokio::spawn({
            let stop = stop.clone();
            async move { relay.run(stop).await }
        });
        let published = async {
            reaches(&mut standing, |standing| standing.leads).await?;
            let start = Instant::now();
            reaches(&mut standing, |standing| standing.position >= self.events).await?;
            anyhow::Ok(start.elapsed())
        };
        let published = timeout(PATIENCE, published).await;
        stop.cancel();
        running.await??;
        let Ok(elapsed) = published else {
            bail!(
                "the relay did not publish {} events in {PATIENCE:?}",
                self.events
            );
        };
        Ok(published_in(self.events, elapsed?))
    }
}

async fn reaches(
    standing: &mut watch::Receiver<Standing>,
    what: impl FnMut(&Standing) -> bool,
) -> anyhow::Result<()> {
    let reached = standing.wait_for(what).await;
    reached.map(|_| ()).context("the relay ended")
}

/// A round in which no event was timed alone.
fn published_in(events: u64, elapsed: Duration) -> Tally {
    Tally {
        operations: events,
        elapsed,
        ..Tally::new()
    }
}

//! `orderlog bench place-order`: many clients place orders over HTTP, each waiting for its answer,
//! until the time is up; then the bench waits until every accepted order is carried through, that
//! is, confirmed or ended. It needs a running system and takes products and stock of its own.
//! Next: `shop` is what it asks of that system.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use serde::Serialize;
use tokio::time::sleep;
use uuid::Uuid;

use super::{
    ground::GroundArgs,
    http::Connection,
    load::{Tally, Writer, measure},
    shop::{Counts, Shop},
};
use crate::system::Roles;

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct PlaceOrderArgs {
    /// The system
    #[command(flatten)]
    pub ground: GroundArgs,
    /// Clients at once, each with a connection of its own
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub clients: u16,
    /// Seconds of load
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: u64,
    /// Products that the orders are spread over
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    pub products: u16,
    /// Do not wait until the orders are carried through; a system started for the bench then has
    /// its fan-out paused, so that acceptance is measured alone
    #[arg(long)]
    pub accept_only: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The system that was asked.
    pub system: String,
    /// Clients at once.
    pub clients: u16,
    /// Orders accepted.
    pub accepted: u64,
    /// Orders accepted per second.
    pub accepted_per_second: f64,
    /// Half of the answers took at most this, milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 answers took at most this, milliseconds.
    pub p99_ms: f64,
    /// The longest that an answer took, milliseconds.
    pub max_ms: f64,
    /// Answers other than acceptance, by status or reason.
    pub errors: BTreeMap<String, u64>,
    /// What became of the orders; absent when nobody waited for it.
    pub carried: Option<Carried>,
}

/// What became of the accepted orders.
#[derive(Clone, Debug, Serialize)]
pub struct Carried {
    /// Orders confirmed.
    pub confirmed: u64,
    /// Orders rejected or cancelled.
    pub ended_otherwise: u64,
    /// Orders carried through per second, from the first request to the last order.
    pub per_second: f64,
    /// Orders not yet carried through when the last request was answered.
    pub behind: u64,
    /// Time that these then took, seconds.
    pub caught_up_in: f64,
}

/// Time without progress after which the rest is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time between two looks at how far the orders are.
const LOOK: Duration = Duration::from_millis(100);

/// Runs the bench and prints its outcome.
pub async fn run(args: PlaceOrderArgs) -> anyhow::Result<()> {
    let roles = match args.accept_only {
        true => Roles::NO_FAN_OUT,
        false => Roles::ALL,
    };
    args.ground
        .stand(roles, async |base| measured(&args, base).await)
        .await
}

async fn measured(args: &PlaceOrderArgs, base: &str) -> anyhow::Result<()> {
    let shop = Arc::new(Shop::open(base, args.products).await?);
    let before = shop.counts().await?;
    let mut clients = Vec::new();
    for number in 0..args.clients {
        clients.push(Client::connect(&shop, usize::from(number)).await?);
    }

    let start = Instant::now();
    let tally = measure(&mut clients, Duration::from_secs(args.seconds)).await?;
    let errors = errors_of(&clients);
    let accepted = tally.operations - errors.values().sum::<u64>();
    let carried = match args.accept_only {
        true => None,
        false => Some(carried_through(&shop, before, accepted, start).await?),
    };
    let outcome = Outcome::new(args, accepted, &tally, errors, carried);
    outcome.print(&mut io::stdout().lock(), args.json)
}

/// Waits until all accepted orders are confirmed or ended.
pub(super) async fn carried_through(
    shop: &Shop,
    before: Counts,
    accepted: u64,
    start: Instant,
) -> anyhow::Result<Carried> {
    let (loaded, mut progressed) = (Instant::now(), Instant::now());
    let mut now = shop.counts().await?.since(before);
    let (behind, mut position) = (accepted.saturating_sub(now.done()), 0);
    while now.done() < accepted {
        // Steps of many sagas take turns: much may happen before the first of them is through.
        if progressed.elapsed() > PATIENCE {
            let reached = shop.position().await?;
            if reached == position {
                bail!(
                    "{} of {accepted} accepted orders are carried through, and nothing has happened \
                     for {PATIENCE:?}",
                    now.done()
                );
            }
            (position, progressed) = (reached, Instant::now());
        }
        sleep(LOOK).await;
        let next = shop.counts().await?.since(before);
        if next.done() > now.done() {
            progressed = Instant::now();
        }
        now = next;
    }
    Ok(Carried {
        confirmed: now.confirmed,
        ended_otherwise: now.ended,
        per_second: now.done() as f64 / start.elapsed().as_secs_f64(),
        behind,
        caught_up_in: loaded.elapsed().as_secs_f64(),
    })
}

/// A client with its connection; it takes the products in turn.
struct Client {
    shop: Arc<Shop>,
    connection: Connection,
    next: usize,
    errors: BTreeMap<String, u64>,
}

impl Client {
    async fn connect(shop: &Arc<Shop>, number: usize) -> anyhow::Result<Self> {
        let connection = Connection::open(shop.host())
            .await
            .with_context(|| format!("connect to {}", shop.host()))?;
        Ok(Self {
            shop: Arc::clone(shop),
            connection,
            next: number,
            errors: BTreeMap::new(),
        })
    }
}

impl Writer for Client {
    async fn write(&mut self) -> anyhow::Result<()> {
        let order = self.shop.order(self.next);
        self.next += 1;
        let key = Uuid::now_v7().to_string();
        let error = match self.connection.post("/api/v1/orders", &key, order).await {
            Ok(answer) if answer.status == 201 => return Ok(()),
            Ok(answer) => format!("{} {}", answer.status, code(&answer.body)),
            Err(error) => {
                self.connection = Connection::open(self.shop.host())
                    .await
                    .context("connect again")?;
                error.to_string()
            }
        };
        *self.errors.entry(error).or_default() += 1;
        Ok(())
    }
}

/// The code of a problem document.
fn code(body: &[u8]) -> String {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

fn errors_of(clients: &[Client]) -> BTreeMap<String, u64> {
    let mut errors = BTreeMap::new();
    for (error, count) in clients.iter().flat_map(|client| &client.errors) {
        *errors.entry(error.clone()).or_default() += count;
    }
    errors
}

impl Outcome {
    fn new(
        args: &PlaceOrderArgs,
        accepted: u64,
        tally: &Tally,
        errors: BTreeMap<String, u64>,
        carried: Option<Carried>,
    ) -> Self {
        let milliseconds = |share| tally.quantile(share).as_micros() as f64 / 1e3;
        Self {
            system: args.ground.name(),
            clients: args.clients,
            accepted,
            accepted_per_second: accepted as f64 / tally.elapsed.as_secs_f64(),
            p50_ms: milliseconds(0.5),
            p99_ms: milliseconds(0.99),
            max_ms: milliseconds(1.0),
            errors,
            carried,
        }
    }

    /// Writes the outcome, as JSON or for people.
    pub fn print(&self, out: &mut dyn Write, json: bool) -> anyhow::Result<()> {
        if json {
            serde_json::to_writer_pretty(&mut *out, self)?;
            writeln!(out)?;
            return Ok(());
        }
        writeln!(
            out,
            "orders over HTTP, {} clients, {}\n",
            self.clients, self.system
        )?;
        writeln!(
            out,
            "accepted          {:>9.0} per second   ({} orders)",
            self.accepted_per_second, self.accepted
        )?;
        writeln!(
            out,
            "answered in       p50 {:.2} ms   p99 {:.2} ms   max {:.2} ms",
            self.p50_ms, self.p99_ms, self.max_ms
        )?;
        writeln!(
            out,
            "errors            {:>9}",
            self.errors.values().sum::<u64>()
        )?;
        for (error, count) in &self.errors {
            writeln!(out, "                  {count:>9} x {error}")?;
        }
        let Some(carried) = &self.carried else {
            return Ok(());
        };
        writeln!(
            out,
            "carried through   {:>9.0} per second   ({} confirmed, {} ended otherwise)",
            carried.per_second, carried.confirmed, carried.ended_otherwise
        )?;
        writeln!(
            out,
            "behind at the end {:>9} orders, caught up in {:.1} s",
            carried.behind, carried.caught_up_in
        )?;
        Ok(())
    }
}

//! `orderlog bench visibility`: orders placed over HTTP at a steady rate, whatever the answers take,
//! each timed from when it is sent until GraphQL shows it, asked with the consistency token of the
//! answer. Meanwhile the bench looks how many orders are not carried through yet: where the rate can be
//! held, their number stays flat. Next: `open_load` is the load, `place_order` the carrying through.

mod open_load;
mod outcome;

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio::time::{interval, sleep};
use tokio_util::task::AbortOnDropHandle;

use self::{open_load::OpenLoad, outcome::Outcome};
use super::{
    ground::GroundArgs,
    place_order::carried_through,
    shop::{Counts, Shop},
};
use crate::system::Roles;

/// How long a system that has just started may take until it shows an order.
const START: Duration = Duration::from_secs(60);

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct VisibilityArgs {
    /// The system
    #[command(flatten)]
    pub ground: GroundArgs,
    /// Orders placed per second
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate: u32,
    /// Seconds of load
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: u64,
    /// Seconds of the same load before what counts: a broker that has just started is slow for so long
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub warm_up: u64,
    /// Products that the orders are spread over
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    pub products: u16,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Runs the bench and prints its outcome.
pub async fn run(args: VisibilityArgs) -> anyhow::Result<()> {
    let measure = async |base: &str| measured(&args, base).await;
    args.ground.stand(Roles::ALL, measure).await
}

async fn measured(args: &VisibilityArgs, base: &str) -> anyhow::Result<()> {
    let shop = Arc::new(Shop::open(base, args.products).await?);
    let load = OpenLoad::new(Arc::clone(&shop), args.rate);
    let idle = shop.counts().await?;
    first_order(&load).await?;
    let warm = load.run(Duration::from_secs(args.warm_up)).await?;
    carried_through(&shop, idle, warm.placed() + 1, Instant::now()).await?;

    let (before, start) = (shop.counts().await?, Instant::now());
    let looking = Looking::start(Arc::clone(&shop), before, args.rate);
    let seen = load.run(Duration::from_secs(args.seconds)).await?;
    let behind = looking.behind().await?;
    let carried = carried_through(&shop, before, seen.placed(), start).await?;
    Outcome::new(args, &seen, behind, carried).print(&mut io::stdout().lock(), args.json)
}

/// Waits until the system, which may just have started, shows an order.
async fn first_order(load: &OpenLoad) -> anyhow::Result<()> {
    let deadline = Instant::now() + START;
    let order = load.place_first().await?;
    while !order.is_shown().await? {
        if Instant::now() > deadline {
            bail!("an order was placed and not shown in {START:?}");
        }
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// Looks once a second how many orders are placed and not carried through.
struct Looking {
    task: AbortOnDropHandle<anyhow::Result<()>>,
    seen: tokio::sync::mpsc::UnboundedReceiver<u64>,
}

impl Looking {
    fn start(shop: Arc<Shop>, before: Counts, rate: u32) -> Self {
        let (tell, seen) = tokio::sync::mpsc::unbounded_channel();
        let start = Instant::now();
        let look = async move {
            let mut seconds = interval(Duration::from_secs(1));
            seconds.tick().await;
            loop {
                seconds.tick().await;
                let placed = start.elapsed().as_secs_f64() * f64::from(rate);
                let done = shop.counts().await?.since(before).done();
                let behind = (placed as u64).saturating_sub(done);
                tell.send(behind).context("nobody asks any more")?;
            }
        };
        let task = AbortOnDropHandle::new(tokio::spawn(look));
        Self { task, seen }
    }

    /// What was seen so far, second by second.
    async fn behind(mut self) -> anyhow::Result<Vec<u64>> {
        if self.task.is_finished() {
            self.task.await??;
            bail!("nobody looked at what is carried through");
        }
        let mut behind = Vec::new();
        while let Ok(seen) = self.seen.try_recv() {
            behind.push(seen);
        }
        Ok(behind)
    }
}

//! Durable appends of the log's embedded engine against a raw file and UmaDB's engine, in one run:
//! `cargo run --release -p orderlog-bench`. It is a package of its own so that nobody who only
//! builds orderlog compiles UmaDB. Next: `umadb`, and `orderlog::bench` for all the rest.

mod umadb;

use std::io;

use clap::Parser;
use orderlog::bench::{
    append::{AppendArgs, LOG, RAW_FILE, log_writers, raw_file_writers},
    load::{Tally, measure},
    table::{Report, Row},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Durable appends: orderlog's embedded log against a raw file and UmaDB's engine
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    append: AppendArgs,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Arguments::parse().append;
    let scratch = args.scratch()?;
    let mut raw_file = raw_file_writers(&args, scratch.path())?;
    let mut log = log_writers(&args, scratch.path())?;
    let mut umadb = umadb::writers(args.writers, scratch.path())?;
    let mut tallies = [Tally::new(), Tally::new(), Tally::new()];
    for round in 0..=args.rounds {
        let results = [
            measure(&mut raw_file, args.round()).await?,
            measure(&mut log, args.round()).await?,
            measure(&mut umadb, args.round()).await?,
        ];
        // The first round warms up and does not count.
        if round > 0 {
            tallies
                .iter_mut()
                .zip(results)
                .for_each(|(tally, result)| tally.add(result));
        }
    }
    let names = [RAW_FILE, LOG, umadb::NAME];
    let rows = names
        .iter()
        .zip(&tallies)
        .map(|(name, tally)| Row::new(name, tally))
        .collect();
    Report::new(args.title(), rows, &[(1, 0), (1, 2), (2, 0)])
        .print(&mut io::stdout().lock(), args.json)
}

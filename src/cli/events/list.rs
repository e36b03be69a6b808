//! `orderlog events list` and `tail`: the log as a table, one line per event; `tail` goes on with what
//! comes. Invariant: positions are printed in order, without a gap.

use std::time::Duration;

use clap::Args as ClapArgs;
use orderlog_log::{
    event::{Position, RecordedEvent},
    event_reader::EventReader,
};

use super::show::envelope;
use crate::{
    cli::{Failure, log::LogArgs},
    system::StartError,
};

/// Events that are read at once.
const PAGE: usize = 1_000;
/// How often `tail` looks for news.
const EVERY: Duration = Duration::from_millis(250);

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  orderlog events list --after 4700 --limit 20")]
pub(in crate::cli) struct ListArgs {
    #[command(flatten)]
    log: LogArgs,
    /// Begin behind this position.
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    after: Position,
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    limit: usize,
    /// Print one JSON object per line, payload included.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  orderlog events tail --json | jq .type")]
pub(in crate::cli) struct TailArgs {
    #[command(flatten)]
    log: LogArgs,
    /// Begin with the last so many.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    last: u64,
    /// Print one JSON object per line, payload included.
    #[arg(long)]
    json: bool,
}

pub(super) async fn list(args: ListArgs) -> Result<(), Failure> {
    let log = args.log.open().await?;
    if !args.json {
        print_head();
    }
    let (mut after, mut left) = (args.after, args.limit);
    while left > 0 {
        let page = read(log.as_ref(), after, left.min(PAGE)).await?;
        let Some(last) = page.last() else { break };
        (after, left) = (last.position, left - page.len());
        page.iter().for_each(|event| print(event, args.json));
    }
    Ok(())
}

/// Never ends by itself.
pub(super) async fn tail(args: TailArgs) -> Result<(), Failure> {
    let log = args.log.open().await?;
    let head = log.head().await.map_err(StartError::from)?.position;
    if !args.json {
        print_head();
    }
    let mut after = head.saturating_sub(args.last);
    loop {
        let page = read(log.as_ref(), after, PAGE).await?;
        page.iter().for_each(|event| print(event, args.json));
        match page.last() {
            Some(last) => after = last.position,
            None => tokio::time::sleep(EVERY).await,
        }
    }
}

async fn read(
    log: &dyn EventReader,
    after: Position,
    limit: usize,
) -> Result<Vec<RecordedEvent>, Failure> {
    let page = log.read_all(after, limit).await;
    Ok(page.map_err(StartError::from)?)
}

fn print_head() {
    println!(
        "{:>10}  {:<24}  {:<34} {:>7}  {:<46} {:>7}  actor",
        "position", "recorded", "event", "schema", "stream", "version"
    );
}

fn print(event: &RecordedEvent, json: bool) {
    if json {
        return println!("{}", envelope(event));
    }
    println!(
        "{:>10}  {:<24}  {:<34} {:>7}  {:<46} {:>7}  {}",
        event.position,
        event.recorded_at.format("%Y-%m-%dT%H:%M:%S%.3fZ"),
        event.event_type,
        event.schema_version,
        event.stream,
        event.version,
        event.actor
    );
}

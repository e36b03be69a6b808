//! `orderlog aggregate show`: an order, a payment, a stock item or any other aggregate as it is, as it
//! was at a point, or what changed between two. Folded from the log by the rules' own `apply`; works
//! beside a running shop. Next: `orderlog_projections::time_travel`.

use std::fmt::Write as _;

use clap::{Args as ClapArgs, Subcommand};
use orderlog_log::event_reader::EventReader;
use orderlog_projections::time_travel::{
    Change, NoState, Point, StateAt, beginning, changes, state_at,
};
use serde_json::{Value, json};

use super::{Failure, log::LogArgs, remote::print_json, runtime};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show an aggregate as it is, as it was at a point, or what changed between two points.
    Show(Args),
}

const HELP: &str = "\
A point is
  1200, position:1200     all up to and with this position of the log,
  v3, version:3           all up to and with this version of the stream; v0 is before its first event,
  2026-11-21T10:00:00Z    all that was recorded then or earlier.

Streams: order-ID, payment-ID, saga-order-ID, stock-SKU-WAREHOUSE, product-SKU, notification-ID,
contact-CUSTOMER, webhook-endpoints.

Examples:
  orderlog aggregate show order-0192f0c1-5c1e-7e0a-8a51-2f6a3d5f1b10
  orderlog aggregate show stock-MUG-1-main --at 2026-11-21T10:00:00Z
  orderlog aggregate show order-0192f0c1-5c1e-7e0a-8a51-2f6a3d5f1b10 --diff v2 v5";

#[derive(Debug, ClapArgs)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// The aggregate's stream.
    stream: String,
    #[command(flatten)]
    log: LogArgs,
    /// As it was at this point; as it is now unless said.
    #[arg(long, value_name = "POINT", conflicts_with = "diff")]
    at: Option<Point>,
    /// What changed between these points, field by field.
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"])]
    diff: Option<Vec<Point>>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    let Verb::Show(args) = verb;
    runtime()?.block_on(show(args))
}

async fn show(args: Args) -> Result<(), Failure> {
    let log = args.log.open().await?;
    let (log, stream) = (log.as_ref(), args.stream.as_str());
    if let Some([from, to]) = args.diff.as_deref() {
        let (before, after) = (
            read(log, stream, Some(*from)).await?,
            read(log, stream, Some(*to)).await?,
        );
        return differ(stream, (*from, &before), (*to, &after), args.json);
    }
    let found = read(log, stream, args.at).await?;
    if let (None, Some(at)) = (&found.last, args.at) {
        return Err(not_begun(log, stream, at).await);
    }
    let told = told(stream, &found)?;
    if args.json {
        return print_json(&told);
    }
    let text = serde_json::to_string_pretty(&told["state"]).map_err(anyhow::Error::from)?;
    println!("{}\n{text}", heading(stream, &found));
    Ok(())
}

fn differ(
    stream: &str,
    (from, before): (Point, &StateAt),
    (to, after): (Point, &StateAt),
    as_json: bool,
) -> Result<(), Failure> {
    let (before, after) = (told(stream, before)?, told(stream, after)?);
    let found = changes(&before["state"], &after["state"]);
    if as_json {
        return print_json(&json!({ "from": before, "to": after, "changes": found }));
    }
    println!("{stream}, {from} .. {to}");
    print!("{}", lines(&found));
    Ok(())
}

async fn read(
    log: &dyn EventReader,
    stream: &str,
    point: Option<Point>,
) -> Result<StateAt, Failure> {
    state_at(log, stream, point).await.map_err(|error| {
        let message = error.to_string();
        match error {
            NoState::NoAggregate { .. } => Failure::usage(message),
            other if other.is_absent() => Failure::not_found(message),
            _ => Failure::failed(message),
        }
    })
}

async fn not_begun(log: &dyn EventReader, stream: &str, at: Point) -> Failure {
    let begins = match beginning(log, stream).await {
        Ok(Some(first)) => format!(
            "it begins at position {}, {}",
            first.position,
            first.recorded_at.to_rfc3339()
        ),
        Ok(None) => "there is no such stream".to_owned(),
        Err(error) => error.to_string(),
    };
    Failure::not_found(format!("{stream} did not exist at {at}; {begins}"))
}

fn heading(stream: &str, found: &StateAt) -> String {
    let state = found.state.name();
    match &found.last {
        Some(last) => format!(
            "{stream} is {state}: version {}, position {}, {} of {}",
            last.version,
            last.position,
            last.event_type,
            last.recorded_at.to_rfc3339(),
        ),
        None => format!("{stream} has not begun"),
    }
}

/// The state and where it was taken, for programs.
fn told(stream: &str, found: &StateAt) -> Result<Value, Failure> {
    let last = found.last.as_ref();
    let state = serde_json::to_value(&found.state).map_err(anyhow::Error::from)?;
    Ok(json!({
        "stream": stream,
        "kind": found.state.kind(),
        "version": last.map_or(0, |last| last.version),
        "position": last.map(|last| last.position),
        "lastEvent": last.map(|last| &last.event_type),
        "recordedAt": last.map(|last| last.recorded_at),
        "name": found.state.name(),
        "state": state,
    }))
}

/// A change per line: a field that came, went, or is another.
fn lines(changes: &[Change]) -> String {
    let width = changes.iter().map(|it| it.path.len()).max().unwrap_or(0);
    let mut lines = String::new();
    for Change {
        path,
        before,
        after,
    } in changes
    {
        let told = match (before, after) {
            (None, Some(after)) => format!("+ {path:<width$}  {after}"),
            (Some(before), None) => format!("- {path:<width$}  {before}"),
            (before, after) => format!(
                "~ {path:<width$}  {} -> {}",
                before.as_ref().unwrap_or(&Value::Null),
                after.as_ref().unwrap_or(&Value::Null)
            ),
        };
        let _ = writeln!(lines, "{told}");
    }
    if changes.is_empty() {
        lines.push_str("nothing changed\n");
    }
    lines
}

//! `orderlog events show`: one event as it lies in the log, and beside it what it says today where its
//! form has changed since. Next: `finding` looks for it.

use std::str::FromStr;

use clap::Args as ClapArgs;
use orderlog_log::event::{Position, RecordedEvent};
use serde_json::{Value, json};
use uuid::Uuid;

use super::finding;
use crate::{
    cli::{Failure, log::LogArgs, remote::print_json},
    system::{Told, today},
};

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog events show 4711\n  orderlog events show 0199d7a4-5c1e-7e0a-8a51-2f6a3d5f1b10 --json\n  orderlog events show 4711 --raw | b3sum\n\nWorks beside a running shop."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    log: LogArgs,
    /// Its position in the log, or its id.
    #[arg(value_name = "POSITION|EVENT_ID")]
    event: Wanted,
    /// Print the stored payload alone, byte for byte.
    #[arg(long)]
    raw: bool,
    /// Print JSON.
    #[arg(long, conflicts_with = "raw")]
    json: bool,
}

/// Which event is meant.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    At(Position),
    Id(Uuid),
}

impl FromStr for Wanted {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let at = text.parse().ok().filter(|at| *at > 0).map(Self::At);
        let id = || text.parse().ok().map(Self::Id);
        at.or_else(id)
            .ok_or("is neither a position (1, 2, 3...) nor an event's id")
    }
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let log = args.log.open().await?;
    let (found, what) = match args.event {
        Wanted::At(at) => (
            finding::at(log.as_ref(), at).await?,
            format!("position {at}"),
        ),
        Wanted::Id(id) => (
            finding::by_id(log.as_ref(), id).await?,
            format!("the id {id}"),
        ),
    };
    let missing = || Failure::not_found(format!("the log has no event with {what}"));
    let event = found.ok_or_else(missing)?;
    if args.raw {
        println!("{}", event.data);
        return Ok(());
    }
    let today = today(&event).map_err(|error| error.to_string());
    if args.json {
        return print_json(&as_json(&event, &today));
    }
    print(&event, &today);
    Ok(())
}

fn print(event: &RecordedEvent, today: &Result<Vec<Told>, String>) {
    let field = |name: &str, value: &str| println!("{name:<12} {value}");
    let version = event.schema_version;
    field("event", &format!("{} v{version}", event.event_type));
    field("position", &event.position.to_string());
    field("id", &event.event_id.to_string());
    field(
        "stream",
        &format!("{}, version {}", event.stream, event.version),
    );
    field("key", &event.partition_key);
    field("occurred", &event.occurred_at.to_rfc3339());
    field("recorded", &event.recorded_at.to_rfc3339());
    field("actor", &event.actor);
    field("command", &event.command_id.to_string());
    field("causation", &event.causation_id.to_string());
    field("correlation", &event.correlation_id.to_string());
    if let Some(traceparent) = &event.traceparent {
        field("traceparent", traceparent);
    }
    println!("\nas stored\n{}", set(&event.data));
    match today {
        Err(reason) => println!("\ntoday: this build can't read it: {reason}"),
        Ok(told) if told.is_empty() => println!("\ntoday: nothing"),
        Ok(told) => told
            .iter()
            .filter(|told| !is_stored(event, told))
            .for_each(print_told),
    }
}

fn print_told(told: &Told) {
    let Told {
        event_type,
        schema_version,
        data,
    } = told;
    println!("\ntoday: {event_type} v{schema_version}\n{}", set(data));
}

/// Whether an event is read as it was stored.
fn is_stored(event: &RecordedEvent, told: &Told) -> bool {
    (&told.event_type, told.schema_version) == (&event.event_type, event.schema_version)
}

/// JSON in lines, its names sorted, so that two payloads can be compared; as it is where it is none.
fn set(data: &str) -> String {
    let value = serde_json::from_str::<Value>(data);
    let text = value.and_then(|value| serde_json::to_string_pretty(&value));
    text.unwrap_or_else(|_| data.to_owned())
}

fn as_json(event: &RecordedEvent, today: &Result<Vec<Told>, String>) -> Value {
    let (told, unread) = match today {
        Ok(told) => (told.as_slice(), None),
        Err(reason) => ([].as_slice(), Some(reason)),
    };
    let told: Vec<_> = told
        .iter()
        .map(|told| {
            json!({
                "type": told.event_type,
                "schema_version": told.schema_version,
                "data": payload(&told.data),
            })
        })
        .collect();
    let mut shown = envelope(event);
    shown["today"] = json!(told);
    shown["unread"] = json!(unread);
    shown
}

/// All that is recorded of an event.
pub(super) fn envelope(event: &RecordedEvent) -> Value {
    json!({
        "position": event.position,
        "event_id": event.event_id,
        "stream": event.stream,
        "version": event.version,
        "type": event.event_type,
        "schema_version": event.schema_version,
        "partition_key": event.partition_key,
        "occurred_at": event.occurred_at,
        "recorded_at": event.recorded_at,
        "actor": event.actor,
        "command_id": event.command_id,
        "causation_id": event.causation_id,
        "correlation_id": event.correlation_id,
        "traceparent": event.traceparent,
        "data": payload(&event.data),
    })
}

/// A payload as JSON; as text where it is none.
fn payload(data: &str) -> Value {
    serde_json::from_str(data).unwrap_or_else(|_| json!(data))
}

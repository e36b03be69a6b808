//! `orderlog dead-letter`: events that a read model or a process could not take, and what is to become
//! of them. A decision is appended to the log; whoever follows the partition carries it out: the
//! running system at once, a stopped one when it is started again.

use chrono::Utc;
use clap::{Args as ClapArgs, Subcommand};
use orderlog_log::{
    event::{Position, RecordedEvent},
    event_store::StoreError,
};
use orderlog_runtime::{
    dead_letter::{Author, ConsumerKind, DeadLetter, DeadLetterError, DeadLetters, Ruling},
    read_store::ReadError,
};
use serde_json::{Value, json};

use super::{Failure, ShopArgs, runtime};
use crate::system::System;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List parked events; those of one key wait for the first of them.
    List(ListArgs),
    /// Show a parked event, and what was decided about it before.
    Show(ShowArgs),
    /// Have the parked events of its key taken again, in order, until one fails again.
    Redrive(DecideArgs),
    /// Drop the first parked event of its key, and have those behind it taken again.
    Discard(DecideArgs),
}

#[derive(Debug, ClapArgs)]
pub(super) struct ListArgs {
    #[command(flatten)]
    shop: ShopArgs,
    /// Of this read model or process alone.
    #[arg(long, value_name = "NAME")]
    consumer: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    shop: ShopArgs,
    /// The read model or process that could not take the event.
    consumer: String,
    /// Position of the event in the log.
    position: Position,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  orderlog dead-letter redrive order_summary 4711 --reason \"fixed in 1.2.1\""
)]
pub(super) struct DecideArgs {
    #[command(flatten)]
    which: ShowArgs,
    /// Why, for those who read the log later.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who decides.
    #[arg(long, env = "USER", value_name = "NAME")]
    actor: String,
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List(args) => runtime()?.block_on(list(args)),
        Verb::Show(args) => runtime()?.block_on(show(args)),
        Verb::Redrive(args) => runtime()?.block_on(decide(Ruling::Redrive, args)),
        Verb::Discard(args) => runtime()?.block_on(decide(Ruling::Discard, args)),
    }
}

async fn list(args: ListArgs) -> Result<(), Failure> {
    let letters = of(&args.shop).await?;
    let letters = letters.list(args.consumer.as_deref()).await?;
    if args.json {
        return print_json(&letters);
    }
    println!(
        "{:<16} {:<10} {:>10}  {:<28} {:<36} reason",
        "consumer", "kind", "position", "event", "key"
    );
    for letter in &letters {
        let (kind, reason) = (kind(letter.kind), one_line(&letter.reason));
        let DeadLetter {
            consumer,
            position,
            event_type,
            partition_key,
            ..
        } = letter;
        println!(
            "{consumer:<16} {kind:<10} {position:>10}  {event_type:<28} {partition_key:<36} {reason}"
        );
    }
    Ok(())
}

async fn show(args: ShowArgs) -> Result<(), Failure> {
    let letters = of(&args.shop).await?;
    let letter = letters.find(&args.consumer, args.position).await?;
    let event = letters.event(&letter).await?;
    let decisions = letters.decisions(&letter).await?;
    if args.json {
        let decisions: Vec<Value> = decisions.iter().map(event_json).collect();
        return print_json(
            &json!({ "dead_letter": letter, "event": event_json(&event), "decisions": decisions }),
        );
    }
    let place = if letter.first {
        "first of its key; those behind it wait"
    } else {
        "waits behind the first of its key"
    };
    let field = |name: &str, value: &str| println!("{name:<12} {value}");
    field(
        "consumer",
        &format!("{} ({})", letter.consumer, kind(letter.kind)),
    );
    field("position", &format!("{}, {place}", letter.position));
    field("reason", &letter.reason);
    field(
        "event",
        &format!("{} version {}", event.event_type, event.schema_version),
    );
    field("id", &event.event_id.to_string());
    field(
        "stream",
        &format!("{}, version {}", event.stream, event.version),
    );
    field("key", &event.partition_key);
    field("recorded", &event.recorded_at.to_rfc3339());
    field("actor", &event.actor);
    field("correlation", &event.correlation_id.to_string());
    field("data", &event.data);
    for decision in &decisions {
        let when = decision.recorded_at.to_rfc3339();
        let said = format!(
            "{} at position {}, {when}, by {}: {}",
            decision.event_type, decision.position, decision.actor, decision.data
        );
        field("decided", &said);
    }
    Ok(())
}

async fn decide(ruling: Ruling, args: DecideArgs) -> Result<(), Failure> {
    let ShowArgs {
        shop,
        consumer,
        position,
        json,
    } = args.which;
    let letters = of(&shop).await?;
    let author = Author {
        actor: args.actor,
        reason: args.reason,
        at: Utc::now(),
    };
    let recorded = letters.decide(ruling, &consumer, position, author).await?;
    if json {
        return print_json(&json!({
            "command_id": recorded.command.command_id,
            "position": recorded.position,
            "partition_key": recorded.partition_key,
        }));
    }
    println!(
        "decided at position {}: {consumer} carries it out when it comes there",
        recorded.position
    );
    Ok(())
}

async fn of(shop: &ShopArgs) -> Result<DeadLetters, Failure> {
    Ok(System::dead_letters_of(&shop.config()?).await?)
}

fn kind(kind: ConsumerKind) -> &'static str {
    match kind {
        ConsumerKind::Projection => "projection",
        ConsumerKind::Process => "process",
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The event; its payload as JSON, or as text where it is none.
fn event_json(event: &RecordedEvent) -> Value {
    let data = serde_json::from_str(&event.data);
    let data = data.unwrap_or_else(|_| Value::String(event.data.clone()));
    json!({
        "position": event.position,
        "event_id": event.event_id,
        "stream": event.stream,
        "version": event.version,
        "type": event.event_type,
        "schema_version": event.schema_version,
        "data": data,
        "partition_key": event.partition_key,
        "command_id": event.command_id,
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "actor": event.actor,
        "occurred_at": event.occurred_at,
        "recorded_at": event.recorded_at,
    })
}

fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value);
    println!(
        "{}",
        text.map_err(|error| Failure::failed(error.to_string()))?
    );
    Ok(())
}

impl From<DeadLetterError> for Failure {
    fn from(error: DeadLetterError) -> Self {
        let message = error.to_string();
        match error {
            DeadLetterError::UnknownConsumer { .. } | DeadLetterError::NotParked { .. } => {
                Self::not_found(message)
            }
            DeadLetterError::NotFirst { .. } | DeadLetterError::DecidedMeanwhile { .. } => {
                Self::conflict(message)
            }
            DeadLetterError::TooLong { .. } => Self::usage(message),
            DeadLetterError::Log(StoreError::Unavailable { .. })
            | DeadLetterError::Read(ReadError::Unavailable { .. }) => Self::unreachable(message),
            DeadLetterError::OtherLog { .. }
            | DeadLetterError::Data(_)
            | DeadLetterError::Log(_)
            | DeadLetterError::Read(_) => Self::failed(message),
        }
    }
}

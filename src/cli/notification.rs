//! `orderlog notification`: what customers were told, as a running system knows it, and having it sent
//! once more.

use clap::{Args as ClapArgs, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Failure, remote::RemoteArgs, runtime};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List what customers were told, newest first, with what became of it on each channel.
    List(ListArgs),
    /// Have a notification sent once more, under the same id.
    Replay(ReplayArgs),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  orderlog notification list --user ann --status given-up")]
pub(super) struct ListArgs {
    #[command(flatten)]
    remote: RemoteArgs,
    /// Of this customer alone.
    #[arg(long, value_name = "CUSTOMER")]
    user: Option<String>,
    /// With this status alone.
    #[arg(long)]
    status: Option<Status>,
    /// At most so many; 100 at most.
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    first: u8,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// How far a notification came.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Status {
    Requested,
    Sent,
    Failed,
    GivenUp,
    Withheld,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  orderlog notification replay 01a1fc65-e8e4-8113-82b2-d35c51a6ee68 --channel email"
)]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    remote: RemoteArgs,
    /// The notification.
    id: Uuid,
    /// Through this channel, whatever became of it there: log, email or webhook:ENDPOINT. Without it,
    /// through those that have given it up.
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// Who asks for it.
    #[arg(long, env = "USER", value_name = "NAME")]
    actor: String,
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List(args) => runtime()?.block_on(list(args)),
        Verb::Replay(args) => runtime()?.block_on(replay(args)),
    }
}

const QUERY: &str = "query($customerId: String, $status: [NotificationStatus!]!, $first: Int!) {
  notifications(customerId: $customerId, status: $status, first: $first) { nodes {
    id customerId orderId kind status requestedAt
    deliveries { channel status withheld tried retryAt attempts { at failure } }
  } }
}";

/// What the query answers.
#[derive(Deserialize)]
struct Found {
    notifications: Nodes,
}

#[derive(Deserialize)]
struct Nodes {
    nodes: Vec<Value>,
}

async fn list(args: ListArgs) -> Result<(), Failure> {
    let status: Vec<_> = args.status.map(name).into_iter().collect();
    let variables = json!({ "customerId": args.user, "status": status, "first": args.first });
    let remote = args.remote.remote()?;
    let found: Found = remote.graphql(QUERY, variables).await?;
    let nodes = found.notifications.nodes;
    if args.json {
        println!("{:#}", Value::Array(nodes));
        return Ok(());
    }
    println!(
        "{:<36} {:<12} {:<22} {:<10} deliveries",
        "id", "customer", "kind", "status"
    );
    for node in &nodes {
        let text = |field: &str| node[field].as_str().unwrap_or_default();
        println!(
            "{:<36} {:<12} {:<22} {:<10} {}",
            text("id"),
            text("customerId"),
            text("kind"),
            text("status"),
            deliveries(node)
        );
    }
    Ok(())
}

/// What became of a notification on each channel, on one line.
fn deliveries(node: &Value) -> String {
    let deliveries = node["deliveries"].as_array().into_iter().flatten();
    let each = deliveries.map(|delivery| {
        let text = |field: &str| delivery[field].as_str();
        let channel = text("channel").unwrap_or_default();
        let status = text("status").unwrap_or_default();
        let tried = &delivery["tried"];
        let attempts = delivery["attempts"].as_array().and_then(|all| all.last());
        let failure = attempts.and_then(|last| last["failure"].as_str());
        match text("withheld").or(failure) {
            Some(why) => format!("{channel} {status} ({tried} tried: {why})"),
            None => format!("{channel} {status} ({tried} tried)"),
        }
    });
    each.collect::<Vec<_>>().join(", ")
}

async fn replay(args: ReplayArgs) -> Result<(), Failure> {
    let (id, key) = (args.id.to_string(), Uuid::now_v7().to_string());
    let body = json!({ "channel": args.channel });
    let path = ["notifications", &id, "replay"];
    let remote = args.remote.remote()?;
    let _: Value = remote.post(&path, &key, &args.actor, &body).await?;
    println!("notification {id} is sent once more");
    Ok(())
}

fn name(status: Status) -> &'static str {
    match status {
        Status::Requested => "REQUESTED",
        Status::Sent => "SENT",
        Status::Failed => "FAILED",
        Status::GivenUp => "GIVEN_UP",
        Status::Withheld => "WITHHELD",
    }
}

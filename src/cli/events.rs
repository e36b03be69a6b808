//! `orderlog events`: the log itself, a verb per file. `graph`, what one request led to, is here.

mod export;
mod finding;
mod import;
mod list;
mod mermaid;
mod prove;
mod replay;
mod show;
mod verify;

use clap::{Args as ClapArgs, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Failure,
    remote::{RemoteArgs, print_json},
    runtime,
};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show one event: its envelope, its payload as stored, and as it is read today.
    Show(show::Args),
    /// List events, oldest first.
    List(list::ListArgs),
    /// Print events as they are recorded.
    Tail(list::TailArgs),
    /// Draw what led to what, as Mermaid: the commands and events with one correlation id.
    Graph(GraphArgs),
    /// Copy a part of the log, chosen by filters, into lines or onto another topic; nothing happens again.
    Replay(Box<replay::Args>),
    /// Write a part of the log, or all of it, into a file that `import` takes; beside a running shop.
    Export(export::Args),
    /// Take up history from a file; nothing is done because of it.
    Import(import::Args),
    /// See that the log is what was sealed; name the first position that is not.
    Verify(verify::Args),
    /// Print the proof of one event, for somebody who has not got the log.
    Prove(prove::Args),
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  orderlog events graph --correlation 0199d7a4-5c1e-7e0a-8a51-2f6a3d5f1b10 > chain.mmd\n\nThe correlation id is in the X-Correlation-Id of every answer, and in `orderlog saga show --json`."
)]
pub(super) struct GraphArgs {
    #[command(flatten)]
    remote: RemoteArgs,
    /// The id that the chain shares.
    #[arg(long, value_name = "ID")]
    correlation: Uuid,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

const QUERY: &str = "query ($id: UUID!, $after: String) {
  causationGraph(correlationId: $id) {
    commands(first: 40, after: $after) {
      nodes {
        id cause
        record { name stream actor refusal recordedAt }
        events { id eventType stream position occurredAt }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}";

const TRUNCATED: &str = "query ($id: UUID!) { causationGraph(correlationId: $id) { truncated } }";

/// A command of the chain.
#[derive(Deserialize)]
struct Command {
    cause: Option<Uuid>,
    record: Option<Record>,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Record {
    name: String,
    stream: String,
    actor: String,
    refusal: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    id: Uuid,
    event_type: String,
    position: String,
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Show(args) => runtime()?.block_on(show::run(args)),
        Verb::List(args) => runtime()?.block_on(list::list(args)),
        Verb::Tail(args) => runtime()?.block_on(list::tail(args)),
        Verb::Graph(args) => runtime()?.block_on(graph(args)),
        Verb::Replay(args) => runtime()?.block_on(replay::run(*args)),
        Verb::Export(args) => runtime()?.block_on(export::run(args)),
        Verb::Import(args) => runtime()?.block_on(import::run(args)),
        Verb::Verify(args) => runtime()?.block_on(verify::run(args)),
        Verb::Prove(args) => runtime()?.block_on(prove::run(args)),
    }
}

async fn graph(args: GraphArgs) -> Result<(), Failure> {
    let (remote, id) = (args.remote.remote()?, args.correlation);
    let extent: Value = remote.graphql(TRUNCATED, json!({ "id": id })).await?;
    if extent["causationGraph"].is_null() {
        return Err(Failure::not_found(format!(
            "nothing has the correlation id {id}; X-Correlation-Id of an answer says what it is"
        )));
    }
    let pointer = "/causationGraph/commands";
    let nodes = remote.nodes(QUERY, json!({ "id": id }), pointer, usize::MAX);
    let nodes = nodes.await?;
    if extent["causationGraph"]["truncated"] == true {
        eprintln!("the chain has more events than are shown");
    }
    if args.json {
        return print_json(&nodes);
    }
    let commands: Result<Vec<Command>, _> = nodes.iter().map(Command::deserialize).collect();
    let commands =
        commands.map_err(|error| Failure::failed(format!("a command can't be read: {error}")))?;
    print!("{}", mermaid::drawn(&commands));
    Ok(())
}

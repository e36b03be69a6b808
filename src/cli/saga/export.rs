//! `orderlog saga export`: a saga's history from a running system, as a file. One event per line as
//! the log has it; next: `replay`, which reads that.

use clap::Args as ClapArgs;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::cli::{Failure, remote::RemoteArgs, runtime};

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  orderlog saga export 0192f0c1-... > order.ndjson")]
pub(crate) struct Args {
    /// The order.
    #[arg(value_name = "ORDER")]
    order_id: Uuid,
    #[command(flatten)]
    remote: RemoteArgs,
}

#[derive(Deserialize)]
struct History {
    /// Each as the server says it.
    events: Vec<Box<RawValue>>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let remote = args.remote.remote()?;
    let order_id = args.order_id.to_string();
    let path = ["sagas", &order_id, "history"];
    let history: History = runtime()?.block_on(remote.get(&path, &[]))?;
    for event in history.events {
        println!("{event}");
    }
    Ok(())
}

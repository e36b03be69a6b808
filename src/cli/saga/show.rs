//! `orderlog saga show ORDER_ID`: one saga from its beginning, for people or as JSON for tools.

use std::io::Write;

use chrono::Utc;
use clap::Args as ClapArgs;
use serde_json::Value;
use uuid::Uuid;

use super::{story, timeline};
use crate::cli::{
    Failure,
    remote::{Remote, RemoteArgs, print_json},
};

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  orderlog saga show 0199d7a4-5c1e-7e0a-8a51-2f6a3d5f1b10\n\ndocs/saga-debugging.md says how to read it."
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    remote: RemoteArgs,
    /// The order.
    order_id: Uuid,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let told = story::fetch(&args.remote.remote()?, args.order_id).await?;
    if args.json {
        return print_json(&told);
    }
    print(told)
}

/// Tells the saga of an order as `saga show` does.
pub(in crate::cli) async fn tell(remote: &Remote, order_id: Uuid) -> Result<(), Failure> {
    print(story::fetch(remote, order_id).await?)
}

fn print(told: Value) -> Result<(), Failure> {
    let story = story::read(told)?;
    let mut page = Vec::new();
    timeline::write(&mut page, &story, Utc::now())
        .map_err(|error| Failure::failed(error.to_string()))?;
    // Colours where a terminal reads, none elsewhere.
    let written = anstream::stdout().write_all(&page);
    written.map_err(|error| Failure::failed(format!("cannot print: {error}")))
}

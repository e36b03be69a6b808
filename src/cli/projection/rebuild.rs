//! `orderlog projection rebuild`: on the files or the database themselves, or in a running process.
//! Ctrl-C cancels it; what is loaded stays, and the next one goes on from there.

use std::num::NonZeroU32;

use clap::Args as ClapArgs;
use orderlog_query_api::rebuilds::RebuildRequest;
use orderlog_runtime::rebuild::{RebuildOptions, RebuildReport};
use tokio_util::sync::CancellationToken;

use super::{
    failed,
    remote::ProcessArgs,
    report::{self, Bar},
};
use crate::{
    cli::{Failure, ShopArgs, running::told_to_stop},
    system::System,
};

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog projection rebuild --all\n  orderlog projection rebuild order_summary --memory 256MiB --json\n  orderlog projection rebuild --all --server http://127.0.0.1:8080 --max-rate 20000"
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    shop: ShopArgs,
    #[command(flatten)]
    server: ProcessArgs,
    /// The read model to rebuild.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    name: Option<String>,
    /// Rebuild every read model; the log is read once for all of them.
    #[arg(long)]
    all: bool,
    /// Memory that rows may take, about. Where they would take more, the log is read in several passes.
    #[arg(long, default_value = "2GiB", value_parser = bytes, value_name = "SIZE")]
    memory: u64,
    /// Events per second, at most.
    #[arg(long, value_name = "EVENTS_PER_S")]
    max_rate: Option<NonZeroU32>,
    /// Drop what a rebuild that was cancelled or killed has left, and begin anew.
    #[arg(long)]
    restart: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let bar = Bar::new();
    let rebuilt = match args.server.projections()? {
        Some(server) => server.rebuild(&args.request(), &bar).await,
        None => here(&args, &bar).await,
    };
    bar.end();
    report::print(&rebuilt?, args.json)
}

async fn here(args: &Args, bar: &Bar) -> Result<Vec<RebuildReport>, Failure> {
    let projector = System::projector_of(&args.shop.config()?).await?;
    let names = match &args.name {
        Some(name) => vec![name.as_str()],
        None => projector.names(),
    };
    let cancel = CancellationToken::new();
    let options = RebuildOptions {
        memory: args.memory,
        max_rate: args.max_rate,
        restart: args.restart,
        cancel: cancel.clone(),
        ..RebuildOptions::default()
    };
    let told = told_to_stop()?;
    let cancelling = async {
        told.await;
        cancel.cancel();
        std::future::pending().await
    };
    let show = |now| bar.show(now);
    tokio::select! {
        rebuilt = projector.rebuild_these(&names, &options, &show) => rebuilt.map_err(failed),
        never = cancelling => never,
    }
}

impl Args {
    fn request(&self) -> RebuildRequest {
        RebuildRequest {
            projections: self.name.iter().cloned().collect(),
            memory_bytes: Some(self.memory),
            max_rate: self.max_rate,
            restart: self.restart,
        }
    }
}

/// A size such as 512MiB.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let mend = || "a size is a number of KiB, MiB or GiB, such as 512MiB".to_owned();
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor: u64 = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(mend()),
    };
    let number: u64 = number.parse().map_err(|_| mend())?;
    number.checked_mul(factor).ok_or_else(mend)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_have_binary_units() {
        assert_eq!(bytes("512MiB"), Ok(512 << 20));
        assert_eq!(bytes("3 KiB"), Ok(3 << 10));
        assert_eq!(bytes("77"), Ok(77));
        for bad in ["", "MiB", "1TB", "-1KiB", "99999999999GiB"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }
}

//! `orderlog import`: see [`crate::import`].

use std::{path::PathBuf, sync::Arc};

use clap::Args as ClapArgs;
use orderlog_domain::money::Currency;
use orderlog_log::event_store::EventStore;

use super::{Failure, ShopArgs, runtime};
use crate::{
    import::{self, ImportError},
    system::System,
};

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  orderlog import invoices.csv --details")]
pub(super) struct Args {
    #[command(flatten)]
    shop: ShopArgs,
    /// A CSV file with InvoiceNo, StockCode, Description, Quantity, UnitPrice and CustomerID.
    file: PathBuf,
    /// Currency of the prices.
    #[arg(long, default_value = "GBP", value_parser = Currency::from_code)]
    currency: Currency,
    /// Say of each invoice what became of it.
    #[arg(long)]
    details: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    runtime()?.block_on(import_file(args))
}

async fn import_file(args: Args) -> Result<(), Failure> {
    let content = std::fs::read(&args.file).map_err(|error| {
        Failure::not_found(format!("cannot read {}: {error}", args.file.display()))
    })?;
    let mut system = System::start(args.shop.embedded_config()?).await?;
    let store: Arc<dyn EventStore> = Arc::clone(&system.log);
    let progress = import::Progress::start();
    let aggregates = system.aggregates.clone();
    let mut settled = async || {
        let settled = system.settle().await;
        settled
            .map(drop)
            .map_err(|error| ImportError::Stopped(error.to_string()))
    };
    let taken = import::run(
        &content,
        args.currency,
        &aggregates,
        &store,
        &progress,
        &mut settled,
    )
    .await;
    let summary = taken.map_err(failed)?;
    system.settle().await.map_err(failed)?;
    system.stop().await.map_err(failed)?;
    summary.print(args.details, args.json).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::failed(error.to_string())
}

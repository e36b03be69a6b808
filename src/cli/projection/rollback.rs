//! `orderlog projection rollback`: the rows that the last rebuild has swapped out take the place of the
//! live ones, once they are caught up.

use clap::Args as ClapArgs;
use orderlog_runtime::rebuild::RebuildOptions;

use super::{failed, remote::ProcessArgs, report};
use crate::{
    cli::{Failure, ShopArgs, remote::print_json},
    system::System,
};

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    shop: ShopArgs,
    #[command(flatten)]
    server: ProcessArgs,
    /// The read model.
    name: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let report = match args.server.projections()? {
        Some(server) => server.roll_back(&args.name).await?,
        None => {
            let projector = System::projector_of(&args.shop.config()?).await?;
            let options = RebuildOptions::default();
            let rolled_back = projector.roll_back(&args.name, &options, &|_| {}).await;
            rolled_back.map_err(failed)?
        }
    };
    if args.json {
        return print_json(&report);
    }
    report::print_table(&[report]);
    eprintln!("the old rows are live again; the newer ones are kept, and rollback takes them back");
    Ok(())
}

//! `orderlog events prove POSITION`: the proof that an event stands in the log, as JSON, to be checked
//! by `orderlog verify-proof`.

use clap::Args as ClapArgs;
use orderlog_log::seal::proof::{ProveError, prove};

use crate::{
    cli::{Failure, log::LogArgs, remote::print_json},
    system::StartError,
};

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  orderlog events prove 4711 > proof.json")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    log: LogArgs,

    /// The event's position.
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    position: u64,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let log = args.log.address().open_sealed().await?;
    let proof = prove(log.as_ref(), args.position).await;
    print_json(&proof.map_err(failed)?)
}

fn failed(error: ProveError) -> Failure {
    match error {
        ProveError::Log(error) => StartError::from(error).into(),
        ProveError::NoEvent(_) => Failure::not_found(error.to_string()),
        ProveError::NotSealed { .. } => Failure::conflict(format!("{error}; try again later")),
        ProveError::Damaged(_) => Failure::failed(error.to_string()),
    }
}

//! `orderlog projection list`.

use chrono::Utc;
use clap::Args as ClapArgs;
use orderlog_runtime::projector::{ProjectionState, ProjectionStatus};

use super::{failed, remote::ProcessArgs};
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
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let statuses = match args.server.projections()? {
        Some(server) => server.list().await?,
        None => {
            let projector = System::projector_of(&args.shop.config()?).await?;
            projector.projections().await.map_err(failed)?
        }
    };
    if args.json {
        return print_json(&statuses);
    }
    println!(
        "{:<16} {:>10} {:>10} {:>8} {:>8} {:>7}  {:<10} old rows",
        "projection", "position", "head", "lag", "rows", "parked", "state"
    );
    for status in &statuses {
        println!(
            "{:<16} {:>10} {:>10} {:>8} {:>8} {:>7}  {:<10} {}",
            status.name,
            status.position,
            status.head,
            status.lag,
            status.rows,
            status.parked,
            state(status),
            old_rows(status)
        );
    }
    Ok(())
}

fn state(status: &ProjectionStatus) -> String {
    match (&status.state, &status.rebuild) {
        (ProjectionState::Live, Some(rebuild)) => {
            format!("live, rebuild {:.0}%", rebuild.done * 100.0)
        }
        (ProjectionState::Live, None) => "live".to_owned(),
        (ProjectionState::Paused, _) => "paused".to_owned(),
        (ProjectionState::Outdated, _) => "outdated".to_owned(),
        (ProjectionState::Rebuilding, _) => "rebuilding".to_owned(),
        (ProjectionState::Halted(reason), _) => format!("halted: {reason}"),
    }
}

/// Which rows `projection rollback` would take back, and how old they are.
fn old_rows(status: &ProjectionStatus) -> String {
    let Some(kept) = &status.kept else {
        return "-".to_owned();
    };
    let minutes = (Utc::now() - kept.since).num_minutes();
    let age = match minutes {
        ..1 => "just now".to_owned(),
        1..120 => format!("{minutes} min ago"),
        120..2880 => format!("{} h ago", minutes / 60),
        2880.. => format!("{} days ago", minutes / 1440),
    };
    if kept.version == status.version {
        format!("swapped out {age}")
    } else {
        format!("version {}, swapped out {age}", kept.version)
    }
}

//! `orderlog bench`: see [`crate::bench`].

use clap::Subcommand;
use orderlog_web::server;
use tokio::net::TcpListener;

use super::{Failure, runtime};
use crate::{
    bench::{
        append::{self, AppendArgs},
        place_order::{self, PlaceOrderArgs},
    },
    system::{Config, Engines, Roles, System},
};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Durable appends by many writers, against a raw file with fdatasync.
    Append(AppendArgs),
    /// Orders over HTTP: accepted, and carried through.
    PlaceOrder(PlaceOrderArgs),
}

pub(super) fn run(verb: Verb) -> Result<(), Failure> {
    let ended = match verb {
        Verb::Append(args) => runtime()?.block_on(append::run(args)),
        Verb::PlaceOrder(args) => runtime()?.block_on(place_order(args)),
    };
    Ok(ended?)
}

async fn place_order(args: PlaceOrderArgs) -> anyhow::Result<()> {
    if let Some(url) = &args.url {
        return place_order::run(&args, url).await;
    }
    let scratch = tempfile::tempdir()?;
    let data_dir = args
        .data_dir
        .clone()
        .unwrap_or_else(|| scratch.path().to_owned());
    let config = Config {
        engines: Engines::Embedded { data_dir },
        roles: if args.accept_only {
            Roles::NO_FAN_OUT
        } else {
            Roles::ALL
        },
        time_zone: chrono_tz::Tz::UTC,
        time_scale: 1.0,
    };
    let system = System::start(config).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let stop = system.stopping();
    let web = tokio::spawn(server::serve(
        listener,
        system.router(),
        stop.cancelled_owned(),
    ));
    let measured = place_order::run(&args, &base).await;
    system.stop().await?;
    web.await??;
    measured
}

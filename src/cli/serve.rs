//! `orderlog serve`: everything in this process, until Ctrl-C or SIGTERM.

use std::{net::SocketAddr, sync::Arc};

use clap::Args as ClapArgs;

use super::{
    Failure, ShopArgs,
    running::{ListenArgs, run_until_told},
};
use crate::{
    demo,
    system::{Engines, System},
};

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog serve --demo\n  orderlog serve --data-dir /var/lib/orderlog --listen 0.0.0.0:8080\n  orderlog serve --database postgres://localhost/orderlog --kafka localhost:9092"
)]
pub(super) struct Args {
    #[command(flatten)]
    shop: ShopArgs,

    #[command(flatten)]
    listen: ListenArgs,

    /// Register products and stock, and keep placing orders of all kinds.
    #[arg(long)]
    demo: bool,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let config = args.shop.config()?;
    if args.demo && config.payments.stripe.is_some() {
        return Err(Failure::usage(
            "--demo pays with tokens of the simulated gateway: leave --payment-gateway stripe out",
        ));
    }
    let place = match &config.engines {
        Engines::Embedded { data_dir } => data_dir.display().to_string(),
        Engines::Distributed(_) => "PostgreSQL and Kafka".to_owned(),
    };
    let told = move |address: SocketAddr| {
        tracing::info!(
            data = place,
            "orderlog listens: playground http://{address}/playground, REST http://{address}/api/v1, description http://{address}/openapi.json"
        );
    };
    run_until_told(config, &args.listen, told, move |system| {
        run_demo(args.demo, system)
    })
}

/// Plays the demo where it is wanted; never done before the system stops.
fn run_demo(wanted: bool, system: &System) -> impl Future<Output = ()> + use<> {
    let (aggregates, clock, stop) = (
        system.aggregates.clone(),
        system.clock.clone(),
        system.stopping(),
    );
    let log = Arc::clone(&system.log);
    async move {
        if wanted {
            let pace = demo::Pace::default();
            if let Err(error) = demo::run(aggregates, log, clock, pace, stop).await {
                tracing::error!(%error, "the demo stopped");
            }
        }
        std::future::pending().await
    }
}

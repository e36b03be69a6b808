//! `orderlog serve`: everything in this process, until Ctrl-C or SIGTERM.

use std::{net::SocketAddr, sync::Arc};

use clap::Args as ClapArgs;
use orderlog_web::{server, telemetry};
use tokio::net::TcpListener;

use super::{Failure, ShopArgs, runtime};
use crate::{demo, embedded::Embedded};

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  orderlog serve --demo\n  orderlog serve --data-dir /var/lib/orderlog --listen 0.0.0.0:8080"
)]
pub(super) struct Args {
    #[command(flatten)]
    shop: ShopArgs,

    /// Address of REST, GraphQL and the playground; port 0 takes a free one.
    #[arg(
        long,
        env = "ORDERLOG_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDR"
    )]
    listen: SocketAddr,

    /// Register products and stock, and keep placing orders of all kinds.
    #[arg(long)]
    demo: bool,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    telemetry::init().map_err(|error| Failure::failed(error.to_string()))?;
    runtime()?.block_on(serve(args))
}

async fn serve(args: Args) -> Result<(), Failure> {
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        Failure::failed(format!(
            "cannot listen on {}: {error}; give another --listen",
            args.listen
        ))
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::failed(error.to_string()))?;
    let mut system = Embedded::start(args.shop.config()).await.map_err(failed)?;
    tracing::info!(
        data_dir = %args.shop.data_dir.display(),
        "orderlog listens: playground http://{address}/playground, REST http://{address}/api/v1, description http://{address}/openapi.json"
    );
    let stop = system.stopping();
    let web = tokio::spawn(server::serve(
        listener,
        system.router(),
        stop.clone().cancelled_owned(),
    ));
    let demo = run_demo(args.demo, &system);
    let ended = tokio::select! {
        () = told_to_stop() => None,
        error = system.ended() => Some(error),
        () = demo => None,
    };
    stop.cancel();
    if let Ok(Err(error)) = web.await {
        return Err(Failure::failed(format!("the web server stopped: {error}")));
    }
    match ended {
        Some(error) => Err(failed(error)),
        None => system.stop().await.map_err(failed),
    }
}

/// Plays the demo where it is wanted; never done before the system stops.
fn run_demo(wanted: bool, system: &Embedded) -> impl Future<Output = ()> + use<> {
    let (aggregates, clock, stop) = (
        system.aggregates.clone(),
        system.clock.clone(),
        system.stopping(),
    );
    let log = Arc::new(system.log.clone());
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

/// Done at Ctrl-C or SIGTERM.
async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM is not handled");
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::failed(error.to_string())
}

//! Runs a system behind its address until it is told to stop, or a part of it ends by itself.

use std::{net::SocketAddr, pin::pin};

use clap::Args;
use orderlog_web::{server, telemetry};
use tokio::net::TcpListener;

use super::{Failure, runtime};
use crate::system::{Config, System};

/// Where a process listens.
#[derive(Clone, Debug, Args)]
pub(super) struct ListenArgs {
    /// Address of all that this process serves, health included; port 0 takes a free one.
    #[arg(
        long,
        env = "ORDERLOG_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDR"
    )]
    listen: SocketAddr,
}

/// Starts the system, says so with `told`, and runs it, with `beside` next to it, until Ctrl-C or
/// SIGTERM.
pub(super) fn run_until_told<B: Future<Output = ()>>(
    config: Config,
    listen: &ListenArgs,
    told: impl FnOnce(SocketAddr),
    beside: impl FnOnce(&System) -> B,
) -> Result<(), Failure> {
    telemetry::init().map_err(|error| Failure::failed(error.to_string()))?;
    runtime()?.block_on(serve(config, listen.listen, told, beside))
}

async fn serve<B: Future<Output = ()>>(
    config: Config,
    listen: SocketAddr,
    told: impl FnOnce(SocketAddr),
    beside: impl FnOnce(&System) -> B,
) -> Result<(), Failure> {
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Failure::failed(format!(
            "cannot listen on {listen}: {error}; give another --listen"
        ))
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::failed(error.to_string()))?;
    let mut told_to_stop = pin!(told_to_stop()?);
    let mut system = tokio::select! {
        () = &mut told_to_stop => return Ok(()),
        started = System::start(config) => started?,
    };
    told(address);
    let stop = system.stopping();
    let web = tokio::spawn(server::serve(
        listener,
        system.router(),
        stop.clone().cancelled_owned(),
    ));
    let beside = beside(&system);
    let ended = tokio::select! {
        () = &mut told_to_stop => None,
        error = system.ended() => Some(error),
        () = beside => None,
    };
    stop.cancel();
    if let Ok(Err(error)) = web.await {
        return Err(Failure::failed(format!("the web server stopped: {error}")));
    }
    match ended {
        Some(error) => Err(Failure::failed(error.to_string())),
        None => {
            let stopped = system.stop().await;
            stopped.map_err(|error| Failure::failed(error.to_string()))
        }
    }
}

/// Done at Ctrl-C or SIGTERM, from this call on: who reads the address may stop the process at once.
pub(super) fn told_to_stop() -> Result<impl Future<Output = ()>, Failure> {
    let unheard = |error| Failure::failed(format!("signals can't be heard: {error}"));
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt()).map_err(unheard)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(unheard)?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(windows)]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c().map_err(unheard)?;
        Ok(async move {
            interrupt.recv().await;
        })
    }
}

//! Rows of another version of their definition are rebuilt, while the projector runs, before they
//! are served.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::RebuildOptions;
use crate::{
    backoff::Backoff,
    projector::{Inner, Mode, ProjectorError},
};

/// How long to wait before it is looked again whether another process has done it.
const ELSEWHERE: Duration = Duration::from_secs(2);

/// Rebuilds projections as they turn out to be of another version, until `cancel`.
pub(crate) async fn renew_outdated<E: Send + Sync + 'static>(
    inner: &Inner<E>,
    cancel: &CancellationToken,
) {
    let renew = async {
        let mut changed = inner.modes_changed();
        let mut failures = 0;
        loop {
            changed.borrow_and_update();
            match renew_once(inner, cancel).await {
                Ok(()) => failures = 0,
                Err(ProjectorError::Cancelled) => return,
                Err(error @ ProjectorError::BeingRebuilt { .. }) => {
                    tracing::info!("{error}");
                    tokio::time::sleep(ELSEWHERE).await;
                    continue;
                }
                Err(error) if error.is_retryable() => {
                    failures += 1;
                    tracing::warn!(%error, failures, "rows could not be rebuilt; once more");
                    tokio::time::sleep(Backoff::INFRASTRUCTURE.delay(failures)).await;
                    continue;
                }
                Err(error) => halt(inner, &error),
            }
            if changed.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        () = renew => {}
    }
}

async fn renew_once<E: Send + Sync + 'static>(
    inner: &Inner<E>,
    cancel: &CancellationToken,
) -> Result<(), ProjectorError> {
    let outdated = outdated(inner);
    if outdated.is_empty() {
        return Ok(());
    }
    tracing::info!(projections = ?outdated, "rows are of another version and are rebuilt");
    let options = RebuildOptions {
        cancel: cancel.clone(),
        ..RebuildOptions::default()
    };
    for report in inner.rebuild(&outdated, &options, &|_| {}).await? {
        let (rows, events) = (report.rows, report.events);
        tracing::info!(
            projection.name = report.projection,
            rows,
            events,
            "rows were rebuilt"
        );
    }
    Ok(())
}

fn outdated<E: 'static>(inner: &Inner<E>) -> Vec<&'static str> {
    let names = inner
        .projections
        .iter()
        .map(|projection| projection.definition().name);
    names
        .filter(|name| inner.mode(name) == Mode::Outdated)
        .collect()
}

/// Gives up the projection that can't be rebuilt; all of them, where it is not known which.
fn halt<E: 'static>(inner: &Inner<E>, error: &ProjectorError) {
    tracing::error!(%error, "rows can't be rebuilt");
    let guilty = match error {
        ProjectorError::Halted { projection, .. } => vec![*projection],
        _ => outdated(inner),
    };
    for name in guilty {
        inner.set(name, Mode::Halted(error.to_string()));
    }
}

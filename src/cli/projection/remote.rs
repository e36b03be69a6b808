//! The read models of a running process: what `--server` asks for. Its rebuild is looked at again and
//! again until it has ended; Ctrl-C cancels it there.

use std::time::Duration;

use clap::Args;
use orderlog_query_api::rebuilds::{RebuildRequest, RebuildState, RebuildStatus};
use orderlog_runtime::{projector::ProjectionStatus, rebuild::RebuildReport};
use reqwest::Url;

use super::report::Bar;
use crate::cli::{
    Failure,
    remote::{Remote, address},
    running::told_to_stop,
};

/// Between two looks.
const EVERY: Duration = Duration::from_millis(200);

/// Which running process is asked, if one is.
#[derive(Clone, Debug, Args)]
pub(super) struct ProcessArgs {
    /// Have a running process do it, such as `orderlog serve` or `projector`, which has the data open.
    #[arg(long, value_parser = address, value_name = "URL")]
    server: Option<Url>,
}

impl ProcessArgs {
    /// The process, where one was named.
    pub(super) fn projections(&self) -> Result<Option<Projections>, Failure> {
        let remote = self.server.clone().map(Remote::at).transpose()?;
        Ok(remote.map(Projections))
    }
}

/// The read models of a running process.
pub(super) struct Projections(Remote);

impl Projections {
    pub(super) async fn list(&self) -> Result<Vec<ProjectionStatus>, Failure> {
        self.0.get(&["projections"], &[]).await
    }

    pub(super) async fn roll_back(&self, name: &str) -> Result<RebuildReport, Failure> {
        let path = ["projections", name, "rollback"];
        self.0.post_plain(&path, &serde_json::json!({})).await
    }

    /// Has the process rebuild, and waits until it has.
    pub(super) async fn rebuild(
        &self,
        request: &RebuildRequest,
        bar: &Bar,
    ) -> Result<Vec<RebuildReport>, Failure> {
        const PATH: [&str; 2] = ["projections", "rebuild"];
        let mut state: RebuildState = self.0.post_plain(&PATH, request).await?;
        let mut told = std::pin::pin!(told_to_stop()?);
        let mut is_told = false;
        while state.status == RebuildStatus::Running {
            tokio::select! {
                () = &mut told, if !is_told => {
                    is_told = true;
                    self.0.delete(&PATH).await?;
                }
                () = tokio::time::sleep(EVERY) => {}
            }
            state = self.0.get(&PATH, &[]).await?;
            state.progress.into_iter().for_each(|now| bar.show(now));
        }
        match state.status {
            RebuildStatus::Done => Ok(state.reports),
            RebuildStatus::Running | RebuildStatus::Cancelled | RebuildStatus::Failed => {
                Err(Failure::failed(state.error.unwrap_or_default()))
            }
        }
    }
}

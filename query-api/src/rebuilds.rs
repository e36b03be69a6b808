//! `/api/v1/projections`: where the read models of a running process stand, one rebuild of them at a
//! time, and the way back. A rebuild runs beside everything else and is looked at by polling; it ends
//! with the process, and the next one goes on from there. Served where a projector runs. Next:
//! `described`, what `/openapi.json` says of it.

mod described;

use std::{num::NonZeroU32, sync::Arc};

use axum::{Json, Router, extract::State, http::StatusCode};
use orderlog_domain::fact::Facts;
use orderlog_runtime::{
    projector::{ProjectionStatus, Projector, ProjectorError},
    rebuild::{RebuildOptions, RebuildProgress, RebuildReport},
};
use orderlog_web::{body::JsonBody, params::PathParams, problem::Problem};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// What is to be rebuilt, and how; all that is left out is as on the command line.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RebuildRequest {
    /// The read models; none for all of them.
    #[serde(default)]
    pub projections: Vec<String>,
    /// Bytes that rows in memory may take, about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Events per second, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1)]
    pub max_rate: Option<NonZeroU32>,
    /// Whether what an earlier rebuild has left is dropped.
    #[serde(default)]
    pub restart: bool,
}

/// A rebuild of this process: the one that runs, or the last one.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RebuildState {
    /// The read models.
    pub projections: Vec<String>,
    /// How it is doing.
    pub status: RebuildStatus,
    /// How far it is, while it runs.
    #[schema(value_type = Option<described::RebuildProgress>)]
    pub progress: Option<RebuildProgress>,
    /// What it came to, once it is done.
    #[schema(value_type = Vec<described::RebuildReport>)]
    pub reports: Vec<RebuildReport>,
    /// Why it ended early.
    pub error: Option<String>,
}

/// How a rebuild is doing.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RebuildStatus {
    /// It runs.
    Running,
    /// All rows were swapped in.
    Done,
    /// It was cancelled; the next one goes on from there.
    Cancelled,
    /// It failed; the next one goes on from there.
    Failed,
}

#[derive(Clone)]
struct Rebuilds {
    projector: Projector<Facts>,
    closing: CancellationToken,
    last: Arc<Mutex<Option<Rebuild>>>,
}

struct Rebuild {
    state: RebuildState,
    cancel: CancellationToken,
}

/// The routes over the read models of `projector`; a rebuild ends when `closing` is cancelled.
pub fn router(projector: Projector<Facts>, closing: CancellationToken) -> Router {
    let (routes, _) = operations().split_for_parts();
    routes.with_state(Rebuilds {
        projector,
        closing,
        last: Arc::default(),
    })
}

/// What `/openapi.json` says of these routes.
pub fn description() -> utoipa::openapi::OpenApi {
    operations().into_openapi()
}

fn operations() -> OpenApiRouter<Rebuilds> {
    OpenApiRouter::with_openapi(described::Projections::openapi())
        .routes(routes!(list_projections))
        .routes(routes!(start_rebuild, show_rebuild, cancel_rebuild))
        .routes(routes!(roll_back_projection))
}

/// Lists the read models of this process: where each stands, and what it does.
#[utoipa::path(get, path = "/api/v1/projections", tag = "projections",
    responses((status = 200, description = "The read models.", body = Vec<described::ProjectionStatus>),
        described::Unavailable))]
async fn list_projections(
    State(rebuilds): State<Rebuilds>,
) -> Result<Json<Vec<ProjectionStatus>>, Problem> {
    let statuses = rebuilds.projector.projections().await;
    Ok(Json(statuses.map_err(|error| refused(&error))?))
}

/// Rebuilds read models from the log, one rebuild at a time; ask for its progress with GET.
#[utoipa::path(post, path = "/api/v1/projections/rebuild", tag = "projections",
    request_body = RebuildRequest,
    responses((status = 202, description = "It runs.", body = RebuildState),
        described::Malformed, described::TooLarge, described::NotJson,
        described::NotFound, described::Conflict, described::Unavailable))]
async fn start_rebuild(
    State(rebuilds): State<Rebuilds>,
    body: JsonBody<RebuildRequest>,
) -> Result<(StatusCode, Json<RebuildState>), Problem> {
    let request = body.value;
    let known = rebuilds.projector.names();
    let unknown = |name: &&String| !known.contains(&name.as_str());
    if let Some(name) = request.projections.iter().find(unknown) {
        let name = name.clone();
        return Err(refused(&ProjectorError::UnknownProjection { name, known }));
    }
    let names = match request.projections.as_slice() {
        [] => known.iter().map(|name| (*name).to_owned()).collect(),
        some => some.to_vec(),
    };
    let mut last = rebuilds.last.lock().await;
    let running = last.as_ref().map(|last| last.state.status);
    if running == Some(RebuildStatus::Running) {
        let problem = Problem::new(StatusCode::CONFLICT, "rebuild.running");
        return Err(problem.detail("a rebuild runs already: cancel it, or wait until it is done"));
    }
    let state = RebuildState {
        projections: names,
        status: RebuildStatus::Running,
        progress: None,
        reports: Vec::new(),
        error: None,
    };
    let cancel = rebuilds.closing.child_token();
    *last = Some(Rebuild {
        state: state.clone(),
        cancel: cancel.clone(),
    });
    let options = options(&request, cancel);
    tokio::spawn(rebuilds.clone().run(state.projections.clone(), options));
    Ok((StatusCode::ACCEPTED, Json(state)))
}

/// Shows how the rebuild is doing that runs, or what the last one of this process came to.
#[utoipa::path(get, path = "/api/v1/projections/rebuild", tag = "projections",
    responses((status = 200, description = "The rebuild.", body = RebuildState), described::NotFound))]
async fn show_rebuild(State(rebuilds): State<Rebuilds>) -> Result<Json<RebuildState>, Problem> {
    let last = rebuilds.last.lock().await;
    let mut state = last.as_ref().ok_or_else(none)?.state.clone();
    if state.status == RebuildStatus::Running {
        state.progress = rebuilds.projector.progress(&state.projections);
    }
    Ok(Json(state))
}

/// Cancels the rebuild that runs; the next one goes on from there.
#[utoipa::path(delete, path = "/api/v1/projections/rebuild", tag = "projections",
    responses((status = 202, description = "It ends soon."), described::NotFound))]
async fn cancel_rebuild(State(rebuilds): State<Rebuilds>) -> Result<StatusCode, Problem> {
    let last = rebuilds.last.lock().await;
    last.as_ref().ok_or_else(none)?.cancel.cancel();
    Ok(StatusCode::ACCEPTED)
}

/// Takes a read model back to the rows that were live before the last swap.
#[utoipa::path(post, path = "/api/v1/projections/{name}/rollback", tag = "projections",
    params(("name" = String, Path, description = "The read model.")),
    responses((status = 200, description = "The old rows, caught up.", body = described::RebuildReport),
        described::NotFound, described::Conflict, described::Unavailable))]
async fn roll_back_projection(
    State(rebuilds): State<Rebuilds>,
    PathParams(name): PathParams<String>,
) -> Result<Json<RebuildReport>, Problem> {
    let options = RebuildOptions {
        cancel: rebuilds.closing.child_token(),
        ..RebuildOptions::default()
    };
    let report = rebuilds.projector.roll_back(&name, &options, &|_| {}).await;
    Ok(Json(report.map_err(|error| refused(&error))?))
}

impl Rebuilds {
    async fn run(self, names: Vec<String>, options: RebuildOptions) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let ended = self
            .projector
            .rebuild_these(&names, &options, &|_| {})
            .await;
        let mut last = self.last.lock().await;
        let Some(rebuild) = last.as_mut() else { return };
        match ended {
            Ok(reports) => {
                rebuild.state.status = RebuildStatus::Done;
                rebuild.state.reports = reports;
            }
            Err(error) => {
                let cancelled = matches!(error, ProjectorError::Cancelled);
                rebuild.state.status = if cancelled {
                    RebuildStatus::Cancelled
                } else {
                    RebuildStatus::Failed
                };
                rebuild.state.error = Some(error.to_string());
            }
        }
    }
}

fn options(request: &RebuildRequest, cancel: CancellationToken) -> RebuildOptions {
    let defaults = RebuildOptions::default();
    RebuildOptions {
        memory: request.memory_bytes.unwrap_or(defaults.memory),
        max_rate: request.max_rate,
        restart: request.restart,
        cancel,
        ..defaults
    }
}

fn none() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "rebuild.none")
        .detail("this process has rebuilt nothing since it was started")
}

/// Why nothing was done. What went wrong inside is logged and never told.
fn refused(error: &ProjectorError) -> Problem {
    let (status, code) = match error {
        ProjectorError::UnknownProjection { .. } => (StatusCode::NOT_FOUND, "projection.not_found"),
        ProjectorError::NothingKept { .. } => (StatusCode::CONFLICT, "projection.nothing_kept"),
        ProjectorError::KeptVersion { .. } => (StatusCode::CONFLICT, "projection.kept_version"),
        ProjectorError::BeingRebuilt { .. } => (StatusCode::CONFLICT, "rebuild.running"),
        ProjectorError::Cancelled => (StatusCode::SERVICE_UNAVAILABLE, "rebuild.cancelled"),
        ProjectorError::Partitions { .. }
        | ProjectorError::NewerEvent { .. }
        | ProjectorError::BrokenStream(_)
        | ProjectorError::Halted { .. }
        | ProjectorError::Commit(_)
        | ProjectorError::Source(_)
        | ProjectorError::Read(_) => {
            tracing::error!(%error, "read models could not be looked at or rebuilt");
            return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "storage.unavailable")
                .detail("the read models can't be reached now")
                .retry_after(1);
        }
    };
    Problem::new(status, code).detail(error.to_string())
}

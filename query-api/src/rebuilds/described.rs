//! What `/openapi.json` says of read models and their rebuilds. The bodies are the runtime's, which
//! knows nothing of HTTP: their form is said here, and a test holds it to what is sent.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use orderlog_web::problem;
use serde::Serialize;
use utoipa::{
    IntoResponses, OpenApi, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder},
};

#[derive(OpenApi)]
#[openapi(
    info(title = "orderlog", description = "The read models of an event-sourced order processing."),
    components(schemas(problem::Document, problem::Place)),
    tags((name = "projections", description = "The read models themselves, for operators. Served where a projector runs."))
)]
pub(super) struct Projections;

/// A read model, as an operator sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct ProjectionStatus {
    /// Its name.
    name: String,
    /// Version that its rows were folded by.
    version: String,
    /// The largest position that its rows have passed in any partition.
    position: u64,
    /// Position that its rows have passed in each partition.
    positions: Vec<u64>,
    /// Where the log ends.
    head: u64,
    /// Positions between where the partition that lies furthest behind stands and its last event.
    lag: u64,
    /// How many rows it has.
    rows: u64,
    /// How many events are parked.
    parked: u64,
    /// What it is doing.
    state: ProjectionState,
    /// The rows that were live before the last swap, if they are still there.
    kept: Option<KeptRows>,
    /// How far a rebuild of this process has come, where one runs.
    rebuild: Option<RebuildProgress>,
}

/// What a read model is doing.
#[derive(Serialize, ToSchema)]
struct ProjectionState {
    state: Doing,
    /// Why it is halted.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What a read model is doing.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "what is sent is the runtime's own")]
enum Doing {
    /// Events are folded into its rows as they come.
    Live,
    /// An operator paused it.
    Paused,
    /// Its rows are of another version and will be rebuilt before they are served.
    Outdated,
    /// A rebuild holds it at its position.
    Rebuilding,
    /// It can't go on by itself.
    Halted,
}

/// Rows to go back to.
#[derive(Serialize, ToSchema)]
struct KeptRows {
    /// Version that they were folded by.
    version: String,
    /// When they were swapped out.
    since: DateTime<Utc>,
}

/// How far a rebuild has come.
#[derive(Serialize, ToSchema)]
pub(super) struct RebuildProgress {
    /// What it is doing.
    phase: RebuildPhase,
    /// Position up to which the log was read in this phase; while rows are loaded, how many parts.
    position: u64,
    /// What `position` will be at the end of the phase, as far as known.
    of: u64,
    /// How much of all is done, from 0 to 1: an estimate.
    done: f64,
    /// Events read per second in this phase; 0 where none are.
    events_per_second: f64,
    /// How long the rest will take; null where it is too early to say.
    eta_seconds: Option<f64>,
}

/// What a rebuild is doing.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "what is sent is the runtime's own")]
enum RebuildPhase {
    /// The log is read and folded in memory.
    Folding,
    /// Rows are written beside the live ones.
    Loading,
    /// What rows are found by is made.
    Indexing,
    /// What was appended meanwhile is folded.
    CatchingUp,
    /// Rows are compared with the live ones, which are held meanwhile.
    Comparing,
}

/// What a rebuild came to.
#[derive(Serialize, ToSchema)]
pub(super) struct RebuildReport {
    /// The read model.
    projection: String,
    /// Rows built.
    rows: u64,
    /// Hash of the rows that were live; null where they can't be compared.
    live_hash: Option<String>,
    /// How many rows were live, if they can be compared.
    live_rows: Option<u64>,
    /// Hash of the rows built.
    rebuilt_hash: String,
    /// Whether both are the same.
    equal: bool,
    /// The first rows that are not.
    differences: Vec<RowDifference>,
    /// Events folded.
    events: u64,
    /// How long it took.
    seconds: f64,
}

/// A row that was not as the log says.
#[derive(Serialize, ToSchema)]
struct RowDifference {
    /// Its key.
    key: String,
    /// The row that was live, if there was one.
    live: Option<String>,
    /// The row as rebuilt, if there is one.
    rebuilt: Option<String>,
}

/// A refusal with this status.
macro_rules! refusal {
    ($name:ident, $status:literal, $description:literal) => {
        pub(super) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                let content = ContentBuilder::new()
                    .schema(Some(Ref::from_schema_name(problem::Document::name())))
                    .build();
                let response = ResponseBuilder::new()
                    .description($description)
                    .content(problem::MEDIA_TYPE, content);
                BTreeMap::from([($status.to_owned(), response.build().into())])
            }
        }
    };
}

refusal!(Malformed, "400", "The request is malformed.");
refusal!(TooLarge, "413", "The body is too large.");
refusal!(NotJson, "415", "The body is not JSON.");
refusal!(
    NotFound,
    "404",
    "There is no such read model, or no rebuild."
);
refusal!(
    Conflict,
    "409",
    "A rebuild runs already, or nothing to go back to was kept."
);
refusal!(Unavailable, "503", "The read models can't be reached now.");

#[cfg(test)]
mod tests;

//! What became of a command: `/commands/{id}`, from the log's memory of command ids.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use orderlog_log::event_store::{CommandRecord, Verdict};
use orderlog_web::{params::PathParams, problem::Problem};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{openapi::ReadProblems, rest::Api};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(show_command))
}

/// A command and what became of it.
#[derive(Serialize, ToSchema)]
struct CommandBody {
    /// Its id: the Idempotency-Key where that is a random or time-ordered UUID.
    id: Uuid,
    /// Its name.
    command: String,
    /// The stream that it addressed.
    stream: String,
    /// Who sent it.
    actor: String,
    /// The first request of the chain.
    correlation_id: Uuid,
    /// The direct parent: itself for a client's command, an event for the saga's.
    causation_id: Uuid,
    /// `accepted` or `refused`.
    outcome: &'static str,
    /// Code of the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// The typed refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    refusal: Option<Value>,
    /// Version of the stream after it.
    version: u64,
    /// Position of its last event, or of the log's end when it was decided.
    position: u64,
    /// How many events it wrote.
    events: u32,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
}

/// Shows what became of a command. Malformed commands and those refused for the moment are not
/// remembered.
#[utoipa::path(get, path = "/commands/{id}", tag = "commands", params(("id" = Uuid, Path, description = "The command.")),
    responses((status = 200, description = "The command.", body = CommandBody), ReadProblems))]
async fn show_command(
    State(api): State<Api>,
    PathParams(id): PathParams<Uuid>,
) -> Result<Json<CommandBody>, Problem> {
    match api.store.command(id).await? {
        Some(record) => Ok(Json(record.into())),
        None => Err(Problem::new(StatusCode::NOT_FOUND, "command.not_found")
            .detail("no command with this id was recorded")),
    }
}

impl From<CommandRecord> for CommandBody {
    fn from(record: CommandRecord) -> Self {
        let CommandRecord {
            command,
            verdict,
            version,
            position,
            partition_key: _,
            events,
            recorded_at,
        } = record;
        let (outcome, code, refusal) = match verdict {
            Verdict::Accepted => ("accepted", None, None),
            Verdict::Refused { code, refusal } => {
                ("refused", Some(code), serde_json::from_str(&refusal).ok())
            }
        };
        Self {
            id: command.command_id,
            command: command.command_type,
            stream: command.stream,
            actor: command.actor,
            correlation_id: command.correlation_id,
            causation_id: command.causation_id,
            outcome,
            code,
            refusal,
            version,
            position,
            events,
            recorded_at,
        }
    }
}

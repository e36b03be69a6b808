//! What a saga's stream holds: `/sagas/{order_id}/history`, every event as it was recorded, for
//! `orderlog saga export` and for whoever wants to know why a saga decided as it did.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use orderlog_domain::ids::OrderId;
use orderlog_log::event::RecordedEvent;
use orderlog_web::{params::PathParams, problem::Problem};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{aggregates::saga_id, openapi::ReadProblems, rest::Api};

/// Events that are read at once.
const PAGE: usize = 1000;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(show_history))
}

/// All that a saga has recorded.
#[derive(Serialize, ToSchema)]
struct HistoryBody {
    /// Its order.
    order_id: Uuid,
    /// Oldest first.
    events: Vec<RecordedBody>,
}

/// An event of a saga.
#[derive(Serialize, ToSchema)]
struct RecordedBody {
    /// Its place in the stream, from 1.
    version: u64,
    /// Its place in the log.
    position: u64,
    /// Its name.
    #[serde(rename = "type")]
    event_type: String,
    /// Version of the form of its payload.
    schema_version: u16,
    /// When it was decided.
    occurred_at: DateTime<Utc>,
    /// Who brought it about: the saga itself, or an operator.
    actor: String,
    /// Its id.
    event_id: Uuid,
    /// The command that it answers.
    command_id: Uuid,
    /// What caused that command: an event.
    causation_id: Uuid,
    /// The first request of the chain.
    correlation_id: Uuid,
    /// The payload, as it is stored.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
}

/// Shows every event of an order's saga. One line per event is a file for `orderlog saga replay`.
#[utoipa::path(get, path = "/sagas/{order_id}/history", tag = "sagas",
    params(("order_id" = Uuid, Path, description = "The order.")),
    responses((status = 200, description = "The history.", body = HistoryBody), ReadProblems))]
async fn show_history(
    State(api): State<Api>,
    PathParams(order_id): PathParams<Uuid>,
) -> Result<Json<HistoryBody>, Problem> {
    let stream = format!("saga-{}", saga_id(OrderId(order_id)));
    let mut events: Vec<RecordedBody> = Vec::new();
    loop {
        let after = events.last().map_or(0, |last| last.version);
        let page = api.store.read_stream(&stream, after, PAGE).await?;
        let is_last = page.len() < PAGE;
        for event in page {
            events.push(RecordedBody::of(event)?);
        }
        if is_last {
            break;
        }
    }
    if events.is_empty() {
        let nothing = Problem::new(StatusCode::NOT_FOUND, "fulfilment.not_found");
        return Err(nothing.detail("no order of this id has a fulfilment"));
    }
    Ok(Json(HistoryBody { order_id, events }))
}

impl RecordedBody {
    fn of(event: RecordedEvent) -> Result<Self, Problem> {
        let data = RawValue::from_string(event.data).map_err(|error| {
            tracing::error!(event.position = event.position, %error, "a payload is no JSON");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "server.internal")
        })?;
        Ok(Self {
            version: event.version,
            position: event.position,
            event_type: event.event_type,
            schema_version: event.schema_version,
            occurred_at: event.occurred_at,
            actor: event.actor,
            event_id: event.event_id,
            command_id: event.command_id,
            causation_id: event.causation_id,
            correlation_id: event.correlation_id,
            data,
        })
    }
}

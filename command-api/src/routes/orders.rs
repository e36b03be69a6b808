//! Orders: `/orders`. Placing one is a file of its own; what becomes of its shipments is said at
//! `shipments`.

mod catalogue;
mod place;
mod shown;

use axum::extract::State;
use orderlog_domain::{
    ids::OrderId,
    order::{CancelledBy, Order, OrderCommand, OrderRefusal, RequestCancellation},
};
use orderlog_web::{params::PathParams, problem::Problem};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    openapi::{Accepted, CommandHeaders, CommandProblems, ReadProblems},
    receipt::{Answer, Shown},
    refused,
    request::CommandRequest,
    rest::Api,
};

use shown::OrderBody;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(place::place_order))
        .routes(routes!(show_order))
        .routes(routes!(cancel_order))
}

/// Why an order is to be stopped.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "a cancellation")]
struct Cancel {
    /// Why, in the sender's words.
    reason: String,
    /// Who wants it.
    #[serde(default)]
    by: By,
}

/// Who wants an order stopped.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum By {
    #[default]
    Customer,
    Operator,
}

/// Shows an order: its state, its lines and shipments, and what may be asked of it.
#[utoipa::path(get, path = "/orders/{id}", tag = "orders", params(("id" = Uuid, Path, description = "The order.")),
    responses((status = 200, description = "The order.", body = OrderBody, headers(("ETag" = String, description = "The version, in quotes."))), ReadProblems))]
async fn show_order(
    State(api): State<Api>,
    PathParams(id): PathParams<OrderId>,
) -> Result<Shown<OrderBody>, Problem> {
    let loaded = api.aggregates.orders.load(&id.to_string()).await?;
    let body = OrderBody::of(id, &loaded, api.clock.now())
        .ok_or_else(|| refused::refusal(&OrderRefusal::OrderNotFound))?;
    Ok(Shown {
        version: loaded.version,
        body,
    })
}

/// Asks for an order to be stopped: what has not left is undone, and nothing is charged for it.
#[utoipa::path(post, path = "/orders/{id}/cancel", tag = "orders", request_body = Cancel,
    params(("id" = Uuid, Path, description = "The order."), CommandHeaders), responses(Accepted, CommandProblems))]
async fn cancel_order(
    State(api): State<Api>,
    PathParams(id): PathParams<OrderId>,
    CommandRequest { body, sent }: CommandRequest<Cancel>,
) -> Result<Answer, Problem> {
    let by = match body.by {
        By::Customer => CancelledBy::Customer,
        By::Operator => CancelledBy::Operator,
    };
    let command = OrderCommand::RequestCancellation(RequestCancellation {
        by,
        reason: body.reason,
    });
    Ok(Answer::accepted::<Order>(
        api.send::<Order>(&id.to_string(), command, &sent).await?,
    ))
}

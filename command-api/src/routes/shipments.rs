//! What becomes of an order's shipments: packed, dispatched, delivered. A shipment is addressed by
//! its id, or, as long as an order has one, by the order alone.

use axum::{extract::State, http::StatusCode};
use orderlog_domain::{
    ids::{OrderId, ShipmentId},
    order::{
        DispatchShipment, MarkShipmentPacked, Order, OrderCommand, OrderRefusal, OrderStatus,
        RecordDelivery, ShipmentPhase,
    },
};
use orderlog_log::executor::{ExecuteError, Executed, Loaded};
use orderlog_web::{params::PathParams, problem::Problem};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::products::Nothing;
use crate::{
    openapi::{Accepted, CommandHeaders, CommandProblems, Done},
    receipt::Answer,
    refused,
    request::{CommandRequest, Sent},
    rest::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(pack_order))
        .routes(routes!(dispatch_order))
        .routes(routes!(deliver_order))
        .routes(routes!(pack_shipment))
        .routes(routes!(dispatch_shipment))
        .routes(routes!(deliver_shipment))
}

/// How a shipment leaves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "a carrier and its tracking number")]
struct Dispatch {
    /// Who carries it.
    carrier: String,
    /// The carrier's number for it.
    tracking: String,
}

/// The order's only shipment is packed; it is paid for next.
#[utoipa::path(post, path = "/orders/{id}/pack", tag = "orders", request_body = Nothing,
    params(("id" = Uuid, Path, description = "The order."), CommandHeaders), responses(Accepted, CommandProblems))]
async fn pack_order(
    State(api): State<Api>,
    PathParams(id): PathParams<OrderId>,
    CommandRequest {
        body: Nothing {},
        sent,
    }: CommandRequest<Nothing>,
) -> Result<Answer, Problem> {
    Ok(Answer::accepted::<Order>(
        to_the_shipment(&api, id, packed, &sent).await?,
    ))
}

/// The order's only shipment has left.
#[utoipa::path(post, path = "/orders/{id}/dispatch", tag = "orders", request_body = Dispatch,
    params(("id" = Uuid, Path, description = "The order."), CommandHeaders), responses(Accepted, CommandProblems))]
async fn dispatch_order(
    State(api): State<Api>,
    PathParams(id): PathParams<OrderId>,
    CommandRequest { body, sent }: CommandRequest<Dispatch>,
) -> Result<Answer, Problem> {
    Ok(Answer::accepted::<Order>(
        to_the_shipment(&api, id, |shipment| body.of(shipment), &sent).await?,
    ))
}

/// The order's only shipment has arrived.
#[utoipa::path(post, path = "/orders/{id}/deliver", tag = "orders", request_body = Nothing,
    params(("id" = Uuid, Path, description = "The order."), CommandHeaders), responses(Done, CommandProblems))]
async fn deliver_order(
    State(api): State<Api>,
    PathParams(id): PathParams<OrderId>,
    CommandRequest {
        body: Nothing {},
        sent,
    }: CommandRequest<Nothing>,
) -> Result<Answer, Problem> {
    Ok(Answer::done::<Order>(
        to_the_shipment(&api, id, delivered, &sent).await?,
    ))
}

/// A shipment is packed; it is paid for next.
#[utoipa::path(post, path = "/orders/{id}/shipments/{shipment}/pack", tag = "orders", request_body = Nothing,
    params(("id" = Uuid, Path, description = "The order."), ("shipment" = Uuid, Path, description = "The shipment."), CommandHeaders),
    responses(Accepted, CommandProblems))]
async fn pack_shipment(
    State(api): State<Api>,
    PathParams((id, shipment)): PathParams<(OrderId, ShipmentId)>,
    CommandRequest {
        body: Nothing {},
        sent,
    }: CommandRequest<Nothing>,
) -> Result<Answer, Problem> {
    Ok(Answer::accepted::<Order>(
        api.send::<Order>(&id.to_string(), packed(shipment), &sent)
            .await?,
    ))
}

/// A shipment has left.
#[utoipa::path(post, path = "/orders/{id}/shipments/{shipment}/dispatch", tag = "orders", request_body = Dispatch,
    params(("id" = Uuid, Path, description = "The order."), ("shipment" = Uuid, Path, description = "The shipment."), CommandHeaders),
    responses(Accepted, CommandProblems))]
async fn dispatch_shipment(
    State(api): State<Api>,
    PathParams((id, shipment)): PathParams<(OrderId, ShipmentId)>,
    CommandRequest { body, sent }: CommandRequest<Dispatch>,
) -> Result<Answer, Problem> {
    Ok(Answer::accepted::<Order>(
        api.send::<Order>(&id.to_string(), body.of(shipment), &sent)
            .await?,
    ))
}

/// A shipment has arrived.
#[utoipa::path(post, path = "/orders/{id}/shipments/{shipment}/deliver", tag = "orders", request_body = Nothing,
    params(("id" = Uuid, Path, description = "The order."), ("shipment" = Uuid, Path, description = "The shipment."), CommandHeaders),
    responses(Done, CommandProblems))]
async fn deliver_shipment(
    State(api): State<Api>,
    PathParams((id, shipment)): PathParams<(OrderId, ShipmentId)>,
    CommandRequest {
        body: Nothing {},
        sent,
    }: CommandRequest<Nothing>,
) -> Result<Answer, Problem> {
    Ok(Answer::done::<Order>(
        api.send::<Order>(&id.to_string(), delivered(shipment), &sent)
            .await?,
    ))
}

impl Dispatch {
    fn of(self, shipment_id: ShipmentId) -> OrderCommand {
        OrderCommand::DispatchShipment(DispatchShipment {
            shipment_id,
            carrier: self.carrier,
            tracking: self.tracking,
        })
    }
}

fn packed(shipment_id: ShipmentId) -> OrderCommand {
    OrderCommand::MarkShipmentPacked(MarkShipmentPacked { shipment_id })
}

fn delivered(shipment_id: ShipmentId) -> OrderCommand {
    OrderCommand::RecordDelivery(RecordDelivery { shipment_id })
}

/// Carries a command to the only shipment that the order has, cancelled ones aside. Which one that
/// is does not change with what becomes of it, so a repeat finds the same.
async fn to_the_shipment(
    api: &Api,
    id: OrderId,
    command: impl FnOnce(ShipmentId) -> OrderCommand,
    sent: &Sent,
) -> Result<Executed, Problem> {
    let id = id.to_string();
    let order = api.aggregates.orders.load(&id).await?;
    let counts = order
        .state
        .shipments
        .iter()
        .filter(|shipment| shipment.phase != ShipmentPhase::Cancelled);
    let shipments: Vec<ShipmentId> = counts.map(|shipment| shipment.shipment_id).collect();
    let shipment = match (shipments.as_slice(), order.state.shipments.first()) {
        ([only], _) => *only,
        // The domain says why a shipment that was cancelled takes nothing.
        ([], Some(cancelled)) => cancelled.shipment_id,
        ([], None) => return Err(no_shipment(api, &id, &order).await),
        ([_, _, ..], _) => return Err(ambiguous(shipments.len())),
    };
    api.send::<Order>(&id, command(shipment), sent).await
}

/// Nothing is recorded: the order may have a shipment a moment later.
async fn no_shipment(api: &Api, id: &str, order: &Loaded<Order>) -> Problem {
    let status = order.state.status;
    let refusal = match status {
        OrderStatus::New => OrderRefusal::OrderNotFound,
        OrderStatus::Rejected | OrderStatus::Cancelled | OrderStatus::Completed => {
            OrderRefusal::AlreadyClosed { status }
        }
        OrderStatus::Cancelling => OrderRefusal::CancellationInProgress,
        OrderStatus::Placed
        | OrderStatus::AwaitingPayment
        | OrderStatus::Confirmed
        | OrderStatus::PartiallyShipped
        | OrderStatus::Shipped => OrderRefusal::InvalidState { status },
    };
    let error = ExecuteError::Refused {
        refusal,
        version: order.version,
        repeated: false,
    };
    refused::problem::<Order>(api, id, error).await
}

fn ambiguous(shipments: usize) -> Problem {
    Problem::new(StatusCode::CONFLICT, "order.shipment_ambiguous").detail(format!(
        "the order has {shipments} shipments; address one of them by its id"
    ))
}

//! Payments: `/payments`. The saga begins them; clients complete the customer's part, give money
//! back, and have the gateway asked about an operation whose outcome is unknown.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::{DateTime, Utc};
use orderlog_domain::{
    DecidedAt,
    ids::{OperationId, PaymentId, RefundId, derive},
    money::Money,
    order::Order,
    payment::{CompleteAction, Payment, PaymentCommand, PaymentRefusal, Reconcile, Refund},
};
use orderlog_log::executor::Loaded;
use orderlog_web::{params::PathParams, problem::Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::products::Nothing;
use crate::{
    amount::Amount,
    openapi::{Accepted, CommandHeaders, CommandProblems, ReadProblems},
    receipt::{Answer, Shown},
    refused,
    request::{CommandRequest, Sent},
    resource::Resource,
    rest::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(show_payment))
        .routes(routes!(complete_action))
        .routes(routes!(refund_payment))
        .routes(routes!(reconcile_payment))
}

/// Money to be given back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "a refund")]
struct NewRefund {
    /// How much, of what was captured and not yet refunded.
    amount: Amount,
    /// Why.
    reason: String,
}

/// A payment.
#[derive(Serialize, ToSchema)]
struct PaymentBody {
    /// Its id.
    id: Uuid,
    /// Its order.
    order_id: Uuid,
    /// Its state.
    state: &'static str,
    /// What is to be paid.
    amount: Amount,
    /// Held by the gateway, over all authorizations.
    authorized: Amount,
    /// Taken.
    captured: Amount,
    /// Let go without having been taken.
    voided: Amount,
    /// Given back.
    refunded: Amount,
    /// The operation whose outcome is not known yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_flight: Option<InFlightBody>,
    /// Until when the customer may act.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_until: Option<DateTime<Utc>>,
    /// Until when money is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_until: Option<DateTime<Utc>>,
    /// Its version; also in `ETag`.
    version: u64,
    /// What clients may ask of it now.
    allowed_commands: Vec<&'static str>,
    /// Where it is, and where what is allowed is sent.
    links: BTreeMap<&'static str, String>,
}

/// An operation at the gateway.
#[derive(Serialize, ToSchema)]
struct InFlightBody {
    /// Its id, and its idempotency key at the gateway.
    operation_id: Uuid,
    /// What it does: `Authorize`, `Capture`, `Void` or `Refund`.
    operation: String,
    /// With how much.
    amount: Amount,
    /// Whether the gateway gave no answer.
    unknown: bool,
}

/// Shows a payment.
#[utoipa::path(get, path = "/payments/{id}", tag = "payments", params(("id" = Uuid, Path, description = "The payment.")),
    responses((status = 200, description = "The payment.", body = PaymentBody, headers(("ETag" = String, description = "The version, in quotes."))), ReadProblems))]
async fn show_payment(
    State(api): State<Api>,
    PathParams(id): PathParams<PaymentId>,
) -> Result<Shown<PaymentBody>, Problem> {
    let loaded = api.aggregates.payments.load(&id.to_string()).await?;
    let body = PaymentBody::of(&loaded, api.clock.now())
        .ok_or_else(|| refused::refusal(&PaymentRefusal::PaymentNotFound))?;
    Ok(Shown {
        version: loaded.version,
        body,
    })
}

/// The customer has done their part: the payment is authorized again.
#[utoipa::path(post, path = "/payments/{id}/complete-action", tag = "payments", request_body = Nothing,
    params(("id" = Uuid, Path, description = "The payment."), CommandHeaders), responses(Accepted, CommandProblems))]
async fn complete_action(
    State(api): State<Api>,
    PathParams(id): PathParams<PaymentId>,
    CommandRequest {
        body: Nothing {},
        sent,
    }: CommandRequest<Nothing>,
) -> Result<Answer, Problem> {
    let command = PaymentCommand::CompleteAction(CompleteAction {
        operation_id: operation(&sent),
    });
    Ok(Answer::accepted::<Payment>(
        api.send::<Payment>(&id.to_string(), command, &sent).await?,
    ))
}

/// Gives money back.
#[utoipa::path(post, path = "/payments/{id}/refund", tag = "payments", request_body = NewRefund,
    params(("id" = Uuid, Path, description = "The payment."), CommandHeaders), responses(Accepted, CommandProblems))]
async fn refund_payment(
    State(api): State<Api>,
    PathParams(id): PathParams<PaymentId>,
    CommandRequest {
        body: NewRefund { amount, reason },
        sent,
    }: CommandRequest<NewRefund>,
) -> Result<Answer, Problem> {
    let refund_id = RefundId(derive(sent.command_id, "refund"));
    let command = Refund {
        operation_id: operation(&sent),
        refund_id,
        amount: amount.into(),
        reason,
    };
    Ok(Answer::accepted::<Payment>(
        api.send::<Payment>(&id.to_string(), PaymentCommand::Refund(command), &sent)
            .await?,
    ))
}

/// Asks the gateway once more what became of the operation whose outcome is unknown.
#[utoipa::path(post, path = "/payments/{id}/reconcile", tag = "payments", request_body = Nothing,
    params(("id" = Uuid, Path, description = "The payment."), CommandHeaders), responses(Accepted, CommandProblems))]
async fn reconcile_payment(
    State(api): State<Api>,
    PathParams(id): PathParams<PaymentId>,
    CommandRequest {
        body: Nothing {},
        sent,
    }: CommandRequest<Nothing>,
) -> Result<Answer, Problem> {
    let id = id.to_string();
    let payment = api.aggregates.payments.load(&id).await?.state;
    let attempt = payment
        .in_flight
        .as_ref()
        .map_or(1, |flight| flight.asked.saturating_add(1));
    let command = PaymentCommand::Reconcile(Reconcile { attempt });
    Ok(Answer::accepted::<Payment>(
        api.send::<Payment>(&id, command, &sent).await?,
    ))
}

/// The operation that a command begins: the same for a repeat.
fn operation(sent: &Sent) -> OperationId {
    OperationId(derive(sent.command_id, "operation"))
}

impl PaymentBody {
    fn of(loaded: &Loaded<Payment>, at: DecidedAt) -> Option<Self> {
        let payment = &loaded.state;
        let terms = payment.terms.as_ref()?;
        let sum = |amount_minor| Money::new(amount_minor, terms.amount.currency).into();
        let id = terms.payment_id.to_string();
        let mut links = payment.links(&id, at);
        links.insert("order", Order::href(&terms.order_id.to_string(), ""));
        Some(Self {
            id: terms.payment_id.0,
            order_id: terms.order_id.0,
            state: payment.state(),
            amount: terms.amount.into(),
            authorized: sum(payment.ledger.authorized),
            captured: sum(payment.ledger.captured),
            voided: sum(payment.ledger.voided),
            refunded: sum(payment.ledger.refunded),
            in_flight: payment.in_flight.as_ref().map(|flight| InFlightBody {
                operation_id: flight.operation_id.0,
                operation: format!("{:?}", flight.operation),
                amount: flight.amount.into(),
                unknown: flight.unknown,
            }),
            action_until: payment.action.map(|(_, until)| until),
            held_until: payment.held_until,
            version: loaded.version,
            allowed_commands: payment.allowed(at),
            links,
        })
    }
}

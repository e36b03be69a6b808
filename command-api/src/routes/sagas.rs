//! Fulfilment sagas: `/sagas`, by the order that each carries through. Placing an order begins its
//! saga; what clients may ask of it are the verbs of operators, for when it can't go on by itself.

mod shown;

use axum::extract::State;
use orderlog_domain::{
    fulfilment::{
        CompensateNow, Fulfilment, FulfilmentCommand, FulfilmentRefusal, Intervention, Resolution,
        ResolveFulfilment, ResumeFulfilment, RetryStep, SkipStep,
    },
    ids::OrderId,
};
use orderlog_log::executor::Executed;
use orderlog_web::{params::PathParams, problem::Problem};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    aggregates::saga_id,
    amount::Amount,
    openapi::{Accepted, CommandHeaders, CommandProblems, Done, ReadProblems},
    receipt::{Answer, Shown},
    refused,
    request::{CommandRequest, Sent},
    rest::Api,
};

use shown::SagaBody;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(show_saga))
        .routes(routes!(retry_saga))
        .routes(routes!(skip_saga))
        .routes(routes!(compensate_saga))
        .routes(routes!(resume_saga))
        .routes(routes!(resolve_saga))
}

/// Why an operator intervenes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "the reason of an operator")]
struct Why {
    /// Why, for those who read the log later; at most 500 characters.
    reason: String,
}

/// A step that was done by hand.
#[derive(Deserialize, ToSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "the reason of an operator, and an amount where money is at stake"
)]
struct ByHand {
    /// Why, for those who read the log later; at most 500 characters.
    reason: String,
    /// How much was moved by hand: the saga's `at_stake`. Absent where the step moves no money.
    amount: Option<Amount>,
}

/// An end that an operator declares.
#[derive(Deserialize, ToSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "the reason of an operator, and the outcome"
)]
struct End {
    /// Why, for those who read the log later; at most 500 characters.
    reason: String,
    /// How it ended.
    outcome: Outcome,
}

/// How a saga ended.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// The customer has the goods, the shop has the money.
    Completed,
    /// Nothing is left of it: no goods, no money.
    Compensated,
}

/// Shows a saga: where it is, what it waits for, and what an operator may do about it.
#[utoipa::path(get, path = "/sagas/{order_id}", tag = "sagas", params(("order_id" = Uuid, Path, description = "The order.")),
    responses((status = 200, description = "The saga.", body = SagaBody, headers(("ETag" = String, description = "The version, in quotes."))), ReadProblems))]
async fn show_saga(
    State(api): State<Api>,
    PathParams(order_id): PathParams<OrderId>,
) -> Result<Shown<SagaBody>, Problem> {
    let id = saga_id(order_id);
    let loaded = api.aggregates.fulfilments.load(&id).await?;
    let body = SagaBody::of(&id, &loaded, api.clock.now())
        .ok_or_else(|| refused::refusal(&FulfilmentRefusal::NotFound))?;
    Ok(Shown {
        version: loaded.version,
        body,
    })
}

/// Has what failed, was refused or stays unanswered issued again, now. No payment is made twice: where nobody knows what
/// became of one, the gateway is asked.
#[utoipa::path(post, path = "/sagas/{order_id}/retry", tag = "sagas", request_body = Why,
    params(("order_id" = Uuid, Path, description = "The order."), CommandHeaders), responses(Accepted, CommandProblems))]
async fn retry_saga(
    State(api): State<Api>,
    PathParams(order_id): PathParams<OrderId>,
    CommandRequest { body, sent }: CommandRequest<Why>,
) -> Result<Answer, Problem> {
    let intervention = by(&sent, body.reason);
    let command = FulfilmentCommand::RetryStep(RetryStep { intervention });
    let executed = decided(&api, order_id, command, &sent).await?;
    Ok(Answer::accepted::<Fulfilment>(executed))
}

/// Takes what the step did not get as done by hand; where that is money, of the amount that is at stake.
#[utoipa::path(post, path = "/sagas/{order_id}/skip", tag = "sagas", request_body = ByHand,
    params(("order_id" = Uuid, Path, description = "The order."), CommandHeaders), responses(Accepted, CommandProblems))]
async fn skip_saga(
    State(api): State<Api>,
    PathParams(order_id): PathParams<OrderId>,
    CommandRequest { body, sent }: CommandRequest<ByHand>,
) -> Result<Answer, Problem> {
    let command = FulfilmentCommand::SkipStep(SkipStep {
        intervention: by(&sent, body.reason),
        amount: body.amount.map(Into::into),
    });
    let executed = decided(&api, order_id, command, &sent).await?;
    Ok(Answer::accepted::<Fulfilment>(executed))
}

/// Turns back now: the order is cancelled, and all that was done for it is undone. Possible until it has left.
#[utoipa::path(post, path = "/sagas/{order_id}/compensate", tag = "sagas", request_body = Why,
    params(("order_id" = Uuid, Path, description = "The order."), CommandHeaders), responses(Accepted, CommandProblems))]
async fn compensate_saga(
    State(api): State<Api>,
    PathParams(order_id): PathParams<OrderId>,
    CommandRequest { body, sent }: CommandRequest<Why>,
) -> Result<Answer, Problem> {
    let intervention = by(&sent, body.reason);
    let command = FulfilmentCommand::CompensateNow(CompensateNow { intervention });
    let executed = decided(&api, order_id, command, &sent).await?;
    Ok(Answer::accepted::<Fulfilment>(executed))
}

/// Has a saga that waits for an operator look again and go on at its own pace, after something was mended.
#[utoipa::path(post, path = "/sagas/{order_id}/resume", tag = "sagas", request_body = Why,
    params(("order_id" = Uuid, Path, description = "The order."), CommandHeaders), responses(Accepted, CommandProblems))]
async fn resume_saga(
    State(api): State<Api>,
    PathParams(order_id): PathParams<OrderId>,
    CommandRequest { body, sent }: CommandRequest<Why>,
) -> Result<Answer, Problem> {
    let intervention = by(&sent, body.reason);
    let command = FulfilmentCommand::Resume(ResumeFulfilment { intervention });
    let executed = decided(&api, order_id, command, &sent).await?;
    Ok(Answer::accepted::<Fulfilment>(executed))
}

/// Ends a saga by hand that waits for an operator. It does nothing more but undo what succeeds late.
#[utoipa::path(post, path = "/sagas/{order_id}/resolve", tag = "sagas", request_body = End,
    params(("order_id" = Uuid, Path, description = "The order."), CommandHeaders), responses(Done, CommandProblems))]
async fn resolve_saga(
    State(api): State<Api>,
    PathParams(order_id): PathParams<OrderId>,
    CommandRequest { body, sent }: CommandRequest<End>,
) -> Result<Answer, Problem> {
    let command = FulfilmentCommand::Resolve(ResolveFulfilment {
        intervention: by(&sent, body.reason),
        resolution: match body.outcome {
            Outcome::Completed => Resolution::Completed,
            Outcome::Compensated => Resolution::Compensated,
        },
    });
    let executed = decided(&api, order_id, command, &sent).await?;
    Ok(Answer::done::<Fulfilment>(executed))
}

fn by(sent: &Sent, reason: String) -> Intervention {
    Intervention {
        actor: sent.actor().to_owned(),
        reason,
    }
}

async fn decided(
    api: &Api,
    order_id: OrderId,
    command: FulfilmentCommand,
    sent: &Sent,
) -> Result<Executed, Problem> {
    let id = saga_id(order_id);
    api.send::<Fulfilment>(&id, command, sent).await
}

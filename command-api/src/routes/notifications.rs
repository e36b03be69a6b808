//! One notification and its deliveries: `/notifications/{id}`. Lists of them are read models.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::{DateTime, Utc};
use orderlog_domain::{
    ids::{CustomerId, OrderId},
    notification::{
        Channel, Delivery, DeliveryState, Notification, NotificationCommand, NotificationRefusal,
        ReplayNotification,
    },
};
use orderlog_web::{params::PathParams, problem::Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    openapi::{Accepted, CommandHeaders, CommandProblems, ReadProblems},
    receipt::{Answer, Shown},
    refused,
    request::CommandRequest,
    resource::Resource,
    rest::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(show_notification))
        .routes(routes!(replay_notification))
}

/// Which channel a notification is to go through once more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "a replay")]
struct NewReplay {
    /// `log`, `email` or `webhook:` and an endpoint's id; all that have given it up where absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "email")]
    channel: Option<Channel>,
}

/// A notification.
#[derive(Serialize, ToSchema)]
struct NotificationBody {
    /// Its id: in a webhook `webhook-id`, in a mail the first part of the Message-ID.
    id: Uuid,
    /// The order that it is about.
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    /// Who is told.
    #[schema(value_type = String)]
    customer_id: CustomerId,
    /// What about, such as `order.confirmed`.
    kind: &'static str,
    /// In which words.
    text: String,
    /// Its state: of its deliveries' that which needs attention first.
    state: &'static str,
    /// What became of it, by channel.
    deliveries: Vec<DeliveryBody>,
    /// Its version; also in `ETag`.
    version: u64,
    /// What clients may ask of it now.
    allowed_commands: Vec<&'static str>,
    /// Where it is, and where what is allowed is sent.
    links: BTreeMap<&'static str, String>,
}

/// A notification's way through one channel.
#[derive(Serialize, ToSchema)]
struct DeliveryBody {
    /// `log`, `email` or `webhook:` and the endpoint's id.
    channel: String,
    /// `pending`, `sent`, `given_up` or `withheld`.
    state: &'static str,
    /// Why it is withheld: `turned_off`, `not_configured` or `endpoint_disabled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<&'static str>,
    /// How often it failed since it was last asked for.
    failures: u32,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<DateTime<Utc>>,
}

/// Sends a notification once more, under the same id: through the channels that have given it up, or
/// through the one that is named, whatever became of it there.
#[utoipa::path(post, path = "/notifications/{id}/replay", tag = "notifications", request_body = NewReplay,
    params(("id" = Uuid, Path, description = "The notification."), CommandHeaders), responses(Accepted, CommandProblems))]
async fn replay_notification(
    State(api): State<Api>,
    PathParams(id): PathParams<Uuid>,
    CommandRequest { body, sent }: CommandRequest<NewReplay>,
) -> Result<Answer, Problem> {
    let channel = body.channel;
    let command = NotificationCommand::Replay(ReplayNotification { channel });
    let id = id.to_string();
    Ok(Answer::accepted::<Notification>(
        api.send::<Notification>(&id, command, &sent).await?,
    ))
}

/// Shows a notification and what became of it on each channel.
#[utoipa::path(get, path = "/notifications/{id}", tag = "notifications", params(("id" = Uuid, Path, description = "The notification.")),
    responses((status = 200, description = "The notification.", body = NotificationBody, headers(("ETag" = String, description = "The version, in quotes."))), ReadProblems))]
async fn show_notification(
    State(api): State<Api>,
    PathParams(id): PathParams<Uuid>,
) -> Result<Shown<NotificationBody>, Problem> {
    let text_id = id.to_string();
    let loaded = api.aggregates.notifications.load(&text_id).await?;
    let (notification, version) = (&loaded.state, loaded.version);
    let message = notification.message.as_ref();
    let message =
        message.ok_or_else(|| refused::refusal(&NotificationRefusal::NotificationNotFound))?;
    let at = api.clock.now();
    let body = NotificationBody {
        id,
        order_id: message.order_id,
        customer_id: message.customer_id.clone(),
        kind: message.kind.public_name(),
        text: message.text.clone(),
        state: notification.state_name(),
        deliveries: notification
            .deliveries
            .iter()
            .map(DeliveryBody::of)
            .collect(),
        version,
        allowed_commands: notification.allowed(at),
        links: notification.links(&text_id, at),
    };
    Ok(Shown { version, body })
}

impl DeliveryBody {
    fn of((channel, delivery): (&Channel, &Delivery)) -> Self {
        let (state, withheld) = match delivery.state {
            DeliveryState::Pending => ("pending", None),
            DeliveryState::Sent => ("sent", None),
            DeliveryState::GivenUp => ("given_up", None),
            DeliveryState::Withheld(reason) => ("withheld", Some(reason.public_name())),
        };
        Self {
            channel: channel.to_string(),
            state,
            withheld,
            failures: delivery.failures,
            retry_at: delivery.retry_at.filter(|_| delivery.is_pending()),
        }
    }
}

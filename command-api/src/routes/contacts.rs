//! How customers want to be told: `/customers/{id}/notification-preferences`.

use std::collections::BTreeMap;

use axum::extract::State;
use orderlog_domain::{
    contact::{Contact, ContactCommand, EmailAddress, Preferences, SetPreferences},
    ids::CustomerId,
};
use orderlog_web::{params::PathParams, problem::Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    openapi::{CommandHeaders, CommandProblems, Done, ReadProblems},
    receipt::{Answer, Shown},
    request::CommandRequest,
    resource::Resource,
    rest::Api,
};

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(set_preferences, show_preferences))
}

/// How a customer wants to be told; all of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "notification preferences")]
struct NewPreferences {
    /// Where mails go.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "ann@example.com")]
    email: Option<EmailAddress>,
    /// Which channels are wanted.
    channels: Channels,
}

/// The channels that a customer may switch.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "channels, each true or false")]
struct Channels {
    /// Mails to the customer.
    email: bool,
    /// Webhooks to the shop's endpoints.
    webhook: bool,
}

/// How a customer wants to be told.
#[derive(Serialize, ToSchema)]
struct PreferencesBody {
    /// The customer.
    #[schema(value_type = String)]
    customer_id: CustomerId,
    /// `Unsaid`, where this is what holds for whoever never said anything; else `Said`.
    state: &'static str,
    /// Where mails go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    email: Option<EmailAddress>,
    /// Which channels are wanted.
    channels: Channels,
    /// The version; also in `ETag`. 0 where nothing was ever said.
    version: u64,
    /// Where it is.
    links: BTreeMap<&'static str, String>,
}

/// Says how a customer wants to be told; what was said before does not count any more. With every
/// channel off he is told nothing.
#[utoipa::path(put, path = "/customers/{id}/notification-preferences", tag = "notifications", request_body = NewPreferences,
    params(("id" = String, Path, description = "The customer."), CommandHeaders), responses(Done, CommandProblems))]
async fn set_preferences(
    State(api): State<Api>,
    PathParams(customer_id): PathParams<CustomerId>,
    CommandRequest { body, sent }: CommandRequest<NewPreferences>,
) -> Result<Answer, Problem> {
    let id = customer_id.to_string();
    let command = SetPreferences {
        customer_id,
        preferences: Preferences {
            email: body.email,
            by_email: body.channels.email,
            by_webhook: body.channels.webhook,
        },
    };
    let command = ContactCommand::SetPreferences(command);
    Ok(Answer::done::<Contact>(
        api.send::<Contact>(&id, command, &sent).await?,
    ))
}

/// Shows how a customer wants to be told.
#[utoipa::path(get, path = "/customers/{id}/notification-preferences", tag = "notifications",
    params(("id" = String, Path, description = "The customer.")),
    responses((status = 200, description = "The preferences.", body = PreferencesBody, headers(("ETag" = String, description = "The version, in quotes."))), ReadProblems))]
async fn show_preferences(
    State(api): State<Api>,
    PathParams(customer_id): PathParams<CustomerId>,
) -> Result<Shown<PreferencesBody>, Problem> {
    let id = customer_id.as_str();
    let loaded = api.aggregates.contacts.load(id).await?;
    let said = loaded.state.preferences.clone().unwrap_or_default();
    let body = PreferencesBody {
        state: loaded.state.state_name(),
        email: said.email,
        channels: Channels {
            email: said.by_email,
            webhook: said.by_webhook,
        },
        version: loaded.version,
        links: loaded.state.links(id, api.clock.now()),
        customer_id,
    };
    Ok(Shown {
        version: loaded.version,
        body,
    })
}

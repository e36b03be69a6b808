//! What is said of webhook endpoints, by clients and to them.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use orderlog_domain::{
    ids::{CustomerId, EndpointId},
    notification::NotificationKind,
    webhook::{DisabledBecause, Endpoint, EndpointState, WebhookUrl},
};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    receipt::{Answer, Receipt},
    rest::BASE,
    webhook_key::Secret,
};

/// An endpoint to which webhooks are to go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "a webhook endpoint")]
pub(super) struct NewEndpoint {
    /// Where it is: `https`; `http` on the machine itself alone.
    #[schema(value_type = String, example = "https://example.com/hooks")]
    pub(super) url: WebhookUrl,
    /// What it hears of, such as `order.confirmed`; of everything where absent.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub(super) types: Vec<Type>,
    /// The only customer that it hears of; all where absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) customer_id: Option<CustomerId>,
}

/// A kind of notification under its public name.
pub(super) struct Type(pub(super) NotificationKind);

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(de::Error::custom)
    }
}

/// The endpoints.
#[derive(Serialize, ToSchema)]
pub(super) struct EndpointsBody {
    /// In no order that matters.
    pub(super) endpoints: Vec<EndpointBody>,
}

/// An endpoint to which webhooks go.
#[derive(Serialize, ToSchema)]
pub(super) struct EndpointBody {
    /// Its id.
    id: Uuid,
    /// Where it is.
    url: String,
    /// What it hears of; of everything where empty.
    types: Vec<&'static str>,
    /// The only customer that it hears of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// `enabled` or `disabled`.
    state: &'static str,
    /// Why it is disabled: `asked`, or `gone` where it answered 410.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'static str>,
    /// How many secrets it has had.
    secrets: u32,
    /// Where it is, and where it can be changed.
    links: BTreeMap<&'static str, String>,
}

impl EndpointBody {
    pub(super) fn of(id: EndpointId, endpoint: &Endpoint) -> Self {
        let (state, because, switch) = match endpoint.state {
            EndpointState::Enabled => ("enabled", None, "disable"),
            EndpointState::Disabled { because } => {
                let because = match because {
                    DisabledBecause::Asked => "asked",
                    DisabledBecause::Gone => "gone",
                };
                ("disabled", Some(because), "enable")
            }
        };
        let itself = href(id);
        let parts = [switch, "rotate-secret"].map(|part| (part, format!("{itself}/{part}")));
        Self {
            id: id.0,
            url: endpoint.url.to_string(),
            types: endpoint.kinds.iter().map(|it| it.public_name()).collect(),
            customer_id: endpoint.customer_id.clone(),
            state,
            because,
            secrets: endpoint.generation,
            links: parts.into_iter().chain([("self", itself)]).collect(),
        }
    }
}

/// Where an endpoint is.
pub(super) fn href(id: EndpointId) -> String {
    format!("{BASE}/webhook-endpoints/{id}")
}

/// A command was carried out that made a secret.
#[derive(Serialize, ToSchema)]
pub(super) struct SecretReceipt {
    #[serde(flatten)]
    receipt: Receipt,
    /// What the endpoint's webhooks are signed with. It is not shown again: keep it.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

/// Such a receipt on its way to the client.
pub(super) struct SecretAnswer {
    answer: Answer,
    secret: Secret,
}

impl SecretAnswer {
    pub(super) fn new(answer: Answer, id: EndpointId, secret: Secret) -> Self {
        let answer = answer.of(id.to_string(), href(id));
        Self { answer, secret }
    }
}

impl IntoResponse for SecretAnswer {
    fn into_response(self) -> Response {
        let secret = self.secret.shown();
        self.answer
            .saying(|receipt| SecretReceipt { receipt, secret })
    }
}

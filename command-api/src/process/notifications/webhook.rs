//! Webhooks by the Standard Webhooks specification: signed, under the notification's id, to addresses
//! outside alone. An endpoint may hang, redirect, or answer without end: the time is bounded, nothing
//! is followed, and of the answer only the head is read. Next: `payload` is what is said, `addresses`
//! which addresses may be called, `places` how many calls an endpoint may keep waiting.

mod addresses;
mod payload;
mod places;

use std::time::Duration;

use async_trait::async_trait;
use orderlog_domain::{
    ids::EndpointId,
    notification::{Channel, WithheldReason},
    webhook::{Endpoint, Webhooks},
};
use orderlog_log::executor::Executor;
use orderlog_web::client;
use reqwest::{Client, StatusCode, header::CONTENT_TYPE, redirect::Policy};

use crate::{aggregates::ENDPOINTS, webhook_key::WebhookKey};

use self::{
    addresses::{Guarded, Internal, is_internal},
    payload::payload,
    places::Places,
};
use super::{NotificationChannel, Outgoing, Unsent};

/// How webhooks are sent.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// From what their secrets derive.
    pub key: WebhookKey,
    /// Whether addresses inside may be called: for tests and development.
    pub allow_internal: bool,
    /// How long an endpoint may take from the first byte to the head of its answer.
    pub timeout: Duration,
}

impl WebhookSettings {
    /// As it should be on the internet.
    pub fn new(key: WebhookKey) -> Self {
        Self {
            key,
            allow_internal: false,
            timeout: Duration::from_secs(15),
        }
    }
}

/// Why webhooks can't be sent.
#[derive(Debug, thiserror::Error)]
#[error("webhooks can't be sent: {0}")]
pub struct WebhookError(#[from] reqwest::Error);

/// Sends webhooks.
pub struct WebhookChannel {
    webhooks: Executor<Webhooks>,
    client: Client,
    settings: WebhookSettings,
    places: Places,
}

impl WebhookChannel {
    /// Sends to these endpoints; nothing is connected yet.
    pub fn new(
        settings: WebhookSettings,
        webhooks: Executor<Webhooks>,
    ) -> Result<Self, WebhookError> {
        let client = client::builder()
            .user_agent(concat!("orderlog/", env!("CARGO_PKG_VERSION")))
            .timeout(settings.timeout)
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(Guarded {
                allow_internal: settings.allow_internal,
            })
            .build()?;
        Ok(Self {
            webhooks,
            client,
            settings,
            places: Places::default(),
        })
    }

    async fn post(&self, id: EndpointId, endpoint: &Endpoint, outgoing: &Outgoing<'_>) -> Sent {
        let internal = endpoint.url.ip().filter(|ip| is_internal(*ip));
        if let Some(address) = internal.filter(|_| !self.settings.allow_internal) {
            return Err(Unsent::Refused(Internal(address).to_string()));
        }
        let body = payload(outgoing).map_err(|error| Unsent::Refused(error.to_string()))?;
        let webhook_id = outgoing.message.notification_id.to_string();
        let timestamp = outgoing.at.timestamp();
        let key = &self.settings.key;
        let signatures = endpoint.signing(outgoing.at).into_iter();
        let signatures: Vec<_> = signatures
            .map(|generation| key.secret(id, generation))
            .map(|secret| secret.sign(&webhook_id, timestamp, &body))
            .collect();
        let request = self
            .client
            .post(endpoint.url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", webhook_id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signatures.join(" "))
            .body(body);
        // The answer's body is not read: dropped, it ends the connection.
        match request.send().await {
            Ok(answer) => judged(answer.status()),
            Err(error) => Err(unanswered(&error)),
        }
    }
}

type Sent = Result<(), Unsent>;

#[async_trait]
impl NotificationChannel for WebhookChannel {
    async fn send(&self, outgoing: &Outgoing<'_>) -> Sent {
        let Channel::Webhook(id) = outgoing.channel else {
            return Err(Unsent::Refused(format!(
                "{} is no webhook",
                outgoing.channel
            )));
        };
        let webhooks = self.webhooks.load(ENDPOINTS).await;
        let webhooks = webhooks.map_err(|error| Unsent::Failed(error.to_string()))?;
        let endpoint = webhooks.state.endpoints.get(&id);
        let Some(endpoint) = endpoint.filter(|endpoint| endpoint.is_enabled()) else {
            return Err(Unsent::Withheld(WithheldReason::EndpointDisabled));
        };
        let Some(_place) = self.places.take(id) else {
            return Err(Unsent::Busy);
        };
        self.post(id, endpoint, outgoing).await
    }
}

/// What the answer's status means: success is 2xx, and 410 wants no more of it. A redirect is no
/// success: who moves tells us so.
fn judged(status: StatusCode) -> Sent {
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::GONE => Err(Unsent::Gone("410: the endpoint is disabled".to_owned())),
        status if status.is_redirection() => Err(Unsent::Failed(format!(
            "{}: redirects are not followed",
            status.as_u16()
        ))),
        status => Err(Unsent::Failed(format!("answered {}", status.as_u16()))),
    }
}

/// Why there was no answer. What the network says names no path or query of the endpoint.
fn unanswered(error: &reqwest::Error) -> Unsent {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut said = String::new();
    while let Some(error) = cause {
        if let Some(internal) = error.downcast_ref::<Internal>() {
            return Unsent::Refused(internal.to_string());
        }
        said = error.to_string();
        cause = error.source();
    }
    Unsent::Failed(match error.is_timeout() {
        true => "no answer in time".to_owned(),
        false => format!("no answer: {said}"),
    })
}

#[cfg(test)]
mod tests;

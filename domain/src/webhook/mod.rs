//! The endpoints to which webhooks go, all in one stream, because there are few and they are read
//! together. No secret is here: what signs an endpoint's webhooks derives from a key that the log
//! never sees, the endpoint's id and the number of its generation.

mod change_endpoint;
mod endpoint;
mod event;
mod refusal;
mod register_endpoint;
mod rotate_secret;
#[cfg(test)]
pub(crate) mod testing;
mod webhook_url;

use std::collections::BTreeMap;

use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};

use crate::{DecidedAt, ids::EndpointId};

pub use change_endpoint::{DisableEndpoint, EnableEndpoint, RemoveEndpoint};
pub use endpoint::{DisabledBecause, Endpoint, EndpointState};
pub use event::WebhookEvent;
pub use refusal::WebhookRefusal;
pub use register_endpoint::{MOST_ENDPOINTS, RegisterEndpoint};
pub use rotate_secret::{OVERLAP, RotateSecret};
pub use webhook_url::{InvalidUrl, WebhookUrl};

/// What can be asked of the endpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum WebhookCommand {
    /// Send webhooks to one more.
    Register(RegisterEndpoint),
    /// Send nothing to one.
    Disable(DisableEndpoint),
    /// Send to it again.
    Enable(EnableEndpoint),
    /// Sign with another secret.
    RotateSecret(RotateSecret),
    /// Forget one.
    Remove(RemoveEndpoint),
}

/// All endpoints.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Webhooks {
    /// By their ids.
    pub endpoints: BTreeMap<EndpointId, Endpoint>,
}

impl Aggregate for Webhooks {
    const TYPE: &'static str = "webhook";
    type Command = WebhookCommand;
    type Event = WebhookEvent;
    type Error = WebhookRefusal;
    type Services = DecidedAt;

    async fn handle(
        &mut self,
        command: WebhookCommand,
        at: &DecidedAt,
        sink: &EventSink<Self>,
    ) -> Result<(), WebhookRefusal> {
        for event in self.decide(command, *at)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: WebhookEvent) {
        match event {
            WebhookEvent::EndpointRegistered {
                endpoint_id,
                url,
                kinds,
                customer_id,
            } => {
                let endpoint = Endpoint::new(url, kinds, customer_id);
                self.endpoints.insert(endpoint_id, endpoint);
            }
            WebhookEvent::EndpointDisabled {
                endpoint_id,
                because,
            } => self.change(endpoint_id, |endpoint| {
                endpoint.state = EndpointState::Disabled { because };
            }),
            WebhookEvent::EndpointEnabled { endpoint_id } => self.change(endpoint_id, |endpoint| {
                endpoint.state = EndpointState::Enabled;
            }),
            WebhookEvent::EndpointSecretRotated {
                endpoint_id,
                generation,
                previous_until,
            } => self.change(endpoint_id, |endpoint| {
                endpoint.generation = generation;
                endpoint.previous_until = Some(previous_until);
            }),
            WebhookEvent::EndpointRemoved { endpoint_id } => {
                self.endpoints.remove(&endpoint_id);
            }
        }
    }
}

impl Webhooks {
    /// What the command brings about, or why it is refused.
    pub fn decide(
        &self,
        command: WebhookCommand,
        at: DecidedAt,
    ) -> Result<Vec<WebhookEvent>, WebhookRefusal> {
        match command {
            WebhookCommand::Register(command) => command.decide(self),
            WebhookCommand::Disable(command) => command.decide(self),
            WebhookCommand::Enable(command) => command.decide(self),
            WebhookCommand::RotateSecret(command) => command.decide(self, at),
            WebhookCommand::Remove(command) => command.decide(self),
        }
    }

    /// The endpoint with this id.
    pub fn endpoint(&self, id: EndpointId) -> Result<&Endpoint, WebhookRefusal> {
        self.endpoints
            .get(&id)
            .ok_or(WebhookRefusal::EndpointNotFound)
    }

    /// The state's name.
    pub fn state_name(&self) -> &'static str {
        match self.endpoints.is_empty() {
            true => "Empty",
            false => "Registered",
        }
    }

    /// Names of the commands that the state allows.
    pub fn allowed_commands(&self, _at: DecidedAt) -> Vec<&'static str> {
        let of_an_endpoint = [
            "DisableEndpoint",
            "EnableEndpoint",
            "RotateSecret",
            "RemoveEndpoint",
        ];
        let mut allowed = vec!["RegisterEndpoint"];
        if !self.endpoints.is_empty() {
            allowed.extend(of_an_endpoint);
        }
        allowed
    }

    fn change(&mut self, id: EndpointId, change: impl FnOnce(&mut Endpoint)) {
        if let Some(endpoint) = self.endpoints.get_mut(&id) {
            change(endpoint);
        }
    }
}

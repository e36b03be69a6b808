//! Facts of the endpoints.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::{
    evolution::{Evolving, version_today},
    ids::{CustomerId, EndpointId},
    notification::NotificationKind,
};

use super::{DisabledBecause, WebhookUrl};

/// What has happened to the endpoints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum WebhookEvent {
    /// Webhooks go to one more.
    EndpointRegistered {
        /// The endpoint.
        endpoint_id: EndpointId,
        /// Where it is.
        url: WebhookUrl,
        /// What it hears of; of everything where empty.
        kinds: Vec<NotificationKind>,
        /// The only customer that it hears of.
        customer_id: Option<CustomerId>,
    },
    /// It is sent nothing.
    EndpointDisabled {
        /// The endpoint.
        endpoint_id: EndpointId,
        /// Why.
        because: DisabledBecause,
    },
    /// It is sent webhooks again.
    EndpointEnabled {
        /// The endpoint.
        endpoint_id: EndpointId,
    },
    /// Another secret signs.
    EndpointSecretRotated {
        /// The endpoint.
        endpoint_id: EndpointId,
        /// The new secret's number.
        generation: u32,
        /// Until when the secret before it signs as well.
        previous_until: DateTime<Utc>,
    },
    /// It is forgotten.
    EndpointRemoved {
        /// The endpoint.
        endpoint_id: EndpointId,
    },
}

impl DomainEvent for WebhookEvent {
    fn event_type(&self) -> String {
        match self {
            Self::EndpointRegistered { .. } => "EndpointRegistered",
            Self::EndpointDisabled { .. } => "EndpointDisabled",
            Self::EndpointEnabled { .. } => "EndpointEnabled",
            Self::EndpointSecretRotated { .. } => "EndpointSecretRotated",
            Self::EndpointRemoved { .. } => "EndpointRemoved",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        version_today::<Self>(&self.event_type()).to_string()
    }
}

impl Evolving for WebhookEvent {}

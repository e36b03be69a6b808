//! One endpoint: where it is, what it hears of, and which generations of its secret sign.

use serde::{Deserialize, Serialize};

use crate::{DecidedAt, ids::CustomerId, notification::NotificationKind};

use super::WebhookUrl;

/// An endpoint to which webhooks go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Where it is.
    pub url: WebhookUrl,
    /// What it hears of; of everything where empty.
    pub kinds: Vec<NotificationKind>,
    /// The only customer that it hears of.
    pub customer_id: Option<CustomerId>,
    /// Whether anything is sent.
    pub state: EndpointState,
    /// Which secret signs: 1 is the first.
    pub generation: u32,
    /// Until when the secret before it signs as well.
    pub previous_until: Option<DecidedAt>,
}

/// Whether an endpoint is sent anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndpointState {
    /// It is.
    Enabled,
    /// It is not.
    Disabled {
        /// Why.
        because: DisabledBecause,
    },
}

/// Why an endpoint was disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DisabledBecause {
    /// Somebody asked for it.
    Asked,
    /// It answered 410 Gone.
    Gone,
}

impl Endpoint {
    pub(super) fn new(
        url: WebhookUrl,
        kinds: Vec<NotificationKind>,
        customer_id: Option<CustomerId>,
    ) -> Self {
        Self {
            url,
            kinds,
            customer_id,
            state: EndpointState::Enabled,
            generation: 1,
            previous_until: None,
        }
    }

    /// Whether it is sent anything.
    pub fn is_enabled(&self) -> bool {
        self.state == EndpointState::Enabled
    }

    /// Whether it hears of this.
    pub fn wants(&self, customer: &CustomerId, kind: NotificationKind) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.contains(&kind);
        kind && self
            .customer_id
            .as_ref()
            .is_none_or(|only| only == customer)
    }

    /// The generations whose secrets sign at an instant, the newest first.
    pub fn signing(&self, at: DecidedAt) -> Vec<u32> {
        match self.previous_until {
            Some(until) if at < until => vec![self.generation, self.generation - 1],
            Some(_) | None => vec![self.generation],
        }
    }
}

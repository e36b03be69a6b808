//! What has become of a message on one channel.

use serde::{Deserialize, Serialize};

use crate::DecidedAt;

use super::Channel;

/// A message's way through one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// How far it came.
    pub state: DeliveryState,
    /// How often it failed since it was last asked for.
    pub failures: u32,
    /// Not to be tried earlier.
    pub retry_at: Option<DecidedAt>,
}

/// How far a delivery came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryState {
    /// To be carried out, perhaps again.
    Pending,
    /// Carried out.
    Sent,
    /// It failed too often, or once and for all.
    GivenUp,
    /// It is not to be carried out.
    Withheld(WithheldReason),
}

/// Why a message does not go through a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WithheldReason {
    /// The customer does not want it.
    TurnedOff,
    /// The system was not told how to use the channel.
    NotConfigured,
    /// The endpoint was disabled or removed.
    EndpointDisabled,
}

impl WithheldReason {
    /// The name that others know, such as `turned_off`.
    pub fn public_name(self) -> &'static str {
        match self {
            Self::TurnedOff => "turned_off",
            Self::NotConfigured => "not_configured",
            Self::EndpointDisabled => "endpoint_disabled",
        }
    }
}

/// A channel that a message does not go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// The channel.
    pub channel: Channel,
    /// Why not.
    pub reason: WithheldReason,
}

impl Delivery {
    /// One that has just been asked for.
    pub(super) fn pending() -> Self {
        Self::in_state(DeliveryState::Pending)
    }

    pub(super) fn in_state(state: DeliveryState) -> Self {
        Self {
            state,
            failures: 0,
            retry_at: None,
        }
    }

    /// Whether it is still to be carried out.
    pub fn is_pending(&self) -> bool {
        self.state == DeliveryState::Pending
    }
}

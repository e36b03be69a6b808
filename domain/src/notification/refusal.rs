//! Why a notification refuses a command.

use serde::{Deserialize, Serialize};

use crate::refusal::{Refusal, RefusalClass};

use super::Channel;

/// A refused command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum NotificationRefusal {
    /// It was never requested.
    #[error("there is no such notification")]
    NotificationNotFound,
    /// It was sent.
    #[error("the notification was sent already")]
    AlreadySent,
    /// It does not go through this channel.
    #[error("the notification does not go through {channel}")]
    NotRouted {
        /// The channel.
        channel: Channel,
    },
    /// It is still to be sent.
    #[error("the notification is still to be sent through {channel}")]
    StillPending {
        /// The channel.
        channel: Channel,
    },
    /// No channel has given it up.
    #[error("no channel has given the notification up; name one to have it sent there once more")]
    NothingGivenUp,
}

impl Refusal for NotificationRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotificationNotFound => "notification.not_found",
            Self::AlreadySent => "notification.already_sent",
            Self::NotRouted { .. } => "notification.not_routed",
            Self::StillPending { .. } => "notification.still_pending",
            Self::NothingGivenUp => "notification.nothing_given_up",
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::NotificationNotFound => RefusalClass::NotFound,
            Self::NotRouted { .. } => RefusalClass::Rule,
            Self::AlreadySent | Self::StillPending { .. } | Self::NothingGivenUp => {
                RefusalClass::State
            }
        }
    }
}

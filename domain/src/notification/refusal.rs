//! Why a notification refuses a command.

use serde::{Deserialize, Serialize};

use crate::refusal::{Refusal, RefusalClass};

/// A refused command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum NotificationRefusal {
    /// It was never requested.
    #[error("there is no such notification")]
    NotificationNotFound,
    /// It was sent.
    #[error("the notification was sent already")]
    AlreadySent,
}

impl Refusal for NotificationRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotificationNotFound => "notification.not_found",
            Self::AlreadySent => "notification.already_sent",
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::NotificationNotFound => RefusalClass::NotFound,
            Self::AlreadySent => RefusalClass::State,
        }
    }
}

//! Why a fulfilment refuses what reaches it.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::{
    DecidedAt,
    refusal::{Refusal, RefusalClass},
};

use super::TimingsError;

/// A refused command, with what the sender needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum FulfilmentRefusal {
    /// The order's placement has not been seen yet.
    #[error("the order's fulfilment has not begun")]
    NotStarted,
    /// The timer has not run out.
    #[error("the timer runs until {due_at}")]
    NotDue {
        /// When it has.
        due_at: DecidedAt,
    },
    /// Commands of the issue are left without a reply.
    #[error("{} commands of the issue have no reply", missing.len())]
    RepliesMissing {
        /// These.
        missing: Vec<Uuid>,
    },
    /// Stock could expire while its payment is still being made.
    #[error(transparent)]
    Timings(TimingsError),
}

impl Refusal for FulfilmentRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotStarted => "fulfilment.not_started",
            Self::NotDue { .. } => "fulfilment.not_due",
            Self::RepliesMissing { .. } => "fulfilment.replies_missing",
            Self::Timings(_) => "fulfilment.timings",
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::NotStarted | Self::NotDue { .. } => RefusalClass::NotYet,
            Self::RepliesMissing { .. } | Self::Timings(_) => RefusalClass::Malformed,
        }
    }
}

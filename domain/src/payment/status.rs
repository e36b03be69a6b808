//! Where a payment is. A function of the ledger and of what is in flight; no command sets it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Operation, Payment, state::Ended};

/// Where a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PaymentStatus {
    /// It does not exist.
    New,
    /// Nothing was asked of the gateway.
    Initiated,
    /// The gateway is to hold the money.
    Authorizing,
    /// The customer has to act.
    RequiresAction,
    /// An operation's outcome is unknown.
    Unknown,
    /// It is to be voided as soon as the outcome is known.
    VoidPending,
    /// The gateway reports another amount than was asked for.
    Conflicted,
    /// Money is held.
    Authorized,
    /// Some of it was taken, the rest is held.
    PartiallyCaptured,
    /// Money was taken.
    Captured,
    /// Some of it was given back.
    PartiallyRefunded,
    /// All of it was given back.
    Refunded,
    /// The gateway would not hold the money.
    Declined,
    /// What was held was let go.
    Voided,
    /// What was held ran out.
    Expired,
}

impl PaymentStatus {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Initiated => "Initiated",
            Self::Authorizing => "Authorizing",
            Self::RequiresAction => "RequiresAction",
            Self::Unknown => "Unknown",
            Self::VoidPending => "VoidPending",
            Self::Conflicted => "Conflicted",
            Self::Authorized => "Authorized",
            Self::PartiallyCaptured => "PartiallyCaptured",
            Self::Captured => "Captured",
            Self::PartiallyRefunded => "PartiallyRefunded",
            Self::Refunded => "Refunded",
            Self::Declined => "Declined",
            Self::Voided => "Voided",
            Self::Expired => "Expired",
        }
    }
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Payment {
    /// Where it is.
    pub fn status(&self) -> PaymentStatus {
        if self.terms.is_none() {
            return PaymentStatus::New;
        }
        if self.conflict.is_some() {
            return PaymentStatus::Conflicted;
        }
        match &self.in_flight {
            Some(_) if self.void_scheduled.is_some() => PaymentStatus::VoidPending,
            Some(flight) if flight.unknown => PaymentStatus::Unknown,
            Some(flight) if flight.operation == Operation::Authorize => PaymentStatus::Authorizing,
            Some(_) | None if self.action.is_some() => PaymentStatus::RequiresAction,
            Some(_) | None => self.settled(),
        }
    }

    /// Where it is, judged by the ledger alone.
    fn settled(&self) -> PaymentStatus {
        let ledger = self.ledger;
        match self.ended {
            _ if ledger.captured > 0 && ledger.refundable() == 0 => PaymentStatus::Refunded,
            _ if ledger.refunded > 0 => PaymentStatus::PartiallyRefunded,
            _ if ledger.captured > 0 && ledger.held() > 0 => PaymentStatus::PartiallyCaptured,
            _ if ledger.captured > 0 => PaymentStatus::Captured,
            _ if ledger.held() > 0 => PaymentStatus::Authorized,
            Some(Ended::Declined) => PaymentStatus::Declined,
            Some(Ended::Voided) => PaymentStatus::Voided,
            Some(Ended::Expired) => PaymentStatus::Expired,
            None => PaymentStatus::Initiated,
        }
    }

    /// The state's name.
    pub fn state_name(&self) -> &'static str {
        self.status().name()
    }
}

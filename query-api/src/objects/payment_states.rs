//! The states of a payment, as enums of the schema.

use async_graphql::Enum;
use orderlog_domain::payment;

/// Where a payment stands.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum PaymentState {
    /// Nothing was asked of the gateway.
    Initiated,
    /// The gateway is to hold the money.
    Authorizing,
    /// The customer has to act, 3-D Secure for example.
    RequiresAction,
    /// The gateway's answer is unknown and being asked for.
    Unknown,
    /// It is to be voided as soon as the outcome is known.
    VoidPending,
    /// The gateway reports another amount than was asked for; an operator decides.
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

impl From<payment::PaymentStatus> for PaymentState {
    fn from(status: payment::PaymentStatus) -> Self {
        use payment::PaymentStatus as S;
        match status {
            // A row exists from the payment's beginning on.
            S::New | S::Initiated => Self::Initiated,
            S::Authorizing => Self::Authorizing,
            S::RequiresAction => Self::RequiresAction,
            S::Unknown => Self::Unknown,
            S::VoidPending => Self::VoidPending,
            S::Conflicted => Self::Conflicted,
            S::Authorized => Self::Authorized,
            S::PartiallyCaptured => Self::PartiallyCaptured,
            S::Captured => Self::Captured,
            S::PartiallyRefunded => Self::PartiallyRefunded,
            S::Refunded => Self::Refunded,
            S::Declined => Self::Declined,
            S::Voided => Self::Voided,
            S::Expired => Self::Expired,
        }
    }
}

impl From<PaymentState> for payment::PaymentStatus {
    fn from(state: PaymentState) -> Self {
        match state {
            PaymentState::Initiated => Self::Initiated,
            PaymentState::Authorizing => Self::Authorizing,
            PaymentState::RequiresAction => Self::RequiresAction,
            PaymentState::Unknown => Self::Unknown,
            PaymentState::VoidPending => Self::VoidPending,
            PaymentState::Conflicted => Self::Conflicted,
            PaymentState::Authorized => Self::Authorized,
            PaymentState::PartiallyCaptured => Self::PartiallyCaptured,
            PaymentState::Captured => Self::Captured,
            PaymentState::PartiallyRefunded => Self::PartiallyRefunded,
            PaymentState::Refunded => Self::Refunded,
            PaymentState::Declined => Self::Declined,
            PaymentState::Voided => Self::Voided,
            PaymentState::Expired => Self::Expired,
        }
    }
}

/// What is asked of the payment gateway.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "PaymentOperation", remote = "payment::Operation")]
pub enum Operation {
    /// To hold money.
    Authorize,
    /// To take money that is held.
    Capture,
    /// To let go what is held.
    Void,
    /// To give back what was taken.
    Refund,
}

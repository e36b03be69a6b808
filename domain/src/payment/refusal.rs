//! Why a payment refuses a command.

use serde::{Deserialize, Serialize};

use crate::{
    money::{Currency, Money},
    refusal::{Refusal, RefusalClass},
};

use super::{Operation, PaymentStatus};

/// A refused command, with what the sender needs to know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum PaymentRefusal {
    /// It never began.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// It began with other terms.
    #[error("the payment exists already")]
    PaymentExists,
    /// Nothing is to be paid.
    #[error("the amount {amount} is not more than nothing")]
    ZeroAmount {
        /// The amount sent.
        amount: Money,
    },
    /// Nobody pays in it.
    #[error("nobody pays in {currency}")]
    UnsupportedCurrency {
        /// The currency sent.
        currency: Currency,
    },
    /// A text that is empty or too long.
    #[error("{field} has 1 to {limit} characters, this one has {characters}")]
    InvalidText {
        /// Which one.
        field: String,
        /// Characters sent.
        characters: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// The state does not allow it.
    #[error("the payment is {status}")]
    InvalidState {
        /// The state.
        status: PaymentStatus,
    },
    /// One operation at a time.
    #[error("an operation ({operation:?}) is in flight")]
    OperationInFlight {
        /// What it does.
        operation: Operation,
    },
    /// The payment never asked for that operation.
    #[error("the payment has no such operation")]
    UnknownOperation,
    /// The customer took too long.
    #[error("the customer's action is no longer possible")]
    ActionExpired,
    /// More than is held.
    #[error("{requested} is more than the {capturable} that can be captured")]
    ExceedsCapturable {
        /// The amount sent.
        requested: Money,
        /// The most that is possible.
        capturable: Money,
    },
    /// The gateway has let go what was held.
    #[error("the authorization has expired")]
    AuthorizationExpired,
    /// A payment keeps its currency.
    #[error("the payment is in {expected}, not in {found}")]
    CurrencyMismatch {
        /// The payment's currency.
        expected: Currency,
        /// The currency sent.
        found: Currency,
    },
    /// More than was taken.
    #[error("{requested} is more than the {refundable} that can be refunded")]
    ExceedsRefundable {
        /// The amount sent.
        requested: Money,
        /// The most that is possible.
        refundable: Money,
    },
    /// The authorization still holds.
    #[error("the authorization has not expired yet")]
    NotDue,
}

impl Refusal for PaymentRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::PaymentNotFound => "payment.not_found",
            Self::PaymentExists => "payment.exists",
            Self::ZeroAmount { .. } => "payment.zero_amount",
            Self::UnsupportedCurrency { .. } => "payment.unsupported_currency",
            Self::InvalidText { .. } => "payment.invalid_text",
            Self::InvalidState { .. } => "payment.invalid_state",
            Self::OperationInFlight { .. } => "payment.operation_in_flight",
            Self::UnknownOperation => "payment.unknown_operation",
            Self::ActionExpired => "payment.action_expired",
            Self::ExceedsCapturable { .. } => "payment.exceeds_capturable",
            Self::AuthorizationExpired => "payment.authorization_expired",
            Self::CurrencyMismatch { .. } => "payment.currency_mismatch",
            Self::ExceedsRefundable { .. } => "payment.exceeds_refundable",
            Self::NotDue => "payment.not_due",
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::PaymentNotFound => RefusalClass::NotFound,
            Self::PaymentExists
            | Self::InvalidState { .. }
            | Self::UnknownOperation
            | Self::ActionExpired
            | Self::AuthorizationExpired => RefusalClass::State,
            Self::ExceedsCapturable { .. }
            | Self::CurrencyMismatch { .. }
            | Self::ExceedsRefundable { .. } => RefusalClass::Rule,
            Self::ZeroAmount { .. }
            | Self::UnsupportedCurrency { .. }
            | Self::InvalidText { .. } => RefusalClass::Malformed,
            Self::OperationInFlight { .. } => RefusalClass::InFlight,
            Self::NotDue => RefusalClass::NotYet,
        }
    }
}

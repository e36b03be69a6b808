//! Why a fulfilment refuses what reaches it.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::{
    DecidedAt,
    ids::ShipmentId,
    money::{Currency, Money},
    payment::Operation,
    refusal::{Refusal, RefusalClass},
};

use super::{OperatorReason, Step, TimingsError};

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
    /// Nobody carries such an order through.
    #[error("there is no saga of this order")]
    NotFound,
    /// A text of an operator says nothing, or too much.
    #[error("{field} has 1 to {limit} characters, and not only blanks")]
    TextOutOfRange {
        /// Which.
        field: String,
        /// How many characters it may have.
        limit: usize,
    },
    /// It has ended.
    #[error("it has ended: {step}")]
    Ended {
        /// How.
        step: Step,
    },
    /// Nobody has to look: it goes on by itself.
    #[error("it does not wait for an operator: it goes on by itself in {step}")]
    NotStuck {
        /// The step.
        step: Step,
    },
    /// Looking again changes nothing.
    #[error("it would stop at the same again ({reason}): retry, skip, compensate or resolve it")]
    StillStuck {
        /// Why it stopped.
        reason: OperatorReason,
    },
    /// Nothing in the step went wrong that could be issued again.
    #[error("nothing in {step} has failed, was refused or stays unanswered")]
    NothingToRetry {
        /// The step.
        step: Step,
    },
    /// The step waits for nothing that could have been done by hand.
    #[error("{step} waits for nothing that the process has asked for in vain")]
    NothingToSkip {
        /// The step.
        step: Step,
    },
    /// Later steps build on what this one records.
    #[error("{step} can't be skipped: what follows builds on what it records")]
    NotSkippable {
        /// The step.
        step: Step,
    },
    /// Commands have not been answered.
    #[error("{commands} commands are under way; what stays unanswered can be retried")]
    CommandsUnderWay {
        /// How many.
        commands: usize,
    },
    /// The gateway is at it.
    #[error("{operation:?} is under way at the gateway")]
    OperationInFlight {
        /// The operation.
        operation: Operation,
    },
    /// As long as an outcome is unknown, nobody can say what is at stake.
    #[error(
        "what became of {operation:?} is unknown, and so is what is at stake: retry asks the gateway"
    )]
    OutcomeUnknown {
        /// The operation.
        operation: Operation,
    },
    /// The step moves money, so the amount has to be typed.
    #[error("the step moves money: say that it was {at_stake}")]
    AmountRequired {
        /// What it moves.
        at_stake: Money,
    },
    /// The step moves no money.
    #[error("the step moves no money, {typed} can't be right")]
    AmountNotWanted {
        /// What was typed.
        typed: Money,
    },
    /// Another amount is at stake.
    #[error("{at_stake} are at stake, not {typed}")]
    AmountMismatch {
        /// What was typed.
        typed: Money,
        /// What the step moves.
        at_stake: Money,
    },
    /// Money of another currency is at stake.
    #[error("the step moves {expected}, not {found}")]
    CurrencyMismatch {
        /// What the step moves.
        expected: Currency,
        /// What was typed.
        found: Currency,
    },
    /// It has turned back already.
    #[error("it has turned back already")]
    AlreadyCompensating,
    /// What has left stays with the customer.
    #[error("shipment {shipment_id} has left: what is with the customer comes back as a return")]
    AlreadyDispatched {
        /// The shipment.
        shipment_id: ShipmentId,
    },
}

impl Refusal for FulfilmentRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotStarted => "fulfilment.not_started",
            Self::NotDue { .. } => "fulfilment.not_due",
            Self::RepliesMissing { .. } => "fulfilment.replies_missing",
            Self::Timings(_) => "fulfilment.timings",
            Self::NotFound => "fulfilment.not_found",
            Self::TextOutOfRange { .. } => "fulfilment.text_out_of_range",
            Self::Ended { .. } => "fulfilment.ended",
            Self::NotStuck { .. } => "fulfilment.not_stuck",
            Self::StillStuck { .. } => "fulfilment.still_stuck",
            Self::NothingToRetry { .. } => "fulfilment.nothing_to_retry",
            Self::NothingToSkip { .. } => "fulfilment.nothing_to_skip",
            Self::NotSkippable { .. } => "fulfilment.not_skippable",
            Self::CommandsUnderWay { .. } => "fulfilment.commands_under_way",
            Self::OperationInFlight { .. } => "fulfilment.operation_in_flight",
            Self::OutcomeUnknown { .. } => "fulfilment.outcome_unknown",
            Self::AmountRequired { .. } => "fulfilment.amount_required",
            Self::AmountNotWanted { .. } => "fulfilment.amount_not_wanted",
            Self::AmountMismatch { .. } => "fulfilment.amount_mismatch",
            Self::CurrencyMismatch { .. } => "fulfilment.currency_mismatch",
            Self::AlreadyCompensating => "fulfilment.already_compensating",
            Self::AlreadyDispatched { .. } => "fulfilment.already_dispatched",
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::NotStarted | Self::NotDue { .. } => RefusalClass::NotYet,
            Self::RepliesMissing { .. } | Self::Timings(_) | Self::TextOutOfRange { .. } => {
                RefusalClass::Malformed
            }
            Self::NotFound => RefusalClass::NotFound,
            Self::CommandsUnderWay { .. } | Self::OperationInFlight { .. } => {
                RefusalClass::InFlight
            }
            Self::Ended { .. }
            | Self::NotStuck { .. }
            | Self::StillStuck { .. }
            | Self::NothingToRetry { .. }
            | Self::NothingToSkip { .. }
            | Self::NotSkippable { .. }
            | Self::OutcomeUnknown { .. }
            | Self::AlreadyCompensating
            | Self::AlreadyDispatched { .. } => RefusalClass::State,
            Self::AmountRequired { .. }
            | Self::AmountNotWanted { .. }
            | Self::AmountMismatch { .. }
            | Self::CurrencyMismatch { .. } => RefusalClass::Rule,
        }
    }
}

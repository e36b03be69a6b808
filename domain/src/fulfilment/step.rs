//! Where a fulfilment can be, what it can wait for, and why it turns back or asks for a person.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ids::{OperationId, PaymentId, ShipmentId},
    order::{CancelledBy, RejectionReason, ShortLine},
    payment::Operation,
};

/// The steps, in the order of the happy path; the last three are the way back and the ends.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Step {
    /// Stock is being held for every line.
    #[default]
    Reserving,
    /// The payment is being authorized.
    Authorizing,
    /// The customer has to act, such as with 3-D Secure.
    AwaitingCustomer,
    /// What became of the authorization is unknown; the gateway is being asked.
    Reconciling,
    /// Stock is being made certain, then the order.
    Confirming,
    /// The goods are being packed.
    Preparing,
    /// The payment is being captured: from here on, undo means refund.
    Capturing,
    /// The shipment may leave, and leaves.
    Dispatching,
    /// The goods are on the way.
    AwaitingDelivery,
    /// What was done is being undone.
    Compensating,
    /// Everything was delivered.
    Completed,
    /// Everything is undone.
    Compensated,
}

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimerPurpose {
    /// The commands of an issue should have been answered by then; else they are sent again.
    Answer {
        /// The issue.
        issue_id: Uuid,
        /// How many times they have been sent.
        attempt: u32,
    },
    /// The customer should have acted by then.
    CustomerAction {
        /// The operation that waits for it.
        operation_id: OperationId,
    },
    /// The gateway is asked again what became of an operation.
    Reconcile {
        /// The operation.
        operation_id: OperationId,
        /// How many times it will have been asked.
        attempt: u32,
    },
    /// An operation that failed is tried again.
    RetryPayment {
        /// The payment.
        payment_id: PaymentId,
        /// Which operation.
        operation: Operation,
        /// How many times it has failed.
        attempt: u32,
    },
    /// Commands that were refused for now are sent again.
    Resend {
        /// The step.
        step: Step,
        /// How many times they were refused.
        attempt: u32,
    },
    /// The shipment should have left by then.
    DispatchOverdue,
    /// The goods should have arrived by then.
    DeliveryOverdue,
}

/// Why a fulfilment turns back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CompensationReason {
    /// Not enough stock.
    OutOfStock {
        /// Every line that is short.
        lines: Vec<ShortLine>,
    },
    /// The payment was declined, or was authorized for less than the total.
    PaymentDeclined {
        /// The gateway's code, or that of our own refusal.
        code: String,
    },
    /// The customer did not act in time.
    PaymentTimedOut,
    /// What became of the payment did not become clear in time, or it was voided by hand.
    PaymentUnresolved,
    /// The stock that was held expired and could not be had again.
    ReservationLost,
    /// The confirmed payment could not be captured.
    CaptureFailed {
        /// The gateway's code, or that of our own refusal.
        code: String,
    },
    /// Somebody wanted the order stopped.
    CancellationRequested {
        /// Who.
        by: CancelledBy,
    },
}

/// Why a person has to look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperatorReason {
    /// The gateway does not say what became of an operation.
    OutcomeUnknown {
        /// The operation.
        operation: Operation,
    },
    /// The gateway reports another amount than was asked for.
    AmountConflict {
        /// The operation.
        operation: Operation,
    },
    /// A void or refund keeps failing.
    OperationFailed {
        /// The operation.
        operation: Operation,
        /// The last code.
        code: String,
    },
    /// Commands stay unanswered.
    Unanswered {
        /// The step that issued them.
        step: Step,
    },
    /// Commands are refused for now, again and again.
    RefusedRepeatedly {
        /// The step that issued them.
        step: Step,
    },
    /// A target refuses what the process needs.
    Refused {
        /// The step.
        step: Step,
        /// The refusal's code.
        code: String,
    },
    /// The shipment should have left.
    DispatchOverdue,
    /// The goods should have arrived.
    DeliveryOverdue,
}

/// How a fulfilment is doing, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Commands or gateway calls are under way.
    Running,
    /// It waits for somebody or for a timer.
    Waiting,
    /// Something failed so many times and will be tried again.
    Retrying(u32),
    /// It is being undone.
    Compensating,
    /// A person has to look.
    NeedsOperator,
    /// Everything was delivered.
    Completed,
    /// Everything is undone.
    Compensated,
}

/// What would bring a fulfilment forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaitsFor {
    /// Nothing: it has ended or has not begun.
    Nothing,
    /// Replies to commands.
    Replies {
        /// How many.
        commands: usize,
    },
    /// The gateway.
    Gateway {
        /// What it is doing.
        operation: Operation,
    },
    /// The customer's part of the payment.
    Customer,
    /// The goods to be packed.
    Packing {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// The shipment to leave.
    Dispatch {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// The goods to arrive.
    Delivery,
    /// A timer.
    Timer {
        /// What it is for.
        purpose: TimerPurpose,
    },
    /// News of the order: it is being cancelled.
    OrderNews,
}

impl Step {
    /// The step's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reserving => "Reserving",
            Self::Authorizing => "Authorizing",
            Self::AwaitingCustomer => "AwaitingCustomer",
            Self::Reconciling => "Reconciling",
            Self::Confirming => "Confirming",
            Self::Preparing => "Preparing",
            Self::Capturing => "Capturing",
            Self::Dispatching => "Dispatching",
            Self::AwaitingDelivery => "AwaitingDelivery",
            Self::Compensating => "Compensating",
            Self::Completed => "Completed",
            Self::Compensated => "Compensated",
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::fmt::Display for OperatorReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OutcomeUnknown { operation } => {
                write!(f, "the gateway does not say what became of {operation:?}")
            }
            Self::AmountConflict { operation } => {
                write!(f, "the gateway reports another amount for {operation:?}")
            }
            Self::OperationFailed { operation, code } => {
                write!(f, "{operation:?} failed: {code}")
            }
            Self::Unanswered { step } => write!(f, "commands of {step} stay unanswered"),
            Self::RefusedRepeatedly { step } => {
                write!(f, "commands of {step} are refused again and again")
            }
            Self::Refused { step, code } => write!(f, "{step} was refused: {code}"),
            Self::DispatchOverdue => f.write_str("the shipment should have left"),
            Self::DeliveryOverdue => f.write_str("the goods should have arrived"),
        }
    }
}

impl CompensationReason {
    /// What the order is told when it had not been confirmed.
    pub fn rejection(&self) -> RejectionReason {
        match self {
            Self::OutOfStock { lines } => RejectionReason::OutOfStock {
                lines: lines.clone(),
            },
            Self::PaymentDeclined { code } | Self::CaptureFailed { code } => {
                RejectionReason::PaymentDeclined { code: code.clone() }
            }
            Self::PaymentTimedOut => RejectionReason::PaymentTimedOut,
            Self::ReservationLost => RejectionReason::ReservationLost,
            // A requested cancellation ends in CompleteCancellation; should the order not know of
            // it, nothing worse can be said than that the payment was not taken.
            Self::PaymentUnresolved | Self::CancellationRequested { .. } => {
                RejectionReason::PaymentUnresolved
            }
        }
    }
}

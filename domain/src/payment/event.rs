//! Facts of one payment: a small ledger of authorized, captured, refunded and voided money. Each
//! repeats its order, so that readers need no look-up.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    evolution::{Evolving, version_today},
    ids::{OperationId, OrderId, PaymentId, RefundId},
    money::Money,
};

use super::{CaptureMode, Operation};

/// What has happened to a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PaymentEvent {
    /// A payment begins.
    PaymentInitiated {
        /// The payment.
        payment_id: PaymentId,
        /// For which order.
        order_id: OrderId,
        /// How much.
        amount: Money,
        /// The gateway's token of the payment method.
        method_token: String,
        /// How money is taken.
        capture_mode: CaptureMode,
    },
    /// The gateway is to hold money.
    PaymentAuthorizationRequested {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount: Money,
        /// The gateway's token of the payment method.
        method_token: String,
    },
    /// The customer has to act before money is held.
    PaymentActionRequired {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// Where the customer acts.
        url: String,
        /// Until when it holds.
        expires_at: DecidedAt,
    },
    /// Money is held.
    PaymentAuthorized {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount: Money,
        /// The gateway's own reference.
        gateway_ref: String,
        /// Until when it holds.
        expires_at: DecidedAt,
    },
    /// The gateway will not hold the money.
    PaymentDeclined {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// The gateway's code.
        code: String,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// Nobody knows what became of the operation.
    PaymentOutcomeUnknown {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// What the operation does.
        operation: Operation,
    },
    /// The gateway is to be asked what became of the operation.
    PaymentReconciliationRequested {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// How many times the gateway was asked.
        attempt: u32,
    },
    /// The gateway does not know either.
    PaymentReconciliationFailed {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// How many times the gateway was asked.
        attempt: u32,
    },
    /// The gateway reports another amount than was asked for: a person has to look.
    PaymentConflictDetected {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// What was asked for.
        expected: Money,
        /// What the gateway reports.
        reported: Money,
        /// The gateway's own reference to what it holds instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway_ref: Option<String>,
    },
    /// The gateway is to take money that is held.
    PaymentCaptureRequested {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount: Money,
        /// Whether the rest is let go.
        is_final: bool,
        /// The gateway's own reference.
        gateway_ref: String,
    },
    /// Money was taken.
    PaymentCaptured {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount: Money,
        /// Taken so far.
        captured_total: Money,
    },
    /// No money was taken.
    PaymentCaptureFailed {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// The gateway's code.
        code: String,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// The gateway is to let go what is held.
    PaymentVoidRequested {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount: Money,
        /// The gateway's own reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gateway_ref: Option<String>,
    },
    /// The void waits until the outcome of the operation in flight is known.
    PaymentVoidScheduled {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
    },
    /// What was held is free again.
    PaymentVoided {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// How much.
        amount: Money,
    },
    /// It is still held.
    PaymentVoidFailed {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// The gateway's code.
        code: String,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// The gateway let go what was held.
    PaymentAuthorizationExpired {
        /// For which order.
        order_id: OrderId,
        /// What is no longer held.
        released: Money,
    },
    /// The gateway is to give money back.
    PaymentRefundRequested {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// The refund.
        refund_id: RefundId,
        /// How much.
        amount: Money,
        /// Why.
        reason: String,
        /// The gateway's own reference.
        gateway_ref: String,
    },
    /// Money was given back.
    PaymentRefunded {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// The refund.
        refund_id: RefundId,
        /// How much.
        amount: Money,
        /// Given back so far.
        refunded_total: Money,
    },
    /// No money was given back.
    PaymentRefundFailed {
        /// For which order.
        order_id: OrderId,
        /// The operation.
        operation_id: OperationId,
        /// The refund.
        refund_id: RefundId,
        /// The gateway's code.
        code: String,
        /// Whether trying again may help.
        retryable: bool,
    },
}

impl DomainEvent for PaymentEvent {
    fn event_type(&self) -> String {
        match self {
            Self::PaymentInitiated { .. } => "PaymentInitiated",
            Self::PaymentAuthorizationRequested { .. } => "PaymentAuthorizationRequested",
            Self::PaymentActionRequired { .. } => "PaymentActionRequired",
            Self::PaymentAuthorized { .. } => "PaymentAuthorized",
            Self::PaymentDeclined { .. } => "PaymentDeclined",
            Self::PaymentOutcomeUnknown { .. } => "PaymentOutcomeUnknown",
            Self::PaymentReconciliationRequested { .. } => "PaymentReconciliationRequested",
            Self::PaymentReconciliationFailed { .. } => "PaymentReconciliationFailed",
            Self::PaymentConflictDetected { .. } => "PaymentConflictDetected",
            Self::PaymentCaptureRequested { .. } => "PaymentCaptureRequested",
            Self::PaymentCaptured { .. } => "PaymentCaptured",
            Self::PaymentCaptureFailed { .. } => "PaymentCaptureFailed",
            Self::PaymentVoidRequested { .. } => "PaymentVoidRequested",
            Self::PaymentVoidScheduled { .. } => "PaymentVoidScheduled",
            Self::PaymentVoided { .. } => "PaymentVoided",
            Self::PaymentVoidFailed { .. } => "PaymentVoidFailed",
            Self::PaymentAuthorizationExpired { .. } => "PaymentAuthorizationExpired",
            Self::PaymentRefundRequested { .. } => "PaymentRefundRequested",
            Self::PaymentRefunded { .. } => "PaymentRefunded",
            Self::PaymentRefundFailed { .. } => "PaymentRefundFailed",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        version_today::<Self>(&self.event_type()).to_string()
    }
}

impl Evolving for PaymentEvent {}

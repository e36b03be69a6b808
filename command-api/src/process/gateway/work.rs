//! What the gateway is wanted for, by the payment's own events.

use chrono::{DateTime, Utc};
use orderlog_domain::{fact::Fact, ids::OperationId, payment::PaymentEvent};
use orderlog_log::event::RecordedEvent;
use serde::{Deserialize, Serialize};

use crate::process::rows::{self, Work};

/// What the gateway is wanted for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GatewayWork {
    /// Carrying out an operation.
    CarryOut {
        /// Id of the payment.
        payment: String,
        /// The operation.
        operation_id: OperationId,
    },
    /// Saying what became of an operation.
    Reconcile {
        /// Id of the payment.
        payment: String,
        /// The operation.
        operation_id: OperationId,
        /// How many times it was asked.
        attempt: u32,
    },
    /// Saying what became of whatever a scheduled void waits for, as often as it takes.
    Resolve {
        /// Id of the payment.
        payment: String,
        /// The void.
        void: OperationId,
    },
}

impl Work for GatewayWork {
    const KIND: &'static str = "gateway";

    fn wanted(event: &RecordedEvent, fact: &Fact) -> Option<(DateTime<Utc>, Self)> {
        let Fact::Payment(fact) = fact else {
            return None;
        };
        let payment = rows::aggregate_id(event);
        let work = match fact {
            PaymentEvent::PaymentAuthorizationRequested { operation_id, .. }
            | PaymentEvent::PaymentCaptureRequested { operation_id, .. }
            | PaymentEvent::PaymentVoidRequested { operation_id, .. }
            | PaymentEvent::PaymentRefundRequested { operation_id, .. } => Self::CarryOut {
                payment,
                operation_id: *operation_id,
            },
            PaymentEvent::PaymentReconciliationRequested {
                operation_id,
                attempt,
                ..
            } => Self::Reconcile {
                payment,
                operation_id: *operation_id,
                attempt: *attempt,
            },
            PaymentEvent::PaymentVoidScheduled { operation_id, .. } => Self::Resolve {
                payment,
                void: *operation_id,
            },
            PaymentEvent::PaymentInitiated { .. }
            | PaymentEvent::PaymentActionRequired { .. }
            | PaymentEvent::PaymentAuthorized { .. }
            | PaymentEvent::PaymentDeclined { .. }
            | PaymentEvent::PaymentOutcomeUnknown { .. }
            | PaymentEvent::PaymentReconciliationFailed { .. }
            | PaymentEvent::PaymentConflictDetected { .. }
            | PaymentEvent::PaymentCaptured { .. }
            | PaymentEvent::PaymentCaptureFailed { .. }
            | PaymentEvent::PaymentVoided { .. }
            | PaymentEvent::PaymentVoidFailed { .. }
            | PaymentEvent::PaymentAuthorizationExpired { .. }
            | PaymentEvent::PaymentRefunded { .. }
            | PaymentEvent::PaymentRefundFailed { .. } => return None,
        };
        Some((event.occurred_at, work))
    }
}

//! The recorded intent behind an operation: when it was recorded, and whether it follows the
//! customer's part. Read from the payment's own stream, which is short.

use chrono::{DateTime, Utc};
use orderlog_domain::{fact::Fact, ids::OperationId, payment::PaymentEvent};
use orderlog_log::event::RecordedEvent;

/// An intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Intent {
    /// When it was recorded.
    pub requested_at: DateTime<Utc>,
    /// Whether it is an authorization after an earlier one asked for the customer's action.
    pub action_completed: bool,
}

/// The intent of the operation among the events of its payment.
pub(super) fn intent(events: &[RecordedEvent], wanted: OperationId) -> Option<Intent> {
    let mut action_completed = false;
    for event in events {
        let (kind, version) = (&event.event_type, event.schema_version);
        let facts = Fact::decode(&event.stream, kind, version, &event.data);
        for fact in facts.into_iter().flatten() {
            let Fact::Payment(fact) = fact else { continue };
            if requested(&fact) == Some(wanted) {
                return Some(Intent {
                    requested_at: event.occurred_at,
                    action_completed,
                });
            }
            action_completed |= matches!(fact, PaymentEvent::PaymentActionRequired { .. });
        }
    }
    None
}

/// The operation that an event asks the gateway for.
fn requested(fact: &PaymentEvent) -> Option<OperationId> {
    match fact {
        PaymentEvent::PaymentAuthorizationRequested { operation_id, .. }
        | PaymentEvent::PaymentCaptureRequested { operation_id, .. }
        | PaymentEvent::PaymentVoidRequested { operation_id, .. }
        | PaymentEvent::PaymentRefundRequested { operation_id, .. } => Some(*operation_id),
        PaymentEvent::PaymentInitiated { .. }
        | PaymentEvent::PaymentActionRequired { .. }
        | PaymentEvent::PaymentAuthorized { .. }
        | PaymentEvent::PaymentDeclined { .. }
        | PaymentEvent::PaymentOutcomeUnknown { .. }
        | PaymentEvent::PaymentReconciliationRequested { .. }
        | PaymentEvent::PaymentReconciliationFailed { .. }
        | PaymentEvent::PaymentConflictDetected { .. }
        | PaymentEvent::PaymentCaptured { .. }
        | PaymentEvent::PaymentCaptureFailed { .. }
        | PaymentEvent::PaymentVoidScheduled { .. }
        | PaymentEvent::PaymentVoided { .. }
        | PaymentEvent::PaymentVoidFailed { .. }
        | PaymentEvent::PaymentAuthorizationExpired { .. }
        | PaymentEvent::PaymentRefunded { .. }
        | PaymentEvent::PaymentRefundFailed { .. } => None,
    }
}

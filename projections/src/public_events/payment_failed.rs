//! `payment_failed`: the gateway refused to hold the money, or to take it. One that is retryable may be
//! tried again; then another event follows. An outcome that nobody knows is no failure, and is not told.

use chrono::{DateTime, Utc};
use orderlog_domain::{fact::Fact, payment::PaymentEvent};
use orderlog_runtime::projection::Occurred;
use serde::Serialize;
use uuid::Uuid;

use super::PublicEvent;
use crate::folding::stream_id;

/// Version 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PaymentFailed {
    /// The payment.
    pub payment_id: String,
    /// Its order.
    pub order_id: Uuid,
    /// What failed.
    pub stage: PaymentStage,
    /// The gateway's code.
    pub code: String,
    /// Whether trying again may help.
    pub retryable: bool,
    /// When.
    pub occurred_at: DateTime<Utc>,
}

/// What of a payment failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStage {
    /// Money was to be held.
    Authorization,
    /// Money that is held was to be taken.
    Capture,
}

impl PublicEvent for PaymentFailed {
    const TOPIC: &'static str = "payment_failed";
    const TYPE: &'static str = "orderlog.payment_failed.v1";

    fn of(event: &Occurred<'_, Fact>) -> Option<Self> {
        let Fact::Payment(fact) = event.fact else {
            return None;
        };
        let (stage, order_id, code, retryable) = failure(fact)?;
        Some(Self {
            payment_id: stream_id(event.recorded).to_owned(),
            order_id,
            stage,
            code,
            retryable,
            occurred_at: event.recorded.occurred_at,
        })
    }

    fn key(&self) -> String {
        self.order_id.to_string()
    }
}

/// What failed, of which order, the gateway's code, and whether trying again may help.
fn failure(fact: &PaymentEvent) -> Option<(PaymentStage, Uuid, String, bool)> {
    use PaymentEvent as E;
    match fact {
        E::PaymentDeclined {
            order_id,
            operation_id: _,
            code,
            retryable,
        } => {
            let stage = PaymentStage::Authorization;
            Some((stage, order_id.0, code.clone(), *retryable))
        }
        E::PaymentCaptureFailed {
            order_id,
            operation_id: _,
            code,
            retryable,
        } => Some((PaymentStage::Capture, order_id.0, code.clone(), *retryable)),
        E::PaymentInitiated { .. }
        | E::PaymentAuthorizationRequested { .. }
        | E::PaymentActionRequired { .. }
        | E::PaymentAuthorized { .. }
        | E::PaymentOutcomeUnknown { .. }
        | E::PaymentReconciliationRequested { .. }
        | E::PaymentReconciliationFailed { .. }
        | E::PaymentConflictDetected { .. }
        | E::PaymentCaptureRequested { .. }
        | E::PaymentCaptured { .. }
        | E::PaymentVoidRequested { .. }
        | E::PaymentVoidScheduled { .. }
        | E::PaymentVoided { .. }
        | E::PaymentVoidFailed { .. }
        | E::PaymentAuthorizationExpired { .. }
        | E::PaymentRefundRequested { .. }
        | E::PaymentRefunded { .. }
        | E::PaymentRefundFailed { .. } => None,
    }
}

//! `payment_successful`: money was taken. That money is merely held says nothing to others: it may be
//! let go again.

use chrono::{DateTime, Utc};
use orderlog_domain::{fact::Fact, payment::PaymentEvent};
use orderlog_runtime::projection::Occurred;
use serde::Serialize;
use uuid::Uuid;

use super::{Money, PublicEvent};
use crate::folding::stream_id;

/// Version 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PaymentSuccessful {
    /// The payment.
    pub payment_id: String,
    /// Its order.
    pub order_id: Uuid,
    /// How much was taken now.
    pub amount: Money,
    /// How much was taken of this payment so far.
    pub captured_total: Money,
    /// When.
    pub occurred_at: DateTime<Utc>,
}

impl PublicEvent for PaymentSuccessful {
    const TOPIC: &'static str = "payment_successful";
    const TYPE: &'static str = "orderlog.payment_successful.v1";

    fn of(event: &Occurred<'_, Fact>) -> Option<Self> {
        let Fact::Payment(PaymentEvent::PaymentCaptured {
            order_id,
            operation_id: _,
            amount,
            captured_total,
        }) = event.fact
        else {
            return None;
        };
        Some(Self {
            payment_id: stream_id(event.recorded).to_owned(),
            order_id: order_id.0,
            amount: (*amount).into(),
            captured_total: (*captured_total).into(),
            occurred_at: event.recorded.occurred_at,
        })
    }

    fn key(&self) -> String {
        self.order_id.to_string()
    }
}

//! Stripe's JSON as far as we read it. What it may add later, such as another status, is no error.

use std::collections::HashMap;

use serde::Deserialize;

/// A payment intent.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PaymentIntent {
    pub(super) id: String,
    pub(super) status: IntentStatus,
    pub(super) amount: i64,
    #[serde(default)]
    pub(super) amount_capturable: i64,
    #[serde(default)]
    pub(super) amount_received: i64,
    /// In small letters.
    pub(super) currency: String,
    /// Seconds since 1970.
    pub(super) created: i64,
    #[serde(default)]
    pub(super) metadata: HashMap<String, String>,
    pub(super) next_action: Option<NextAction>,
    pub(super) last_payment_error: Option<StripeError>,
    pub(super) latest_charge: Option<Expandable>,
}

/// Where a payment intent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum IntentStatus {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Canceled,
    Succeeded,
    #[serde(other)]
    Other,
}

/// What the customer is to do.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct NextAction {
    pub(super) redirect_to_url: Option<Redirect>,
}

/// Where the customer is to go.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Redirect {
    pub(super) url: Option<String>,
}

/// A charge, or its id where it was not asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Expandable {
    Charge(Box<Charge>),
    Id(#[expect(dead_code, reason = "tells an id from a charge")] String),
}

/// The part of a charge that says how long money is held.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Charge {
    pub(super) payment_method_details: Option<MethodDetails>,
}

/// Details of the method that was charged.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct MethodDetails {
    pub(super) card: Option<CardDetails>,
}

/// Details of a card that was charged.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CardDetails {
    /// Seconds since 1970.
    pub(super) capture_before: Option<i64>,
}

impl PaymentIntent {
    /// Until when the money is held, seconds since 1970, where Stripe says so.
    pub(super) fn capture_before(&self) -> Option<i64> {
        let Expandable::Charge(charge) = self.latest_charge.as_ref()? else {
            return None;
        };
        let details = charge.payment_method_details.as_ref()?;
        details.card.as_ref()?.capture_before
    }
}

/// A refund.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) status: Option<RefundStatus>,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) failure_reason: Option<String>,
    #[serde(default)]
    pub(super) metadata: Option<HashMap<String, String>>,
}

/// Where a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RefundStatus {
    Pending,
    RequiresAction,
    Succeeded,
    Failed,
    Canceled,
    #[serde(other)]
    Other,
}

/// A list, or a page of what was searched.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Page<T> {
    pub(super) data: Vec<T>,
}

/// Why Stripe did not do it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct StripeError {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) code: Option<String>,
    pub(super) decline_code: Option<String>,
    pub(super) advice_code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) payment_intent: Option<Box<PaymentIntent>>,
}

impl StripeError {
    /// The most telling of its codes.
    pub(super) fn code(&self) -> String {
        let decline = self.decline_code.as_deref();
        decline
            .filter(|code| *code != "generic_decline")
            .or(self.code.as_deref())
            .unwrap_or(&self.kind)
            .to_owned()
    }

    /// Whether the bank, or Stripe, thinks that the same may succeed later.
    pub(super) fn is_retryable(&self) -> bool {
        const PASSING: [&str; 6] = [
            "approve_with_id",
            "issuer_not_available",
            "lock_timeout",
            "processing_error",
            "reenter_transaction",
            "try_again_later",
        ];
        match self.advice_code.as_deref() {
            Some(advice) => advice == "try_again_later",
            None => PASSING.contains(&self.code().as_str()),
        }
    }
}

//! A payment gateway that needs no network: the payment method's token says what happens. Its
//! answers are a pure function of the call, so that the same operation is answered the same way
//! again, after a restart too. Every branch of a payment can be shown with one token.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use orderlog_domain::{
    fulfilment::{Millis, Timings},
    money::Money,
    payment::{AuthorizationOutcome, Operation, OperationOutcome},
};

use super::gateway::{Answer, Call, NoAnswer, PaymentGateway, TimedOut};

/// How long an authorization holds.
const AUTHORIZATION_VALID: TimeDelta = TimeDelta::days(7);

/// The tokens that it knows; any other is declined as `unknown_token`.
pub const TOKENS: [&str; 12] = [
    "tok_ok",
    "tok_declined",
    "tok_insufficient_funds",
    "tok_3ds",
    "tok_timeout",
    "tok_gateway_down",
    "tok_late_success",
    "tok_partial_auth",
    "tok_capture_fails",
    "tok_capture_timeout",
    "tok_refund_fails",
    "tok_amount_conflict",
];

/// The gateway.
#[derive(Clone, Debug)]
pub struct SimulatedGateway {
    /// How long every call takes.
    latency: Duration,
    /// How long the customer has for the bank's page.
    action_within: Millis,
    /// Age at which a late success becomes known: when nobody asks any more of himself.
    late_after: Millis,
    /// Age until which `tok_gateway_down` finds nobody there: a minute, where the clock is not scaled.
    down_until: Millis,
}

impl SimulatedGateway {
    /// A gateway whose late successes come long after the last reconciliation of `timings`, and which,
    /// where it is down, is back between the second and the third.
    pub fn new(timings: &Timings) -> Self {
        let last_asked = timings.reconcile.last().copied().unwrap_or_default();
        let second = timings.reconcile.get(1).copied().unwrap_or_default();
        Self {
            latency: Duration::ZERO,
            action_within: timings.customer_action,
            late_after: Millis(last_asked.0.saturating_mul(2)),
            down_until: Millis(second.0.saturating_mul(2)),
        }
    }

    /// The same, but every call takes `latency`.
    pub fn with_latency(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    /// Takes its time.
    async fn work(&self) {
        // Even a sleep of nothing lasts until the timer's next tick.
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
    }

    /// What becomes of an authorization, known as soon as the gateway knows it.
    fn authorization(&self, call: &Call) -> AuthorizationOutcome {
        match call.terms.method_token.as_str() {
            "tok_declined" => declined("card_declined"),
            "tok_insufficient_funds" => declined("insufficient_funds"),
            "tok_3ds" if !call.action_completed => AuthorizationOutcome::ActionRequired {
                url: format!("https://gateway.example/3ds/{}", call.operation_id),
                expires_at: self.action_within.after(call.requested_at),
            },
            "tok_partial_auth" => authorized(call, call.amount.amount_minor / 2),
            "tok_amount_conflict" => authorized(call, call.amount.amount_minor.saturating_add(1)),
            "tok_ok"
            | "tok_3ds"
            | "tok_timeout"
            | "tok_gateway_down"
            | "tok_late_success"
            | "tok_capture_fails"
            | "tok_capture_timeout"
            | "tok_refund_fails" => authorized(call, call.amount.amount_minor),
            _ => declined("unknown_token"),
        }
    }

    /// Whether the gateway has heard of the outcome at the time of the call.
    fn is_known(&self, call: &Call) -> bool {
        call.terms.method_token != "tok_late_success"
            || call.at >= self.late_after.after(call.requested_at)
    }

    /// Whether nobody is there to be asked.
    fn is_down(&self, call: &Call) -> bool {
        call.terms.method_token == "tok_gateway_down"
            && call.operation == Operation::Authorize
            && call.at < self.down_until.after(call.requested_at)
    }
}

#[async_trait]
impl PaymentGateway for SimulatedGateway {
    async fn authorize(&self, call: &Call) -> Result<AuthorizationOutcome, NoAnswer> {
        self.work().await;
        match call.terms.method_token.as_str() {
            "tok_timeout" | "tok_gateway_down" | "tok_late_success" => Err(TimedOut),
            _ => Ok(self.authorization(call)),
        }
    }

    async fn capture(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        self.work().await;
        match call.terms.method_token.as_str() {
            "tok_capture_timeout" => Err(TimedOut),
            _ => Ok(operation(call)),
        }
    }

    async fn void(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        self.work().await;
        Ok(operation(call))
    }

    async fn refund(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        self.work().await;
        Ok(operation(call))
    }

    async fn ask(&self, call: &Call) -> Result<Option<Answer>, NoAnswer> {
        self.work().await;
        if self.is_down(call) {
            return Err(TimedOut);
        }
        Ok(match call.operation {
            Operation::Authorize => self
                .is_known(call)
                .then(|| Answer::Authorization(self.authorization(call))),
            Operation::Capture | Operation::Void | Operation::Refund => {
                Some(Answer::Operation(operation(call)))
            }
        })
    }
}

/// What becomes of a capture, a void or a refund.
fn operation(call: &Call) -> OperationOutcome {
    let failed = |code: &str| OperationOutcome::Failed {
        code: code.to_owned(),
        retryable: false,
    };
    match (call.operation, call.terms.method_token.as_str()) {
        (Operation::Capture, "tok_capture_fails") => failed("capture_refused"),
        (Operation::Refund, "tok_refund_fails") => failed("refund_refused"),
        _ => OperationOutcome::Done {
            amount: call.amount,
        },
    }
}

fn authorized(call: &Call, amount_minor: i64) -> AuthorizationOutcome {
    AuthorizationOutcome::Authorized {
        amount: Money::new(amount_minor, call.amount.currency),
        gateway_ref: format!("sim_{}", call.operation_id),
        expires_at: call.requested_at + AUTHORIZATION_VALID,
    }
}

fn declined(code: &str) -> AuthorizationOutcome {
    AuthorizationOutcome::Declined {
        code: code.to_owned(),
        retryable: false,
    }
}

//! Taking, letting go and giving back money: each one request under the operation's key. A refusal that
//! shows the intent as it was to become means that it was done before.

use orderlog_domain::payment::{OperationOutcome, Terms};

use super::{
    StripeGateway, amounts,
    client::{Fault, Form},
    objects::{IntentStatus, PaymentIntent, Refund, RefundStatus, StripeError},
};
use crate::process::gateway::{Call, NoAnswer};

impl StripeGateway {
    pub(super) async fn take(&self, call: &Call) -> Result<OperationOutcome, Fault> {
        if !call.is_final && call.amount != call.terms.amount {
            return Ok(failed("several_captures_unsupported"));
        }
        let (id, amount) = match target(call) {
            Ok(target) => target,
            Err(code) => return Ok(failed(code)),
        };
        let path = ["payment_intents", id, "capture"];
        let form = vec![
            ("amount_to_capture", amount.to_string()),
            ("metadata[operation_id]", call.operation_id.to_string()),
        ];
        let key = call.operation_id.to_string();
        let done = self.client.post::<PaymentIntent>(&path, form, &key).await;
        concluded(done, captured)
    }

    pub(super) async fn let_go(&self, call: &Call) -> Result<OperationOutcome, Fault> {
        let id = match &call.gateway_ref {
            Some(id) => Some(id.clone()),
            None => self.current(call).await?.map(|intent| intent.id),
        };
        let Some(id) = id else {
            // Nothing was ever opened, so nothing is held.
            return Ok(OperationOutcome::Done {
                amount: call.amount,
            });
        };
        let path = ["payment_intents", &id, "cancel"];
        let form = vec![("cancellation_reason", "requested_by_customer".to_owned())];
        let key = call.operation_id.to_string();
        let done = self.client.post::<PaymentIntent>(&path, form, &key).await;
        concluded(done, |intent| cancelled(intent, call))
    }

    pub(super) async fn give_back(&self, call: &Call) -> Result<OperationOutcome, Fault> {
        let (id, amount) = match target(call) {
            Ok(target) => target,
            Err(code) => return Ok(failed(code)),
        };
        let Terms {
            payment_id,
            order_id,
            ..
        } = &call.terms;
        let form: Form<'_> = vec![
            ("payment_intent", id.to_owned()),
            ("amount", amount.to_string()),
            ("metadata[operation_id]", call.operation_id.to_string()),
            ("metadata[payment_id]", payment_id.to_string()),
            ("metadata[order_id]", order_id.to_string()),
        ];
        let key = call.operation_id.to_string();
        match self.client.post::<Refund>(&["refunds"], form, &key).await {
            Ok(refund) => Ok(refunded(&refund)?.unwrap_or(OperationOutcome::Unknown)),
            Err(Fault::Refused(error)) => refusal(*error),
            Err(fault) => Err(fault),
        }
    }
}

/// The intent that is captured or refunded, and how much of it, or the code of what is amiss.
fn target(call: &Call) -> Result<(&str, i64), &'static str> {
    let id = call.gateway_ref.as_deref().ok_or("not_authorized")?;
    let amount = amounts::to_stripe(call.amount).map_err(|_| amounts::CODE)?;
    Ok((id, amount))
}

/// What an intent's status means for a capture; `None` while it is undecided. One that was captured by
/// hand counts: the money was taken, and how much is compared with what was asked for.
pub(super) fn captured(intent: &PaymentIntent) -> Result<Option<OperationOutcome>, Fault> {
    Ok(match intent.status {
        IntentStatus::Succeeded => Some(done(intent.amount_received, &intent.currency)?),
        IntentStatus::Canceled => Some(failed("canceled")),
        IntentStatus::RequiresCapture
        | IntentStatus::RequiresPaymentMethod
        | IntentStatus::RequiresConfirmation
        | IntentStatus::RequiresAction
        | IntentStatus::Processing
        | IntentStatus::Other => None,
    })
}

/// What an intent's status means for a void; `None` while it is undecided.
pub(super) fn cancelled(
    intent: &PaymentIntent,
    call: &Call,
) -> Result<Option<OperationOutcome>, Fault> {
    Ok(match intent.status {
        IntentStatus::Canceled => Some(OperationOutcome::Done {
            amount: call.amount,
        }),
        IntentStatus::Succeeded => Some(failed("already_captured")),
        IntentStatus::RequiresCapture
        | IntentStatus::RequiresPaymentMethod
        | IntentStatus::RequiresConfirmation
        | IntentStatus::RequiresAction
        | IntentStatus::Processing
        | IntentStatus::Other => None,
    })
}

/// What a refund's status means; `None` while it is undecided.
pub(super) fn refunded(refund: &Refund) -> Result<Option<OperationOutcome>, Fault> {
    Ok(match refund.status {
        Some(RefundStatus::Succeeded) => Some(done(refund.amount, &refund.currency)?),
        Some(RefundStatus::Failed | RefundStatus::Canceled) => {
            let reason = refund.failure_reason.as_deref();
            Some(failed(reason.unwrap_or("refund_failed")))
        }
        None | Some(RefundStatus::Pending | RefundStatus::RequiresAction | RefundStatus::Other) => {
            None
        }
    })
}

/// The outcome of a request about an intent, done now or before.
fn concluded(
    done: Result<PaymentIntent, Fault>,
    means: impl Fn(&PaymentIntent) -> Result<Option<OperationOutcome>, Fault>,
) -> Result<OperationOutcome, Fault> {
    match done {
        Ok(intent) => Ok(means(&intent)?.unwrap_or(OperationOutcome::Unknown)),
        Err(Fault::Refused(error)) => {
            let known = match &error.payment_intent {
                Some(intent) => means(intent)?,
                None => None,
            };
            known.map_or_else(|| refusal(*error), Ok)
        }
        Err(fault) => Err(fault),
    }
}

/// A refusal as an outcome; that a key was used for something else is none.
fn refusal(error: StripeError) -> Result<OperationOutcome, Fault> {
    if error.kind == "idempotency_error" {
        return Err(Fault::Refused(Box::new(error)));
    }
    Ok(OperationOutcome::Failed {
        code: error.code(),
        retryable: error.is_retryable(),
    })
}

fn done(amount: i64, currency: &str) -> Result<OperationOutcome, Fault> {
    let amount = amounts::from_stripe(amount, currency);
    let amount = amount.map_err(|_| Fault::NoAnswer(NoAnswer::TimedOut))?;
    Ok(OperationOutcome::Done { amount })
}

fn failed(code: &str) -> OperationOutcome {
    OperationOutcome::Failed {
        code: code.to_owned(),
        retryable: false,
    }
}

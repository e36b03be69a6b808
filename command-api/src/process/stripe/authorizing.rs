//! Holding money: the payment's intent is confirmed under the operation's key. After the customer's part
//! nothing is confirmed: Stripe goes on by itself, and the intent is read. What a payment intent's
//! status means for an authorization is said here alone.

use chrono::{DateTime, TimeDelta, Utc};
use orderlog_domain::payment::AuthorizationOutcome;

use super::{
    StripeGateway, amounts,
    client::Fault,
    intents::expanded,
    objects::{IntentStatus, PaymentIntent, StripeError},
};
use crate::process::gateway::{Call, NoAnswer};

/// How long Stripe holds money where it does not say.
const HELD: TimeDelta = TimeDelta::days(7);

impl StripeGateway {
    pub(super) async fn hold(&self, call: &Call) -> Result<AuthorizationOutcome, Fault> {
        let Ok(amount) = amounts::to_stripe(call.amount) else {
            return Ok(declined(amounts::CODE.to_owned(), false));
        };
        if call.action_completed {
            let intent = self.current(call).await?;
            let outcome = intent.map(|intent| self.authorization(&intent, call));
            return Ok(outcome
                .transpose()?
                .flatten()
                .unwrap_or(AuthorizationOutcome::Unknown));
        }
        let intent = match self.opened(call, amount).await {
            Err(Fault::Refused(error)) => return self.unconfirmed(*error, call),
            opened => opened?,
        };
        match self.confirm(&intent, call).await {
            Ok(intent) => Ok(self
                .authorization(&intent, call)?
                .unwrap_or(AuthorizationOutcome::Unknown)),
            Err(Fault::Refused(error)) => self.unconfirmed(*error, call),
            Err(fault) => Err(fault),
        }
    }

    /// What an intent's status means for an authorization; `None` while it is undecided.
    pub(super) fn authorization(
        &self,
        intent: &PaymentIntent,
        call: &Call,
    ) -> Result<Option<AuthorizationOutcome>, Fault> {
        Ok(match intent.status {
            IntentStatus::RequiresCapture => Some(authorized(intent, intent.amount_capturable)?),
            IntentStatus::Succeeded => Some(authorized(intent, intent.amount)?),
            IntentStatus::RequiresAction => Some(self.action(intent, call)),
            IntentStatus::Canceled => Some(declined("canceled".to_owned(), false)),
            IntentStatus::RequiresPaymentMethod => intent.last_payment_error.as_ref().map(decline),
            IntentStatus::RequiresConfirmation | IntentStatus::Processing | IntentStatus::Other => {
                None
            }
        })
    }

    async fn confirm(&self, intent: &PaymentIntent, call: &Call) -> Result<PaymentIntent, Fault> {
        let form = expanded(vec![
            ("payment_method", call.terms.method_token.clone()),
            ("return_url", self.return_url.clone()),
        ]);
        let path = ["payment_intents", &intent.id, "confirm"];
        let key = call.operation_id.to_string();
        self.client.post(&path, form, &key).await
    }

    /// A refusal to open or confirm: by the bank, or because the intent is past it.
    fn unconfirmed(&self, error: StripeError, call: &Call) -> Result<AuthorizationOutcome, Fault> {
        if error.kind == "idempotency_error" {
            return Err(Fault::Refused(Box::new(error)));
        }
        let known = match &error.payment_intent {
            Some(intent) => self.authorization(intent, call)?,
            None => None,
        };
        Ok(known.unwrap_or_else(|| decline(&error)))
    }

    fn action(&self, intent: &PaymentIntent, call: &Call) -> AuthorizationOutcome {
        let action = intent.next_action.as_ref();
        let page = action.and_then(|action| action.redirect_to_url.as_ref()?.url.clone());
        match page {
            Some(url) => AuthorizationOutcome::ActionRequired {
                url,
                expires_at: self.action_within.after(call.requested_at),
            },
            // There is no page that a customer could be sent to.
            None => declined("action_unsupported".to_owned(), false),
        }
    }
}

fn authorized(intent: &PaymentIntent, amount: i64) -> Result<AuthorizationOutcome, Fault> {
    let instant = |seconds| DateTime::<Utc>::from_timestamp(seconds, 0);
    let amount = amounts::from_stripe(amount, &intent.currency);
    let amount = amount.map_err(|_| Fault::NoAnswer(NoAnswer::TimedOut))?;
    let until = intent.capture_before().and_then(instant);
    let expires_at = until.or_else(|| instant(intent.created).map(|at| at + HELD));
    Ok(AuthorizationOutcome::Authorized {
        amount,
        gateway_ref: intent.id.clone(),
        expires_at: expires_at.ok_or(Fault::NoAnswer(NoAnswer::TimedOut))?,
    })
}

fn decline(error: &StripeError) -> AuthorizationOutcome {
    declined(error.code(), error.is_retryable())
}

fn declined(code: String, retryable: bool) -> AuthorizationOutcome {
    AuthorizationOutcome::Declined { code, retryable }
}

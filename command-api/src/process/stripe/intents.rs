//! Finding the one payment intent of a payment. Where Stripe's id of it is known it is read by that. Before
//! that it is opened under the payment's own idempotency key, first time or not: the same key is the
//! same intent, at once and for certain, and opening moves no money. Stripe may forget keys after a day;
//! by then its search, which lags by an hour at the very worst, knows what was opened.

use chrono::TimeDelta;

use super::{
    StripeGateway, amounts,
    client::{Fault, Form},
    objects::{Page, PaymentIntent},
};
use crate::process::gateway::Call;

/// How long keys are relied on; Stripe keeps them for 24 hours at least.
const KEYS_KEPT: TimeDelta = TimeDelta::hours(23);

impl StripeGateway {
    /// The payment's intent, to be confirmed; opened if it was not. It may be shown as it was when it
    /// was opened.
    pub(super) async fn opened(&self, call: &Call, amount: i64) -> Result<PaymentIntent, Fault> {
        if is_forgotten(call)
            && let Some(found) = self.searched(call).await?
        {
            return Ok(found);
        }
        match self.open(call, amount).await {
            // The key was used by a build, or for terms, that worded it differently.
            Err(Fault::Refused(error)) if error.kind == "idempotency_error" => {
                let found = self.searched(call).await?;
                found.ok_or(Fault::Refused(error))
            }
            opened => opened,
        }
    }

    /// The payment's intent as it is now; `None` where there is none.
    pub(super) async fn current(&self, call: &Call) -> Result<Option<PaymentIntent>, Fault> {
        if let Some(id) = &call.gateway_ref {
            return self.retrieved(id).await.map(Some);
        }
        let Ok(amount) = amounts::to_stripe(call.terms.amount) else {
            // Such a payment was declined before Stripe heard of it.
            return Ok(None);
        };
        let found = if is_forgotten(call) {
            self.searched(call).await?
        } else {
            match self.opened(call, amount).await {
                // Terms that Stripe will not open an intent for.
                Err(Fault::Refused(error)) if error.kind != "idempotency_error" => None,
                opened => Some(opened?),
            }
        };
        match found {
            // What a key remembers, and what was found, is of then.
            Some(then) => self.retrieved(&then.id).await.map(Some),
            None => Ok(None),
        }
    }

    async fn open(&self, call: &Call, amount: i64) -> Result<PaymentIntent, Fault> {
        let terms = &call.terms;
        let form = vec![
            ("amount", amount.to_string()),
            ("currency", currency(call)),
            ("capture_method", "manual".to_owned()),
            ("automatic_payment_methods[enabled]", "true".to_owned()),
            ("metadata[order_id]", terms.order_id.to_string()),
            ("metadata[payment_id]", terms.payment_id.to_string()),
        ];
        let key = terms.payment_id.to_string();
        self.client.post(&["payment_intents"], form, &key).await
    }

    async fn retrieved(&self, id: &str) -> Result<PaymentIntent, Fault> {
        let path = ["payment_intents", id];
        self.client.get(&path, expanded(vec![])).await
    }

    /// The first that was opened for the payment; there is one.
    async fn searched(&self, call: &Call) -> Result<Option<PaymentIntent>, Fault> {
        let id = call.terms.payment_id.to_string();
        let form = vec![("query", format!("metadata['payment_id']:'{id}'"))];
        let path = ["payment_intents", "search"];
        let page: Page<PaymentIntent> = self.client.get(&path, form).await?;
        let ours = page
            .data
            .into_iter()
            .filter(|intent| intent.metadata.get("payment_id") == Some(&id));
        Ok(ours.min_by_key(|intent| intent.created))
    }
}

/// Asks for the charge as well, which says how long money is held.
pub(super) fn expanded(mut form: Form<'_>) -> Form<'_> {
    form.push(("expand[]", "latest_charge".to_owned()));
    form
}

/// The payment's currency, as Stripe writes it.
fn currency(call: &Call) -> String {
    call.terms.amount.currency.code().to_ascii_lowercase()
}

/// Whether the key under which the intent was opened may be forgotten.
fn is_forgotten(call: &Call) -> bool {
    call.at - call.requested_at >= KEYS_KEPT
}

//! What became of an operation. A payment has one intent, which is confirmed, captured and cancelled
//! once, so its status says what became of each; a refund is found among the intent's refunds by the
//! operation's id. Lists and single objects are up to date at once, unlike searches. Nothing is moved.

use orderlog_domain::payment::Operation;

use super::{
    StripeGateway,
    client::Fault,
    moving::{cancelled, captured, refunded},
    objects::{Page, Refund},
};
use crate::process::gateway::{Answer, Call};

impl StripeGateway {
    pub(super) async fn became(&self, call: &Call) -> Result<Option<Answer>, Fault> {
        if call.operation == Operation::Refund {
            return self.refund_became(call).await;
        }
        let Some(intent) = self.current(call).await? else {
            return Ok(None);
        };
        Ok(match call.operation {
            Operation::Authorize => self
                .authorization(&intent, call)?
                .map(Answer::Authorization),
            Operation::Capture => captured(&intent)?.map(Answer::Operation),
            Operation::Void | Operation::Refund => cancelled(&intent, call)?.map(Answer::Operation),
        })
    }

    /// Refunds are listed newest first, and the one that is asked about is the last that was sent.
    async fn refund_became(&self, call: &Call) -> Result<Option<Answer>, Fault> {
        let Some(id) = &call.gateway_ref else {
            return Ok(None);
        };
        let form = vec![("payment_intent", id.clone()), ("limit", "100".to_owned())];
        let page: Page<Refund> = self.client.get(&["refunds"], form).await?;
        let operation = call.operation_id.to_string();
        let is_ours = |refund: &&Refund| {
            let metadata = refund.metadata.as_ref();
            metadata.and_then(|metadata| metadata.get("operation_id")) == Some(&operation)
        };
        match page.data.iter().find(is_ours) {
            Some(refund) => Ok(refunded(refund)?.map(Answer::Operation)),
            None => Ok(None),
        }
    }
}

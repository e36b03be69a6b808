//! Stripe's payment intents as the payment gateway. A payment is one payment intent there: opened under
//! the payment's id, which moves no money, then confirmed, captured or cancelled under the operation's
//! id. Invariant: whatever is repeated or asked about goes to that one intent, which Stripe confirms
//! and captures once, so that no key that was forgotten can charge twice.
//!
//! # Layout
//! - [`StripeSettings`]: what is needed, checked. `client`: requests and answers; `objects`: what
//!   Stripe's JSON means to us; `amounts`: its minor units.
//! - `intents`: finding a payment's intent. `authorizing`, `moving`: the operations; `asking`: what
//!   became of one.
//! - [`webhook`]: Stripe's notes that something has happened; `signature`: whether they are Stripe's.

mod amounts;
mod asking;
mod authorizing;
mod client;
mod intents;
mod moving;
mod objects;
mod reply;
mod settings;
mod signature;
pub mod webhook;

use async_trait::async_trait;
use orderlog_domain::{
    fulfilment::Millis,
    payment::{AuthorizationOutcome, OperationOutcome},
};

pub use settings::{ApiKey, StripeSettings, StripeSettingsError, WebhookSecret};
#[cfg(test)]
pub(in crate::process) use signature::sign;

use self::client::Client;
use super::gateway::{Answer, Call, NoAnswer, PaymentGateway};

/// The version of Stripe's API that this is written for; each request names it.
pub const API_VERSION: &str = "2025-09-30.clover";

/// Stripe, as the gateway.
pub struct StripeGateway {
    client: Client,
    return_url: String,
    action_within: Millis,
}

impl StripeGateway {
    /// Calls Stripe as `settings` say. Customers have `action_within` for the bank's page: Stripe
    /// itself sets no end to it.
    pub fn new(
        settings: &StripeSettings,
        action_within: Millis,
    ) -> Result<Self, StripeSettingsError> {
        Ok(Self {
            client: Client::new(settings)?,
            return_url: settings.return_url.to_string(),
            action_within,
        })
    }
}

#[async_trait]
impl PaymentGateway for StripeGateway {
    async fn authorize(&self, call: &Call) -> Result<AuthorizationOutcome, NoAnswer> {
        Ok(self.hold(call).await?)
    }

    async fn capture(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        Ok(self.take(call).await?)
    }

    async fn void(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        Ok(self.let_go(call).await?)
    }

    async fn refund(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        Ok(self.give_back(call).await?)
    }

    async fn ask(&self, call: &Call) -> Result<Option<Answer>, NoAnswer> {
        Ok(self.became(call).await?)
    }
}

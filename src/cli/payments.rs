//! The options that say who moves the money: the simulated gateway, or Stripe. They are checked before
//! anything starts; a key without `--payment-gateway stripe` is refused, so that nobody takes simulated
//! payments for real ones.

use std::time::Duration;

use clap::{Args, ValueEnum};
use orderlog_command_api::process::stripe::{
    ApiKey, StripeSettings, StripeSettingsError, WebhookSecret,
};

use super::Failure;
use crate::system::{Payments, Roles};

/// Who moves the money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum PaymentGateway {
    /// Nobody: the payment method's token says what happens.
    #[default]
    Simulated,
    /// Stripe, by payment intents.
    Stripe,
}

/// Who moves the money, and how it is called.
#[derive(Clone, Debug, Args)]
pub(super) struct PaymentArgs {
    /// Who moves the money: simulated, by the payment method's token, or stripe.
    #[arg(
        long,
        env = "ORDERLOG_PAYMENT_GATEWAY",
        default_value = "simulated",
        value_name = "GATEWAY"
    )]
    payment_gateway: PaymentGateway,

    /// Stripe's secret or restricted key, for the process that calls it; best given by the environment.
    #[arg(
        long,
        env = "ORDERLOG_STRIPE_API_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    stripe_api_key: Option<String>,

    /// Signing secret of the webhook endpoint, for processes that take commands: they then take Stripe's
    /// notes at /api/v1/webhooks/stripe as well.
    #[arg(
        long,
        env = "ORDERLOG_STRIPE_WEBHOOK_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    stripe_webhook_secret: Option<String>,

    /// Where the bank sends customers back to once they have done their part.
    #[arg(long, env = "ORDERLOG_STRIPE_RETURN_URL", value_name = "URL")]
    stripe_return_url: Option<String>,

    /// Where Stripe's API is.
    #[arg(
        long,
        env = "ORDERLOG_STRIPE_URL",
        default_value = "https://api.stripe.com",
        value_name = "URL"
    )]
    stripe_url: String,

    /// Seconds that one call to the gateway may take.
    #[arg(long, env = "ORDERLOG_PAYMENT_TIMEOUT", default_value_t = 10, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=10))]
    payment_timeout: u64,
}

impl PaymentArgs {
    /// What a process with these roles needs of them.
    pub(super) fn payments(&self, roles: Roles) -> Result<Payments, Failure> {
        let secret = self.stripe_webhook_secret.as_deref();
        let secret = secret.filter(|_| roles.command_api);
        let webhook_secret = secret.map(WebhookSecret::parse).transpose();
        Ok(Payments {
            stripe: self.stripe(roles)?,
            webhook_secret: webhook_secret
                .map_err(|error| wrong("--stripe-webhook-secret", &error))?,
        })
    }

    fn stripe(&self, roles: Roles) -> Result<Option<StripeSettings>, Failure> {
        if !roles.process {
            return Ok(None);
        }
        let key = self.stripe_api_key.as_deref();
        let (key, return_url) = match (self.payment_gateway, key, &self.stripe_return_url) {
            (PaymentGateway::Simulated, None, _) => return Ok(None),
            (PaymentGateway::Simulated, Some(_), _) => {
                return Err(Failure::usage(
                    "there is a --stripe-api-key, but payments are simulated: \
                     give --payment-gateway stripe, or leave the key out",
                ));
            }
            (PaymentGateway::Stripe, None, _) => {
                return Err(Failure::usage(
                    "--payment-gateway stripe asks for --stripe-api-key KEY, \
                     or ORDERLOG_STRIPE_API_KEY",
                ));
            }
            (PaymentGateway::Stripe, Some(_), None) => {
                return Err(Failure::usage(
                    "--payment-gateway stripe asks for --stripe-return-url URL, \
                     where the bank sends customers back to",
                ));
            }
            (PaymentGateway::Stripe, Some(key), Some(url)) => (key, url),
        };
        let key = ApiKey::parse(key).map_err(|error| wrong("--stripe-api-key", &error))?;
        let timeout = Duration::from_secs(self.payment_timeout);
        let settings = StripeSettings::new(key, &self.stripe_url, return_url, timeout);
        let flags = "--stripe-url, --stripe-return-url";
        settings.map(Some).map_err(|error| wrong(flags, &error))
    }
}

fn wrong(flag: &str, error: &StripeSettingsError) -> Failure {
    Failure::usage(format!("{flag}: {error}"))
}

#[cfg(test)]
#[path = "payments_tests.rs"]
mod tests;

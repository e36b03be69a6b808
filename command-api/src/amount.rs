//! An amount of money as requests and answers have it: exactly `{"amount_minor", "currency"}`.

use orderlog_domain::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "an amount such as {\"amount_minor\":1999,\"currency\":\"EUR\"}"
)]
pub(crate) struct Amount {
    /// In the currency's smallest unit: 1999 is 19.99 EUR.
    #[schema(example = 1999)]
    amount_minor: i64,
    /// ISO 4217 code.
    #[schema(value_type = String, example = "EUR", pattern = "^[A-Z]{3}$")]
    currency: Currency,
}

impl From<Money> for Amount {
    fn from(
        Money {
            amount_minor,
            currency,
        }: Money,
    ) -> Self {
        Self {
            amount_minor,
            currency,
        }
    }
}

impl From<Amount> for Money {
    fn from(
        Amount {
            amount_minor,
            currency,
        }: Amount,
    ) -> Self {
        Self {
            amount_minor,
            currency,
        }
    }
}

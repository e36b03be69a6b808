//! `orderlog saga retry|skip|compensate|resume|resolve`: what an operator decides about a saga of a
//! running system. Each is one command under one key, so that it can be repeated without harm.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use orderlog_domain::money::Currency;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::{Failure, remote::RemoteArgs};
use crate::import::decimal::minor_units;

/// What an operator may decide.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Verb {
    /// Issue again, now, what failed, was refused or stays unanswered. No payment is made twice.
    Retry(Decision),
    /// Take what the step did not get as done by hand; where that is money, say how much.
    Skip(Skip),
    /// Turn back: cancel the order and undo all of it. Possible until it has left.
    Compensate(Decision),
    /// Look again after something was mended, and go on at its own pace.
    Resume(Decision),
    /// End it by hand; nothing more is done but undoing what succeeds late.
    Resolve(Resolve),
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Decision {
    #[command(flatten)]
    remote: RemoteArgs,
    /// The order that the saga carries through.
    order_id: Uuid,
    /// Why, for those who read the log later.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who decides.
    #[arg(long, env = "USER", value_name = "NAME")]
    actor: String,
    /// Names the decision: one that is repeated under the same key is carried out once.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  orderlog saga skip 0190... --reason \"refunded in the console\" --amount 12.34 EUR"
)]
pub(in crate::cli) struct Skip {
    #[command(flatten)]
    decision: Decision,
    /// How much was moved by hand: all that is at stake. Left out where the step moves no money.
    #[arg(long, num_args = 2, value_names = ["AMOUNT", "CURRENCY"])]
    amount: Option<Vec<String>>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Resolve {
    #[command(flatten)]
    decision: Decision,
    /// How it ended.
    #[arg(long = "as", value_enum, value_name = "OUTCOME")]
    outcome: Outcome,
}

/// How a saga ended.
#[derive(Clone, Copy, Debug, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// The customer has the goods, the shop has the money.
    Completed,
    /// Nothing is left of it: no goods, no money.
    Compensated,
}

pub(super) async fn run(verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Retry(decision) => decision.send("retry", json!({})).await,
        Verb::Compensate(decision) => decision.send("compensate", json!({})).await,
        Verb::Resume(decision) => decision.send("resume", json!({})).await,
        Verb::Resolve(Resolve { decision, outcome }) => {
            let more = json!({ "outcome": outcome });
            decision.send("resolve", more).await
        }
        Verb::Skip(Skip { decision, amount }) => {
            let amount = amount.as_deref().map(money).transpose()?;
            let more = amount.map_or_else(|| json!({}), |amount| json!({ "amount": amount }));
            decision.send("skip", more).await
        }
    }
}

impl Decision {
    async fn send(self, verb: &str, mut body: Value) -> Result<(), Failure> {
        body["reason"] = json!(self.reason);
        let (order, remote) = (self.order_id.to_string(), self.remote.remote()?);
        let key = self.key.unwrap_or_else(|| Uuid::now_v7().to_string());
        let path = ["sagas", order.as_str(), verb];
        let receipt: Value = remote.post(&path, &key, &self.actor, &body).await?;
        if self.json {
            println!("{receipt:#}");
        } else {
            let position = &receipt["position"];
            println!("{verb}: decided at position {position}, and being carried out");
        }
        Ok(())
    }
}

/// An amount and its currency, as an API takes it.
fn money(said: &[String]) -> Result<Value, Failure> {
    let [amount, code] = said else {
        return Err(Failure::usage("--amount takes a number and a currency"));
    };
    let usage = |error: String| {
        let mend = "give it as --amount 12.34 EUR";
        Failure::usage(format!("--amount: {error}; {mend}"))
    };
    let currency = Currency::from_code(code).map_err(|error| usage(error.to_string()))?;
    let minor =
        minor_units(amount, currency.exponent()).map_err(|error| usage(error.to_string()))?;
    Ok(json!({ "amount_minor": minor, "currency": currency.code() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(amount: &str, currency: &str) -> Result<Value, String> {
        money(&[amount.to_owned(), currency.to_owned()]).map_err(|failure| failure.to_string())
    }

    #[test]
    fn an_amount_has_as_many_places_as_its_currency() {
        let minor = |minor: i64, currency| Ok(json!({"amount_minor": minor, "currency": currency}));
        assert_eq!(said("12.34", "EUR"), minor(1234, "EUR"));
        assert_eq!(said("12", "EUR"), minor(1200, "EUR"));
        assert_eq!(said("1500", "JPY"), minor(1500, "JPY"));
        assert_eq!(said("1.234", "KWD"), minor(1234, "KWD"));
    }

    #[test]
    fn what_is_no_amount_is_told_with_the_mend() {
        for (amount, currency) in [
            ("12,34", "EUR"),
            ("12.345", "EUR"),
            ("1.5", "JPY"),
            ("", "EUR"),
            ("12.34", "EURO"),
            ("12.34", "eur"),
        ] {
            let error = said(amount, currency).expect_err("it is no amount");
            assert!(error.ends_with("give it as --amount 12.34 EUR"), "{error}");
        }
    }
}

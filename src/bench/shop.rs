//! What the order bench asks of a running system: products and stock to order from, and how many
//! orders are carried through. Everything goes through the public interfaces, and every product
//! is the bench's own, so that it may run against a system in use.

use anyhow::{Context, bail};
use chrono::{TimeDelta, Utc};
use orderlog_web::client;
use reqwest::{Client, Url};
use serde_json::{Value, json};
use uuid::Uuid;

/// Pieces received of each product: more than any run orders.
const STOCK: u32 = 1_000_000_000;

/// A running system, stocked with products for one run.
pub struct Shop {
    client: Client,
    base: Url,
    host: String,
    orders: Vec<String>,
}

/// Orders by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Confirmed.
    pub confirmed: u64,
    /// Rejected or cancelled.
    pub ended: u64,
}

impl Shop {
    /// Registers `products` with ample stock at the system that is reached at `base`.
    pub async fn open(base: &str, products: u16) -> anyhow::Result<Self> {
        let base = Url::parse(base).with_context(|| format!("{base} is not a URL"))?;
        let host = match (base.scheme(), base.host_str(), base.port_or_known_default()) {
            ("http", Some(host), Some(port)) => format!("{host}:{port}"),
            _ => bail!("{base}: the load is sent over plain http"),
        };
        let mut shop = Self {
            client: client::builder().build()?,
            base,
            host,
            orders: Vec::new(),
        };
        let run = Uuid::now_v7().simple().to_string();
        for number in 0..products {
            let sku = format!("bench-{run}-{number}");
            shop.stock(&sku)
                .await
                .with_context(|| format!("register {sku}"))?;
            shop.orders.push(order_of(&sku));
        }
        Ok(shop)
    }

    /// The server's address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The order to place as the `number`th: one piece of one product, products in turn.
    pub fn order(&self, number: usize) -> &str {
        &self.orders[number % self.orders.len()]
    }

    /// How many orders are carried through, as the sales of these days say.
    pub async fn counts(&self) -> anyhow::Result<Counts> {
        let today = Utc::now().date_naive();
        // The shop's day may be another than the day in Greenwich.
        let (from, to) = (today - TimeDelta::days(1), today + TimeDelta::days(1));
        let query = "query ($from: NaiveDate!, $to: NaiveDate!) \
                     { dailySales(from: $from, to: $to) { confirmed rejected cancelled } }";
        let variables = json!({ "from": from, "to": to });
        Counts::of(&self.ask(query, variables).await?)
    }

    /// How far the read models have come in the log.
    pub async fn position(&self) -> anyhow::Result<u64> {
        let answer = self.ask("{ projections { position } }", json!({})).await?;
        let read = answer["data"]["projections"].as_array();
        let read = read.with_context(|| format!("no read models in the answer: {answer}"))?;
        let mut positions = read.iter().map(|model| number(model, "position"));
        positions.try_fold(0, |furthest, position| Ok(position?.max(furthest)))
    }

    async fn ask(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        let asked = json!({ "query": query, "variables": variables });
        let graphql = self.client.post(self.base.join("/graphql")?);
        let answer = graphql.json(&asked).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    async fn stock(&self, sku: &str) -> anyhow::Result<()> {
        let price = json!({ "amount_minor": 1999, "currency": "EUR" });
        self.post(
            "products",
            json!({ "sku": sku, "name": "Bench", "unit_price": price }),
        )
        .await?;
        self.post("stock", json!({ "sku": sku })).await?;
        let receipt = json!({ "receipt_id": "bench", "quantity": STOCK });
        self.post(&format!("stock/{sku}/receipts"), receipt).await
    }

    async fn post(&self, path: &str, body: Value) -> anyhow::Result<()> {
        let url = self.base.join(&format!("/api/v1/{path}"))?;
        let key = Uuid::now_v7().to_string();
        let answer = self
            .client
            .post(url)
            .header("idempotency-key", key)
            .json(&body)
            .send()
            .await?;
        if answer.status().is_success() {
            return Ok(());
        }
        bail!("{}: {}", answer.status(), answer.text().await?)
    }
}

impl Counts {
    /// Orders carried through.
    pub fn done(self) -> u64 {
        self.confirmed + self.ended
    }

    /// What has come to these counts since `before`.
    pub fn since(self, before: Self) -> Self {
        Self {
            confirmed: self.confirmed.saturating_sub(before.confirmed),
            ended: self.ended.saturating_sub(before.ended),
        }
    }

    fn of(answer: &Value) -> anyhow::Result<Self> {
        let days = answer["data"]["dailySales"].as_array();
        let days = days.with_context(|| format!("no sales in the answer: {answer}"))?;
        let mut counts = Self::default();
        for day in days {
            counts.confirmed += number(day, "confirmed")?;
            counts.ended += number(day, "rejected")? + number(day, "cancelled")?;
        }
        Ok(counts)
    }
}

/// GraphQL gives numbers beyond 32 bits as digits in a string.
fn number(object: &Value, name: &str) -> anyhow::Result<u64> {
    let digits = object[name].as_str();
    let number = digits.and_then(|digits| digits.parse().ok());
    number.with_context(|| format!("{name} is not a number: {object}"))
}

fn order_of(sku: &str) -> String {
    let order = json!({
        "customer_id": "bench",
        "lines": [{ "sku": sku, "quantity": 1 }],
        "payment_method": "tok_ok",
    });
    order.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_added_up_over_the_days_and_told_from_those_before() {
        let answer = json!({ "data": { "dailySales": [
            { "confirmed": "3", "rejected": "1", "cancelled": "0" },
            { "confirmed": "4", "rejected": "0", "cancelled": "2" },
        ] } });
        let counts = Counts::of(&answer).expect("counted");
        assert_eq!(
            counts,
            Counts {
                confirmed: 7,
                ended: 3
            }
        );
        assert_eq!(
            counts
                .since(Counts {
                    confirmed: 5,
                    ended: 3
                })
                .done(),
            2
        );
    }

    #[test]
    fn an_answer_without_sales_is_not_taken_for_nothing_sold() {
        let refused = Counts::of(&json!({ "errors": [{ "message": "behind" }] }));
        assert!(refused.expect_err("refused").to_string().contains("behind"));
    }
}

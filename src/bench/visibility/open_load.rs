//! An open load: each order is sent when its time has come, on a connection of its own while it is
//! under way, so that a slow answer does not hold the next one back.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use serde::Deserialize;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use uuid::Uuid;

use crate::bench::{http::Connection, load::Tally, shop::Shop};

/// Orders at a steady rate.
pub(super) struct OpenLoad {
    shop: Arc<Shop>,
    idle: Arc<Mutex<Vec<Connection>>>,
    rate: u32,
}

/// What became of the orders of a load.
pub(super) struct Seen {
    /// From the sending to the acceptance.
    pub(super) accepted: Tally,
    /// From the sending to the first answer that shows the order.
    pub(super) visible: Tally,
    /// The longest that an order was sent after its time.
    pub(super) latest_sent: Duration,
    /// Orders that were not accepted or not shown, by what was said instead.
    pub(super) errors: BTreeMap<String, u64>,
}

impl Seen {
    /// Orders accepted.
    pub(super) fn placed(&self) -> u64 {
        self.accepted.operations
    }
}

/// What a receipt says.
#[derive(Deserialize)]
struct Receipt {
    id: Uuid,
    consistency_token: String,
}

impl OpenLoad {
    pub(super) fn new(shop: Arc<Shop>, rate: u32) -> Self {
        let idle = Arc::default();
        Self { shop, idle, rate }
    }

    /// Places orders for `span` and waits until each is seen or refused.
    pub(super) async fn run(&self, span: Duration) -> anyhow::Result<Seen> {
        let orders = (span.as_secs_f64() * f64::from(self.rate)).round() as usize;
        let mut ticks = interval(Duration::from_secs(1) / self.rate);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (start, mut running) = (Instant::now(), JoinSet::new());
        let mut latest_sent = Duration::ZERO;
        for number in 0..orders {
            let due = ticks.tick().await.into_std();
            latest_sent = latest_sent.max(due.elapsed());
            running.spawn(self.order(number).carry_out());
        }
        let mut seen = Seen {
            accepted: Tally::new(),
            visible: Tally::new(),
            latest_sent,
            errors: BTreeMap::new(),
        };
        while let Some(done) = running.join_next().await {
            seen.count(done.context("an order broke off")?);
        }
        seen.accepted.elapsed = start.elapsed();
        seen.visible.elapsed = start.elapsed();
        Ok(seen)
    }

    /// Places one order, to see whether the system shows it.
    pub(super) async fn place_first(&self) -> anyhow::Result<Placed> {
        let mut order = self.order(0);
        let mut connection = order.connection().await?;
        let receipt = order.place(&mut connection).await?;
        Ok(Placed { order, receipt })
    }

    fn order(&self, number: usize) -> Order {
        Order {
            shop: Arc::clone(&self.shop),
            idle: Arc::clone(&self.idle),
            number,
        }
    }
}

/// An order that was accepted.
pub(super) struct Placed {
    order: Order,
    receipt: Receipt,
}

impl Placed {
    /// Whether it is shown, after the wait that a query is granted.
    pub(super) async fn is_shown(&self) -> anyhow::Result<bool> {
        let mut connection = self.order.connection().await?;
        let answer = self.order.query(&mut connection, &self.receipt).await?;
        Ok(shows(&answer, self.receipt.id))
    }
}

/// Times from the sending of an order.
struct Times {
    accepted: Duration,
    /// Or what was said instead.
    visible: Result<Duration, String>,
}

struct Order {
    shop: Arc<Shop>,
    idle: Arc<Mutex<Vec<Connection>>>,
    number: usize,
}

impl Order {
    /// Places the order and asks for it; both on the same connection, which is then free again.
    async fn carry_out(mut self) -> Result<Times, String> {
        let said = |error: anyhow::Error| format!("{error:#}");
        let mut connection = self.connection().await.map_err(|error| error.to_string())?;
        let sent = Instant::now();
        let receipt = self.place(&mut connection).await.map_err(said)?;
        let accepted = sent.elapsed();
        let answer = self.query(&mut connection, &receipt).await;
        let visible = match answer {
            Ok(answer) if shows(&answer, receipt.id) => Ok(sent.elapsed()),
            Ok(answer) => Err(code(&answer)),
            Err(error) => {
                return Ok(Times {
                    accepted,
                    visible: Err(error.to_string()),
                });
            }
        };
        self.idle
            .lock()
            .expect("nobody panics with this lock")
            .push(connection);
        Ok(Times { accepted, visible })
    }

    async fn connection(&self) -> io::Result<Connection> {
        let idle = self
            .idle
            .lock()
            .expect("nobody panics with this lock")
            .pop();
        match idle {
            Some(connection) => Ok(connection),
            None => Connection::open(self.shop.host()).await,
        }
    }

    async fn place(&mut self, connection: &mut Connection) -> anyhow::Result<Receipt> {
        let key = Uuid::now_v7().to_string();
        let order = self.shop.order(self.number);
        let answer = connection.post("/api/v1/orders", &key, order).await?;
        if answer.status != 201 {
            bail!(
                "{} {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            );
        }
        serde_json::from_slice(&answer.body).context("the receipt can't be read")
    }

    async fn query(&self, connection: &mut Connection, receipt: &Receipt) -> io::Result<Vec<u8>> {
        let query = format!(
            r#"{{"query":"{{ order(id: \"{}\") {{ id status }} }}"}}"#,
            receipt.id
        );
        let answer = connection.query(&receipt.consistency_token, &query).await?;
        Ok(answer.body)
    }
}

impl Seen {
    fn count(&mut self, done: Result<Times, String>) {
        let visible = done.and_then(|times| {
            self.accepted.time(times.accepted);
            times.visible
        });
        match visible {
            Ok(took) => self.visible.time(took),
            Err(error) => *self.errors.entry(error).or_default() += 1,
        }
    }
}

/// Whether an answer of GraphQL shows this order.
fn shows(answer: &[u8], id: Uuid) -> bool {
    let answer: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
    answer["data"]["order"]["id"].as_str() == Some(id.to_string().as_str())
}

/// The code of an answer that does not show the order.
fn code(answer: &[u8]) -> String {
    let answer: serde_json::Value = serde_json::from_slice(answer).unwrap_or_default();
    let code = &answer["errors"][0]["extensions"]["code"];
    code.as_str().unwrap_or("not shown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_with_the_very_order_shows_it() {
        let id = Uuid::from_u128(7);
        let shown = format!(r#"{{"data":{{"order":{{"id":"{id}"}}}}}}"#);
        assert!(shows(shown.as_bytes(), id));
        assert!(!shows(shown.as_bytes(), Uuid::from_u128(8)));
        for answer in [r#"{"data":{"order":null}}"#, "", "{}"] {
            assert!(!shows(answer.as_bytes(), id), "{answer}");
            assert_eq!(code(answer.as_bytes()), "not shown");
        }
        let behind = r#"{"data":null,"errors":[{"extensions":{"code":"BEHIND"}}]}"#;
        assert_eq!(code(behind.as_bytes()), "BEHIND");
    }

    #[test]
    fn an_order_that_is_accepted_and_not_shown_counts_as_accepted_and_as_an_error() {
        let mut seen = Seen {
            accepted: Tally::new(),
            visible: Tally::new(),
            latest_sent: Duration::ZERO,
            errors: BTreeMap::new(),
        };
        let accepted = Duration::from_millis(2);
        let visible = Ok(Duration::from_millis(9));
        seen.count(Ok(Times { accepted, visible }));
        let visible = Err("BEHIND".to_owned());
        seen.count(Ok(Times { accepted, visible }));
        seen.count(Err("503".to_owned()));
        assert_eq!((seen.placed(), seen.visible.operations), (2, 1));
        assert_eq!(seen.errors.values().sum::<u64>(), 2);
    }
}

//! What a story can do: lay in stock, place orders, do the warehouse's and the customer's part, and wait
//! until something can be seen. It waits as long as things happen or a timer of the saga runs, and
//! for its patience beyond: so it learns from the system how long a quarter of an hour is there.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::Utc;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use crate::cli::Failure;

use super::{
    Ground, Pace, Played,
    ending::Ending,
    hand::Hand,
    seen::{QUERY, Seen},
};

/// Who sends the commands.
const ACTOR: &str = "scenario";
/// From one look to the next, at least.
const LOOK: Duration = Duration::from_millis(50);
/// What one piece costs, in cents.
pub(super) const PRICE: i64 = 1000;

/// Where a story is played.
pub(super) struct Stage {
    ground: Ground,
    pace: Pace,
    begun: Instant,
    /// The story's own product.
    sku: String,
    /// The last line that was told of each order.
    told: Arc<Mutex<HashMap<Uuid, String>>>,
}

/// What a command is answered with.
#[derive(Deserialize)]
struct Receipt {
    id: Uuid,
}

impl Stage {
    pub(super) fn empty(ground: Ground, pace: Pace) -> Self {
        let id = Uuid::now_v7().simple().to_string();
        Self {
            ground,
            pace,
            begun: Instant::now(),
            sku: format!("SCENARIO-{}", &id[16..]),
            told: Arc::default(),
        }
    }

    /// The same stage, on which nothing may happen for at least so long.
    pub(super) fn patient(&self, patience: Duration) -> Self {
        let patience = self.pace.patience.max(patience);
        Self {
            ground: self.ground.clone(),
            pace: Pace {
                patience,
                ..self.pace
            },
            begun: self.begun,
            sku: self.sku.clone(),
            told: Arc::clone(&self.told),
        }
    }

    /// Registers the story's product and lays in so many pieces.
    pub(super) async fn lay_in(&self, pieces: u32) -> Result<(), Failure> {
        let sku = self.sku.as_str();
        let price = json!({ "amount_minor": PRICE, "currency": "EUR" });
        let tax = json!({ "basis_points": 1900, "inclusive": true });
        let product = json!({ "sku": sku, "name": "Scenario", "unit_price": price, "tax": tax });
        self.send(&["products"], product).await?;
        self.send(&["stock"], json!({ "sku": sku })).await?;
        let receipt = json!({ "receipt_id": "R-1", "quantity": pieces });
        self.send(&["stock", sku, "receipts"], receipt).await?;
        self.tell(&format!("{pieces} pieces of {sku} are there"));
        Ok(())
    }

    /// Places an order of so many pieces, paid by `token`.
    pub(super) async fn place(&self, pieces: u32, token: &str) -> Result<Uuid, Failure> {
        let lines = json!([{ "sku": self.sku, "quantity": pieces }]);
        let order = json!({ "customer_id": ACTOR, "lines": lines, "payment_method": token });
        let receipt: Receipt = self.command(&["orders"], order).await?;
        self.tell(&format!("order {} is placed with {token}", receipt.id));
        Ok(receipt.id)
    }

    /// A hand on the database.
    pub(super) async fn hand(&self) -> Result<Hand, Failure> {
        Hand::on(self.ground.database.as_ref(), self.pace.patience).await
    }

    /// Packs the order's goods, as soon as they are waited for.
    pub(super) async fn pack(&self, order: Uuid) -> Result<(), Failure> {
        let packing = |seen: &Seen| seen.waits_for("PACKING");
        self.until(order, "the goods are to be packed", packing)
            .await?;
        self.send_to(order, "pack", json!({})).await
    }

    /// Packs, dispatches and delivers the order's goods.
    pub(super) async fn ship(&self, order: Uuid) -> Result<(), Failure> {
        self.pack(order).await?;
        self.send_off(order).await
    }

    /// Dispatches and delivers goods that are packed.
    pub(super) async fn send_off(&self, order: Uuid) -> Result<(), Failure> {
        let leaving = |seen: &Seen| seen.waits_for("DISPATCH");
        self.until(order, "the goods may leave", leaving).await?;
        let parcel = json!({ "carrier": "Post", "tracking": "S-1" });
        self.send_to(order, "dispatch", parcel).await?;
        let arriving = |seen: &Seen| seen.waits_for("DELIVERY");
        self.until(order, "the goods are on the way", arriving)
            .await?;
        self.send_to(order, "deliver", json!({})).await
    }

    /// The customer wants the order stopped.
    pub(super) async fn cancel(&self, order: Uuid) -> Result<(), Failure> {
        let body = json!({ "reason": "changed my mind" });
        self.send_to(order, "cancel", body).await
    }

    /// The customer does what the bank asks.
    pub(super) async fn answer_the_bank(&self, order: Uuid) -> Result<(), Failure> {
        let asked = |seen: &Seen| seen.waits_for("CUSTOMER");
        let seen = self
            .until(order, "the bank asks the customer", asked)
            .await?;
        let payment = seen.payment().map(|payment| payment.id.to_string());
        let payment = payment.unwrap_or_default();
        self.send(&["payments", &payment, "complete-action"], json!({}))
            .await
    }

    /// Waits until what can be seen of the order is as wanted.
    pub(super) async fn until(
        &self,
        order: Uuid,
        what: &str,
        wanted: impl Fn(&Seen) -> bool,
    ) -> Result<Seen, Failure> {
        let seen = self.watch(order, &wanted).await?;
        if wanted(&seen) {
            return Ok(seen);
        }
        Err(Failure::failed(format!(
            "order {order}: waited in vain until {what}; it stands at: {}",
            seen.line()
        )))
    }

    /// Waits until the order has come to this end, or nothing happens any more.
    pub(super) async fn end(&self, order: Uuid, expected: Ending) -> Result<Played, Failure> {
        let seen = self
            .watch(order, &|seen: &Seen| seen.ending() == expected)
            .await?;
        Ok(Played {
            order,
            expected: json!(expected),
            found: json!(seen.ending()),
        })
    }

    /// Looks until it is as wanted, or until nothing has happened for as long as its patience lasts.
    async fn watch(&self, order: Uuid, wanted: &impl Fn(&Seen) -> bool) -> Result<Seen, Failure> {
        let mut pace = interval(LOOK);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut seen, mut changed) = (self.look(order).await?, Instant::now());
        self.tell_of(order, &seen);
        while !wanted(&seen) && !self.is_over(&seen, changed) {
            pace.tick().await;
            let now = self.look(order).await?;
            if now != seen {
                self.tell_of(order, &now);
                (seen, changed) = (now, Instant::now());
            }
        }
        Ok(seen)
    }

    fn is_over(&self, seen: &Seen, changed: Instant) -> bool {
        let patience = self.pace.patience;
        let waits = seen.due().is_some_and(|due| due + patience > Utc::now());
        !waits && changed.elapsed() > patience
    }

    async fn look(&self, order: Uuid) -> Result<Seen, Failure> {
        let variables = json!({ "id": order, "sku": self.sku });
        self.ground.remote.graphql(QUERY, variables).await
    }

    async fn send_to(&self, order: Uuid, verb: &str, body: Value) -> Result<(), Failure> {
        self.send(&["orders", &order.to_string(), verb], body).await
    }

    async fn send(&self, path: &[&str], body: Value) -> Result<(), Failure> {
        let _: Value = self.command(path, body).await?;
        Ok(())
    }

    async fn command<T: serde::de::DeserializeOwned>(
        &self,
        path: &[&str],
        body: Value,
    ) -> Result<T, Failure> {
        let key = Uuid::now_v7().to_string();
        self.ground.remote.post(path, &key, ACTOR, &body).await
    }

    /// Tells where an order stands, unless that was told last of it.
    fn tell_of(&self, order: Uuid, seen: &Seen) {
        let line = seen.line();
        let last = self.told.lock().insert(order, line.clone());
        if seen.order.is_some() && last.as_ref() != Some(&line) {
            let id = order.to_string();
            self.tell(&format!("..{}  {line}", &id[32..]));
        }
    }

    pub(super) fn tell(&self, what: &str) {
        if self.pace.tells {
            eprintln!("{:>8.2} s  {what}", self.begun.elapsed().as_secs_f64());
        }
    }
}

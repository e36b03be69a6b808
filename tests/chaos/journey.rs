//! One order, from its placing on: its customer and the warehouse do what its story says as soon as
//! the shop takes it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    chance::Chance,
    client::Client,
    story::Story,
    warehouse::{FREE, PLENTIFUL, SCARCE},
};

/// An order that does not get on for so long is left to the checks.
const PATIENCE: Duration = Duration::from_secs(240);

/// How often an order is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// What was ordered and done, as far as it was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Journey {
    /// Key under which it was placed, and its reference.
    pub(crate) key: Uuid,
    pub(crate) story: Story,
    /// Nothing where the placing was not acknowledged.
    pub(crate) order: Option<Uuid>,
    /// Whether anybody asked for it to be packed.
    pub(crate) packed: bool,
    /// Given back, minor units.
    pub(crate) refunded: i64,
    /// Whether it did not get on.
    pub(crate) stuck: bool,
}

pub(crate) async fn carried_through(client: &Client, chance: &mut Chance, story: Story) -> Journey {
    let key = Uuid::now_v7();
    let mut journey = Journey {
        key,
        story,
        order: None,
        packed: false,
        refunded: 0,
        stuck: false,
    };
    let order = json!({
        "customer_id": format!("customer-{:02}", chance.below(40)),
        "lines": lines(chance, story),
        "payment_method": story.payment_method(),
        "reference": key.to_string(),
    });
    let Some(placed) = client.send(chance, key, "/orders", &order).await else {
        return journey;
    };
    let id: Uuid = placed.id.parse().unwrap();
    journey.order = Some(id);
    let deadline = Instant::now() + PATIENCE;
    while story.is_attended() && !journey.went_on(client, chance, id).await {
        if Instant::now() > deadline {
            journey.stuck = true;
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    journey
}

fn lines(chance: &mut Chance, story: Story) -> Vec<Value> {
    let line = |sku: &str, quantity: usize| json!({ "sku": sku, "quantity": quantity });
    match story {
        Story::OutOfStock => vec![line(SCARCE, 5)],
        Story::Free => vec![line(FREE, 1)],
        _ => {
            let first = chance.below(PLENTIFUL.len());
            let more = chance.below(3);
            let skus = PLENTIFUL.iter().cycle().skip(first);
            skus.take(1 + more)
                .map(|(sku, _)| line(sku, 1 + chance.below(4)))
                .collect()
        }
    }
}

impl Journey {
    /// Does what can be done now; whether nothing is left to do.
    async fn went_on(&mut self, client: &Client, chance: &mut Chance, id: Uuid) -> bool {
        let path = format!("/orders/{id}");
        let Some(order) = client.get(chance, &path).await else {
            return false;
        };
        let takes = |command: &str| {
            let allowed = order["allowed_commands"].as_array();
            allowed.is_some_and(|all| all.iter().any(|one| one == command))
        };
        let state = order["state"].as_str().unwrap_or_default();
        let (part, body) = match state {
            "Rejected" | "Cancelled" => return true,
            "Completed" if self.story == Story::Refunded => {
                self.refund(client, chance, &order).await;
                return true;
            }
            "Completed" => return true,
            "Confirmed" if self.story == Story::Cancelled => {
                ("cancel", json!({ "reason": "changed my mind" }))
            }
            "AwaitingPayment" if self.story == Story::ActionCompleted => {
                act(client, chance, id).await;
                return false;
            }
            _ if takes("pack") && self.story != Story::Cancelled => {
                self.packed = true;
                ("pack", json!({}))
            }
            _ if takes("dispatch") => {
                let parcel = json!({ "carrier": "Chaos Post", "tracking": id.to_string() });
                ("dispatch", parcel)
            }
            _ if takes("deliver") => ("deliver", json!({})),
            _ => return false,
        };
        let path = format!("{path}/{part}");
        client.send(chance, Uuid::now_v7(), &path, &body).await;
        false
    }

    /// A quarter of the total goes back.
    async fn refund(&mut self, client: &Client, chance: &mut Chance, order: &Value) {
        let Some(payment) = order["payment_id"].as_str() else {
            return;
        };
        let quarter = order["total"]["amount_minor"].as_i64().unwrap_or_default() / 4;
        let amount = json!({ "amount_minor": quarter, "currency": "EUR" });
        let body = json!({ "amount": amount, "reason": "a quarter was broken" });
        let path = format!("/payments/{payment}/refund");
        let sent = client.send(chance, Uuid::now_v7(), &path, &body).await;
        self.refunded = sent.map_or(0, |_| quarter);
    }
}

/// The customer answers the bank's question, of which the query API tells.
async fn act(client: &Client, chance: &mut Chance, order: Uuid) {
    let query = format!("{{ order(id: \"{order}\") {{ payment {{ id }} }} }}");
    let found = client.query(&query).await;
    let Some(payment) = found
        .as_ref()
        .and_then(|data| data["order"]["payment"]["id"].as_str())
    else {
        return;
    };
    let path = format!("/payments/{payment}");
    let shown = client.get(chance, &path).await.unwrap_or_default();
    let allowed = shown["allowed_commands"].as_array();
    if allowed.is_some_and(|all| all.contains(&json!("complete-action"))) {
        let path = format!("{path}/complete-action");
        client.send(chance, Uuid::now_v7(), &path, &json!({})).await;
    }
}

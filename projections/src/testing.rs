//! Stories for tests: facts recorded one after the other, as a log would, and folded into rows.
//! Next: [`journeys`] tells whole orders, [`journey`] one step at a time; [`log`] holds a
//! story for those who read the log itself.

pub mod journey;
pub mod journeys;
pub mod log;
mod steps;

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use orderlog_domain::{
    evolution::{Evolving, version_today},
    fact::Fact,
    fulfilment::FulfilmentEvent,
    ids::{OrderId, PaymentId, Sku},
    money::{Currency, Money},
    notification::NotificationEvent,
    order::OrderEvent,
    payment::PaymentEvent,
    product::ProductEvent,
    stock::StockEvent,
};
use orderlog_log::event::RecordedEvent;
use orderlog_runtime::projection::{Occurred, Projection};
use uuid::Uuid;

/// A fact and where it is to be recorded.
#[derive(Clone, Debug)]
pub struct Told {
    /// The stream.
    pub stream: String,
    /// Its partition key.
    pub key: String,
    /// The event's type.
    pub event_type: String,
    /// Version of its form.
    pub schema_version: u16,
    /// The event's payload.
    pub data: String,
    /// The fact.
    pub fact: Fact,
}

fn told<E: Evolving>(stream: String, key: String, event: E, fact: impl Fn(E) -> Fact) -> Told {
    let data = serde_json::to_string(&event).expect("an event has JSON");
    Told {
        stream,
        key,
        event_type: event.event_type(),
        schema_version: version_today::<E>(&event.event_type()),
        data,
        fact: fact(event),
    }
}

/// A fact of an order.
pub fn order(id: OrderId, fact: OrderEvent) -> Told {
    told(format!("order-{id}"), id.to_string(), fact, Fact::Order)
}

/// A fact of a payment of `order`.
pub fn payment(id: PaymentId, order: OrderId, fact: PaymentEvent) -> Told {
    told(
        format!("payment-{id}"),
        order.to_string(),
        fact,
        Fact::Payment,
    )
}

/// A fact of the fulfilment of `order`.
pub fn saga(order: OrderId, fact: FulfilmentEvent) -> Told {
    told(
        format!("saga-order-{order}"),
        order.to_string(),
        fact,
        Fact::Fulfilment,
    )
}

/// A fact of a notification about `order`.
pub fn notification(id: Uuid, order: OrderId, fact: NotificationEvent) -> Told {
    told(
        format!("notification-{id}"),
        order.to_string(),
        fact,
        Fact::Notification,
    )
}

/// A fact of a product's stock in the warehouse `main`.
pub fn stock(sku: &str, fact: StockEvent) -> Told {
    let stream = format!("stock-{sku}-main");
    told(stream.clone(), stream, fact, Fact::Stock)
}

/// A fact of a product.
pub fn product(sku: &str, fact: ProductEvent) -> Told {
    let stream = format!("product-{sku}");
    told(stream.clone(), stream, fact, Fact::Product)
}

/// Facts in the order in which they were recorded, a second apart.
pub fn recorded(told: impl IntoIterator<Item = Told>) -> Vec<(RecordedEvent, Fact)> {
    let mut versions = BTreeMap::<String, u64>::new();
    let mut story = vec![];
    for (told, position) in told.into_iter().zip(1..) {
        let version = versions.entry(told.stream.clone()).or_default();
        *version += 1;
        let recorded = RecordedEvent {
            position,
            event_id: Uuid::from_u128(0xE000 + u128::from(position)),
            stream: told.stream,
            version: *version,
            event_type: told.event_type,
            schema_version: told.schema_version,
            data: told.data,
            partition_key: told.key,
            command_id: Uuid::from_u128(0xC000 + u128::from(position)),
            correlation_id: Uuid::from_u128(0xAAAA),
            causation_id: Uuid::from_u128(0xBBBB),
            actor: "test".to_owned(),
            traceparent: None,
            occurred_at: at(position),
            // Rows must not depend on it: far from when it happened.
            recorded_at: at(position) + Duration::days(40),
        };
        story.push((recorded, told.fact));
    }
    story
}

/// Rows by their keys.
pub type Rows<P> = BTreeMap<String, <P as Projection<Fact>>::Row>;

/// Folds events into rows, as the runtime does.
pub fn fold<P: Projection<Fact>>(
    projection: &P,
    events: &[(RecordedEvent, Fact)],
    rows: &mut Rows<P>,
) {
    for (recorded, fact) in events {
        let event = Occurred { recorded, fact };
        for key in projection.keys(&event) {
            let mut row = rows.remove(&key);
            projection
                .apply(&key, &mut row, &event)
                .expect("the event fits");
            rows.extend(row.map(|row| (key, row)));
        }
    }
}

/// The rows that a story comes to.
pub fn rows<P: Projection<Fact>>(projection: &P, story: impl IntoIterator<Item = Told>) -> Rows<P> {
    let mut rows = Rows::<P>::new();
    fold(projection, &recorded(story), &mut rows);
    rows
}

/// The one row that a story comes to.
pub fn row<P: Projection<Fact>>(projection: &P, story: impl IntoIterator<Item = Told>) -> P::Row {
    let mut rows = rows(projection, story);
    assert_eq!(rows.len(), 1, "{:?}", rows.keys());
    rows.pop_first().expect("there is one").1
}

/// What the store would give back: through JSON and out again.
pub fn stored<P: Projection<Fact>>(rows: &Rows<P>) -> Rows<P> {
    let json = |row: &P::Row| serde_json::to_string(row).expect("a row has JSON");
    let row = |text: String| serde_json::from_str(&text).expect("a row's JSON is a row");
    rows.iter()
        .map(|(key, stored)| (key.clone(), row(json(stored))))
        .collect()
}

/// So many seconds after half past ten on New Year's Eve 2025, as Greenwich had it.
pub fn at(seconds: u64) -> DateTime<Utc> {
    let evening: DateTime<Utc> = "2025-12-31T22:30:00Z".parse().expect("an instant");
    evening + Duration::seconds(i64::try_from(seconds).expect("not that long"))
}

/// Cents.
pub fn euro(amount_minor: i64) -> Money {
    Money::new(
        amount_minor,
        Currency::from_code("EUR").expect("a currency"),
    )
}

/// A product's number.
pub fn sku(text: &str) -> Sku {
    Sku::parse(text).expect("a sku")
}

/// Id of the order with this number.
pub fn order_id(number: u64) -> OrderId {
    OrderId(id(0x0001, number))
}

/// Id of the payment of the order with this number.
pub fn payment_id(number: u64) -> PaymentId {
    PaymentId(id(0x0002, number))
}

/// An id of some kind that belongs to a number.
pub fn id(kind: u16, number: u64) -> Uuid {
    const BASE: u128 = 0x0190_0000_0000_7000_8000_0000_0000_0000;
    Uuid::from_u128(BASE + (u128::from(kind) << 40) + u128::from(number))
}

//! Stories for tests: facts recorded one after the other, as a log would, and folded into rows.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use orderlog_domain::{
    fact::Fact,
    fulfilment::FulfilmentEvent,
    ids::{OrderId, PaymentId, Sku},
    money::{Currency, Money},
    notification::NotificationEvent,
    order::{OrderEvent, OrderLine},
    payment::PaymentEvent,
    product::ProductEvent,
    stock::StockEvent,
};
use orderlog_log::event::RecordedEvent;
use orderlog_runtime::projection::{Occurred, Projection};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// Facts in the order in which they were recorded, a second apart.
#[derive(Clone, Default)]
pub(crate) struct Story(pub(crate) Vec<(RecordedEvent, Fact)>);

impl Story {
    pub(crate) fn order(&mut self, id: OrderId, fact: OrderEvent) -> &mut Self {
        self.tell(format!("order-{id}"), id.to_string(), "OrderEvent", Fact::Order(fact))
    }

    pub(crate) fn payment(&mut self, id: PaymentId, order: OrderId, fact: PaymentEvent) -> &mut Self {
        self.tell(format!("payment-{id}"), order.to_string(), "PaymentEvent", Fact::Payment(fact))
    }

    pub(crate) fn saga(&mut self, order: OrderId, fact: FulfilmentEvent) -> &mut Self {
        let stream = format!("saga-order-{order}");
        self.tell(stream, order.to_string(), "FulfilmentEvent", Fact::Fulfilment(fact))
    }

    pub(crate) fn notification(
        &mut self,
        id: Uuid,
        order: OrderId,
        fact: NotificationEvent,
    ) -> &mut Self {
        let stream = format!("notification-{id}");
        self.tell(stream, order.to_string(), "NotificationEvent", Fact::Notification(fact))
    }

    pub(crate) fn stock(&mut self, sku: &str, fact: StockEvent) -> &mut Self {
        let stream = format!("stock-{sku}-main");
        self.tell(stream.clone(), stream, "StockEvent", Fact::Stock(fact))
    }

    pub(crate) fn product(&mut self, sku: &str, fact: ProductEvent) -> &mut Self {
        let stream = format!("product-{sku}");
        self.tell(stream.clone(), stream, "ProductEvent", Fact::Product(fact))
    }

    fn tell(&mut self, stream: String, key: String, kind: &str, fact: Fact) -> &mut Self {
        let position = self.0.len() as u64 + 1;
        let version = self.0.iter().filter(|(told, _)| told.stream == stream).count() as u64 + 1;
        let recorded = RecordedEvent {
            position,
            event_id: Uuid::from_u128(0xE000 + u128::from(position)),
            stream,
            version,
            event_type: kind.to_owned(),
            schema_version: 1,
            data: String::new(),
            partition_key: key,
            command_id: Uuid::from_u128(0xC000 + u128::from(position)),
            correlation_id: Uuid::from_u128(0xAAAA),
            causation_id: Uuid::from_u128(0xBBBB),
            actor: "test".to_owned(),
            traceparent: None,
            occurred_at: at(i64::try_from(position).unwrap_or_default()),
            recorded_at: at(i64::try_from(position).unwrap_or_default()) + Duration::hours(7),
        };
        self.0.push((recorded, fact));
        self
    }

    /// The rows that all of it comes to.
    pub(crate) fn rows<P: Projection<Fact>>(&self, projection: &P) -> BTreeMap<String, P::Row> {
        let mut rows = BTreeMap::new();
        fold(projection, &self.0, &mut rows);
        rows
    }

    /// The one row that all of it comes to.
    pub(crate) fn row<P: Projection<Fact>>(&self, projection: &P) -> P::Row {
        let mut rows = self.rows(projection);
        assert_eq!(rows.len(), 1, "{:?}", rows.keys());
        rows.pop_first().expect("there is one").1
    }
}

/// Folds events into rows, as the runtime does.
pub(crate) fn fold<P: Projection<Fact>>(
    projection: &P,
    events: &[(RecordedEvent, Fact)],
    rows: &mut BTreeMap<String, P::Row>,
) {
    for (recorded, fact) in events {
        let event = Occurred { recorded, fact };
        for key in projection.keys(&event) {
            let mut row = rows.remove(&key);
            projection.apply(&key, &mut row, &event).expect("the event fits");
            rows.extend(row.map(|row| (key, row)));
        }
    }
}

/// What the store would give back: through JSON and out again.
pub(crate) fn stored<R: Serialize + DeserializeOwned>(rows: &BTreeMap<String, R>) -> BTreeMap<String, R> {
    let json = |row: &R| serde_json::to_string(row).expect("a row has JSON");
    let row = |text: String| serde_json::from_str(&text).expect("a row's JSON is a row");
    rows.iter().map(|(key, stored)| (key.clone(), row(json(stored)))).collect()
}

/// Seconds after the evening of 31 December 2025, as Greenwich had it.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    let evening: DateTime<Utc> = "2025-12-31T22:30:00Z".parse().expect("an instant");
    evening + Duration::seconds(seconds)
}

pub(crate) fn euro(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::from_code("EUR").expect("a currency"))
}

pub(crate) fn sku(text: &str) -> Sku {
    Sku::parse(text).expect("a sku")
}

pub(crate) fn order_id(number: u128) -> OrderId {
    OrderId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number))
}

pub(crate) fn payment_id(number: u128) -> PaymentId {
    PaymentId(Uuid::from_u128(0x0190_0000_0000_7000_9000_0000_0000_0000 + number))
}

pub(crate) fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A line of `quantity` pieces at 10 euro.
pub(crate) fn line(number: u32, product: &str, quantity: u32) -> OrderLine {
    OrderLine {
        line: number,
        sku: sku(product),
        name: product.to_owned(),
        quantity,
        unit_price: euro(1000),
        discount: euro(0),
        tax_basis_points: 1900,
        tax_inclusive: true,
        tax: euro(160 * i64::from(quantity)),
        total: euro(1000 * i64::from(quantity)),
        product_version: Some(1),
    }
}

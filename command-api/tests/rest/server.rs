//! The routes over an SQLite store in a temporary directory, and what they answer.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request},
};
use chrono::{DateTime, Duration, Utc};
use orderlog_command_api::{aggregates::Aggregates, rest, webhook_key::WebhookKey};
use orderlog_domain::{
    ids::{OperationId, OrderId, PaymentId, ReservationId, ShipmentId, Sku, WarehouseId},
    money::{Currency, Money},
    order::{
        Allocation, ConfirmOrder, CreateShipment, OrderCommand, RecordStockReserved,
        ReleaseShipment,
    },
};
use orderlog_log::{
    clock::Clock, clock::ManualClock, event_store::EventStore, executor::CommandContext,
    sqlite::SqliteEventStore,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

pub(crate) struct Server {
    pub(crate) aggregates: Aggregates,
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) clock: ManualClock,
    router: Router,
    _directory: TempDir,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Status and code, for a problem.
    pub(crate) fn problem(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    pub(crate) fn id(&self) -> String {
        self.body["id"].as_str().unwrap().to_owned()
    }
}

impl Server {
    pub(crate) fn new() -> Self {
        // Thirty-two zeros.
        let key = format!("{}=", "A".repeat(43));
        Self::with_key(WebhookKey::parse(&key).ok())
    }

    /// One that signs no webhooks.
    pub(crate) fn without_webhooks() -> Self {
        Self::with_key(None)
    }

    fn with_key(key: Option<WebhookKey>) -> Self {
        let directory = TempDir::new().unwrap();
        let store: Arc<dyn EventStore> =
            Arc::new(SqliteEventStore::open(directory.path()).unwrap());
        let (clock, hand) = Clock::manual(now());
        let aggregates = Aggregates::new(Arc::clone(&store), clock.clone());
        let routes = rest::router(aggregates.clone(), Arc::clone(&store), clock, key);
        let router = orderlog_web::layers::around(routes);
        Self {
            aggregates,
            store,
            clock: hand,
            router,
            _directory: directory,
        }
    }

    /// With two products in the catalogue.
    pub(crate) async fn with_products() -> Self {
        let server = Self::new();
        for (sku, price) in [("MUG", 599), ("BANK CHARGES", 1500)] {
            let product = json!({"sku": sku, "name": sku, "unit_price": eur(price)});
            assert_eq!(server.post("/products", product).await.status, 201);
        }
        server
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(
            Request::get(format!("{}{path}", rest::BASE))
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.post_with(
            path,
            &[("Idempotency-Key", &Uuid::new_v4().to_string())],
            body.to_string(),
        )
        .await
    }

    pub(crate) async fn post_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let request = Request::post(format!("{}{path}", rest::BASE))
            .header("Content-Type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Places an order of two mugs.
    pub(crate) async fn placed(&self) -> OrderId {
        let reply = self
            .post("/orders", order(json!([{"sku": "MUG", "quantity": 2}])))
            .await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.id().parse().unwrap()
    }

    /// Does what the saga does until the order has a shipment to be packed.
    pub(crate) async fn prepared(&self) -> (OrderId, ShipmentId) {
        let order_id = self.placed().await;
        let (sku, warehouse) = (Sku::parse("MUG").unwrap(), WarehouseId::main());
        let shipment_id = ShipmentId(Uuid::now_v7());
        let reservation_id = ReservationId(Uuid::now_v7());
        let allocation = Allocation {
            line: 1,
            sku: sku.clone(),
            warehouse: warehouse.clone(),
            quantity: 2,
            reservation_id,
        };
        self.saga(
            order_id,
            OrderCommand::RecordStockReserved(RecordStockReserved {
                allocations: vec![allocation],
            }),
        )
        .await;
        let payment_id = Some(PaymentId(Uuid::now_v7()));
        self.saga(order_id, OrderCommand::Confirm(ConfirmOrder { payment_id }))
            .await;
        let lines = self
            .aggregates
            .orders
            .load(&order_id.to_string())
            .await
            .unwrap()
            .state
            .unshipped_lines();
        self.saga(
            order_id,
            OrderCommand::CreateShipment(CreateShipment {
                shipment_id,
                warehouse,
                lines,
            }),
        )
        .await;
        (order_id, shipment_id)
    }

    /// Does what the saga does once a shipment is packed and paid for.
    pub(crate) async fn released(&self, order_id: OrderId, shipment_id: ShipmentId) {
        let capture_id = Some(OperationId(Uuid::now_v7()));
        self.saga(
            order_id,
            OrderCommand::ReleaseShipment(ReleaseShipment {
                shipment_id,
                capture_id,
            }),
        )
        .await;
    }

    async fn saga(&self, order_id: OrderId, command: OrderCommand) {
        self.aggregates
            .orders
            .execute(&order_id.to_string(), command, context())
            .await
            .unwrap();
    }
}

pub(crate) fn context() -> CommandContext {
    let command_id = Uuid::now_v7();
    CommandContext {
        command_id,
        correlation_id: command_id,
        causation_id: command_id,
        actor: "saga".to_owned(),
        traceparent: None,
        expected_version: None,
        fingerprint: None,
    }
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-03-01T09:00:00Z".parse().unwrap()
}

pub(crate) fn later(clock: &ManualClock, seconds: i64) {
    clock.advance(Duration::seconds(seconds));
}

pub(crate) fn money(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::from_code("EUR").unwrap())
}

pub(crate) fn eur(amount_minor: i64) -> Value {
    json!({"amount_minor": amount_minor, "currency": "EUR"})
}

pub(crate) fn order(lines: Value) -> Value {
    json!({"customer_id": "ann", "lines": lines, "payment_method": "tok_ok"})
}

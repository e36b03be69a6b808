//! What clients and the warehouse ask for.

use std::sync::atomic::Ordering;

use orderlog_domain::{
    ids::{OrderId, Sku, WarehouseId, derive},
    money::{Currency, Money, TaxRate},
    order::{
        DispatchShipment, MarkShipmentPacked, OrderCommand, PlaceOrder, RecordDelivery,
        RequestedLine,
    },
    stock::{BackorderPolicy, ReceiveStock, RegisterStockItem, StockCommand},
};
use orderlog_log::executor::{CommandContext, Decides, ExecuteError, Executor};
use uuid::Uuid;

use super::world::World;
use crate::aggregates::stock_id;

/// The order of all tests: two pieces at ten euros.
pub(super) const ORDER: OrderId =
    OrderId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));

/// Pieces in stock at the beginning.
pub(super) const STOCK: i64 = 10;

impl World {
    /// Registers the product's stock and places the order of two pieces, paid by `token`.
    pub(super) async fn place(&self, token: &str) {
        self.place_pieces(2, Some(token)).await;
    }

    /// Places the order of so many pieces; for nothing where there is no token.
    pub(super) async fn place_pieces(&self, quantity: i64, token: Option<&str>) {
        let (sku, warehouse) = (sku(), WarehouseId::main());
        let stock = stock_id(&sku, &warehouse);
        let register = RegisterStockItem {
            sku: sku.clone(),
            warehouse,
            safety_stock: 0,
            low_stock_at: 0,
            backorder: BackorderPolicy::Deny,
        };
        self.send(
            &self.aggregates.stock,
            &stock,
            StockCommand::Register(register),
        )
        .await;
        let receive = ReceiveStock {
            receipt_id: "first".into(),
            quantity: STOCK as u32,
        };
        self.send(
            &self.aggregates.stock,
            &stock,
            StockCommand::Receive(receive),
        )
        .await;
        let line = RequestedLine {
            sku,
            name: "Mug".into(),
            quantity,
            unit_price: euros(if token.is_some() { 10 } else { 0 }),
            discount: euros(0),
            tax: TaxRate {
                basis_points: 0,
                inclusive: true,
            },
            product_version: None,
        };
        self.order(OrderCommand::Place(PlaceOrder {
            order_id: ORDER,
            customer_id: "c-1".parse().unwrap(),
            currency: euros(0).currency,
            lines: vec![line],
            shipping: euros(0),
            expected_total: None,
            payment_method: token.map(str::to_owned),
            reference: None,
        }))
        .await;
    }

    /// Packs, dispatches and delivers whatever is ready, as far as it goes.
    pub(super) async fn ship(&self) {
        self.settle().await;
        let Some(shipment) = self.state().await.shipments.first().cloned() else {
            return;
        };
        let shipment_id = shipment.shipment_id;
        self.order(OrderCommand::MarkShipmentPacked(MarkShipmentPacked {
            shipment_id,
        }))
        .await;
        self.settle().await;
        let (carrier, tracking) = ("Post".to_owned(), "P1".to_owned());
        let dispatch = DispatchShipment {
            shipment_id,
            carrier,
            tracking,
        };
        self.order(OrderCommand::DispatchShipment(dispatch)).await;
        self.settle().await;
        self.order(OrderCommand::RecordDelivery(RecordDelivery { shipment_id }))
            .await;
        self.settle().await;
    }

    /// Sends a command to the order.
    pub(super) async fn order(&self, command: OrderCommand) {
        self.send(&self.aggregates.orders, &ORDER.to_string(), command)
            .await;
    }

    /// Sends a command under an id derived from its content, another one in each round; refusals are
    /// answers, too.
    pub(super) async fn send<A: Decides>(
        &self,
        executor: &Executor<A>,
        id: &str,
        command: A::Command,
    ) {
        let content = serde_json::to_string(&command).unwrap();
        let round = self.round.load(Ordering::SeqCst);
        let command_id = derive(ORDER.0, &format!("{round}/{content}"));
        let context = CommandContext {
            command_id,
            correlation_id: command_id,
            causation_id: command_id,
            actor: "test".into(),
            traceparent: None,
            expected_version: None,
            fingerprint: None,
        };
        loop {
            match executor.execute(id, command.clone(), context.clone()).await {
                Ok(_) | Err(ExecuteError::Refused { .. }) => return,
                // A client without an answer asks again, under the same id.
                Err(ExecuteError::Store(_)) => {}
                Err(error) => panic!("{content}: {error}"),
            }
        }
    }
}

/// So many euros.
pub(super) fn euros(amount: i64) -> Money {
    Money::new(amount * 100, Currency::from_code("EUR").unwrap())
}

/// The product of all tests.
pub(super) fn sku() -> Sku {
    "MUG".parse().unwrap()
}

//! One row per order: what was ordered, by whom, for how much, and where it stands on the three
//! axes of `order_axes`. Fed by the facts of the order and of its payments, which share the
//! order's partition. A customer's orders are a finder over these rows.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use orderlog_domain::{
    fact::Fact,
    ids::{CustomerId, OrderId, PaymentId, ShipmentId, Sku, WarehouseId},
    money::Money,
    order::{
        Cancellation, OrderEvent, OrderLine, OrderStatus, RejectionReason, ShipmentLine,
        ShipmentPhase,
    },
};
use orderlog_runtime::{
    projection::{Arity, Column, ColumnValue, Definition, FoldError, Occurred, Projection},
    read_model::{Page, ReadModel},
    read_store::{ReadError, ReadStore},
};
use serde::{Deserialize, Serialize};

use crate::{
    folding::{existing, instant, name, text},
    order_axes::{FulfillmentStatus, PaymentStatus},
    paging::{Filter, Paging},
};

mod changes;

/// Name of the projection.
pub const NAME: &str = "order_summary";

/// An order as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderSummary {
    /// Its id.
    pub order_id: OrderId,
    /// Who ordered.
    pub customer_id: CustomerId,
    /// Where it stands by its own account.
    pub status: OrderStatus,
    /// How far it is paid.
    pub payment_status: PaymentStatus,
    /// How far it is fulfilled.
    pub fulfillment_status: FulfillmentStatus,
    /// What was ordered.
    pub lines: Vec<OrderLine>,
    /// What shipping costs.
    pub shipping: Money,
    /// What the customer pays for all of it.
    pub total: Money,
    /// What was taken of it.
    pub captured: Money,
    /// What was given back of that.
    pub refunded: Money,
    /// The sender's own name for the order.
    pub reference: Option<String>,
    /// Whether stock is held for all of it.
    pub reserved: bool,
    /// Its payments, oldest first.
    pub payments: Vec<PaymentId>,
    /// Its shipments, oldest first.
    pub shipments: Vec<Shipment>,
    /// Why the shop could not honour it.
    pub rejection: Option<RejectionReason>,
    /// Who asked to cancel it, and why.
    pub cancellation: Option<Cancellation>,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// When it, or its payment, last changed.
    pub updated_at: DateTime<Utc>,
    /// Version of the order.
    pub version: u64,
}

/// A shipment of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shipment {
    /// Its id.
    pub shipment_id: ShipmentId,
    /// Where it leaves from.
    pub warehouse: WarehouseId,
    /// What it carries.
    pub lines: Vec<ShipmentLine>,
    /// Where it is.
    pub phase: ShipmentPhase,
    /// Who carries it.
    pub carrier: Option<String>,
    /// The carrier's number for it.
    pub tracking: Option<String>,
}

/// The fold of [`OrderSummary`] rows, keyed by order id.
pub struct OrderSummaries;

impl Projection<Fact> for OrderSummaries {
    type Row = OrderSummary;

    fn definition(&self) -> Definition {
        Definition {
            name: NAME,
            version: "1".to_owned(),
            columns: COLUMNS,
        }
    }

    fn keys(&self, event: &Occurred<'_, Fact>) -> Vec<String> {
        match event.fact {
            Fact::Order(_) | Fact::Payment(_) => vec![event.recorded.partition_key.clone()],
            Fact::Product(_)
            | Fact::Stock(_)
            | Fact::Fulfilment(_)
            | Fact::Notification(_)
            | Fact::Contact(_)
            | Fact::Webhook(_) => {
                vec![]
            }
        }
    }

    fn begins(&self, _key: &str, event: &Occurred<'_, Fact>) -> bool {
        matches!(event.fact, Fact::Order(_)) && event.recorded.version == 1
    }

    fn apply(
        &self,
        _key: &str,
        row: &mut Option<OrderSummary>,
        event: &Occurred<'_, Fact>,
    ) -> Result<(), FoldError> {
        let recorded = event.recorded;
        if let Fact::Order(fact @ OrderEvent::OrderPlaced { .. }) = event.fact {
            *row = OrderSummary::placed(fact);
            return Ok(());
        }
        match event.fact {
            Fact::Order(fact) => {
                let row = existing(NAME, row, recorded)?;
                row.version = recorded.version;
                row.updated_at = recorded.occurred_at;
                row.order_changed(fact);
            }
            Fact::Payment(fact) => {
                let row = existing(NAME, row, recorded)?;
                row.updated_at = recorded.occurred_at;
                row.payment_changed(fact);
            }
            Fact::Product(_)
            | Fact::Stock(_)
            | Fact::Fulfilment(_)
            | Fact::Notification(_)
            | Fact::Contact(_)
            | Fact::Webhook(_) => {}
        }
        Ok(())
    }

    fn columns(&self, row: &OrderSummary) -> Vec<ColumnValue> {
        let mut skus: Vec<_> = row.lines.iter().map(|line| line.sku.to_string()).collect();
        skus.sort_unstable();
        skus.dedup();
        vec![
            text(&row.customer_id),
            name(&row.status),
            name(&row.payment_status),
            name(&row.fulfillment_status),
            instant(row.placed_at),
            row.reference.as_ref().map_or(ColumnValue::Null, text),
            ColumnValue::Many(skus),
        ]
    }
}

const COLUMNS: &[Column] = &[
    Column {
        name: "customer_id",
        arity: Arity::One,
    },
    Column {
        name: "status",
        arity: Arity::One,
    },
    Column {
        name: "payment_status",
        arity: Arity::One,
    },
    Column {
        name: "fulfillment_status",
        arity: Arity::One,
    },
    Column {
        name: "placed_at",
        arity: Arity::One,
    },
    Column {
        name: "reference",
        arity: Arity::One,
    },
    Column {
        name: "sku",
        arity: Arity::Many,
    },
];

/// Finds [`OrderSummary`] rows.
pub type OrderRows = ReadModel<OrderSummary>;

/// The rows in `store`.
pub fn rows(store: Arc<dyn ReadStore>) -> OrderRows {
    ReadModel::new(store, NAME)
}

/// Which orders are wanted; what is empty does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrderFilter {
    /// Of this customer.
    pub customer_id: Option<CustomerId>,
    /// With one of these statuses.
    pub status: Vec<OrderStatus>,
    /// Paid as far as one of these.
    pub payment_status: Vec<PaymentStatus>,
    /// Fulfilled as far as one of these.
    pub fulfillment_status: Vec<FulfillmentStatus>,
    /// Placed then or later.
    pub placed_from: Option<DateTime<Utc>>,
    /// Placed earlier.
    pub placed_before: Option<DateTime<Utc>>,
    /// With a line of this product.
    pub sku: Option<Sku>,
    /// Under this name of the sender's own.
    pub reference: Option<String>,
}

/// The order `id`.
pub async fn by_id(rows: &OrderRows, id: OrderId) -> Result<Option<OrderSummary>, ReadError> {
    rows.get(&id.to_string()).await
}

/// The orders that match, newest first.
pub async fn page(
    rows: &OrderRows,
    filter: &OrderFilter,
    paging: Paging,
) -> Result<Page<OrderSummary>, ReadError> {
    let conditions = Filter::default()
        .is("customer_id", filter.customer_id.as_ref().map(text))
        .one_of("status", &filter.status)
        .one_of("payment_status", &filter.payment_status)
        .one_of("fulfillment_status", &filter.fulfillment_status)
        .from("placed_at", filter.placed_from.map(instant))
        .below("placed_at", filter.placed_before.map(instant))
        .is("sku", filter.sku.as_ref().map(text))
        .is("reference", filter.reference.as_ref().map(text));
    rows.page(&paging.query(conditions, "placed_at", true))
        .await
}

#[cfg(test)]
mod tests;

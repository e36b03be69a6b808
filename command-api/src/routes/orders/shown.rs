//! An order as clients see it. The token of the payment method stays inside.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use orderlog_domain::{
    DecidedAt,
    ids::OrderId,
    order::{Order, OrderLine, Shipment, ShipmentLine},
};
use orderlog_log::executor::Loaded;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{amount::Amount, resource::Resource};

/// An order.
#[derive(Serialize, ToSchema)]
pub(super) struct OrderBody {
    /// Its id.
    id: Uuid,
    /// Its state.
    state: &'static str,
    /// Its version; also in `ETag`.
    version: u64,
    /// Who ordered.
    customer_id: String,
    /// What was ordered.
    lines: Vec<LineBody>,
    /// What the customer pays for shipping.
    shipping: Amount,
    /// What the customer pays in all.
    total: Amount,
    /// The customer's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// When it was placed.
    placed_at: DateTime<Utc>,
    /// Its shipments, oldest first.
    shipments: Vec<ShipmentBody>,
    /// The payment that it was confirmed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<Uuid>,
    /// Who wanted it stopped, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    cancellation: Option<Value>,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    rejection: Option<Value>,
    /// What clients may ask of it now.
    allowed_commands: Vec<&'static str>,
    /// Where it is, and where what is allowed is sent.
    links: BTreeMap<&'static str, String>,
}

/// One line of an order.
#[derive(Serialize, ToSchema)]
struct LineBody {
    /// Its number, from 1.
    line: u32,
    /// The product.
    sku: String,
    /// What the product was called.
    name: String,
    /// Pieces ordered.
    quantity: u32,
    /// Price of one piece.
    unit_price: Amount,
    /// Taken off the line.
    discount: Amount,
    /// The tax in it or on it.
    tax: Amount,
    /// What the customer pays for it.
    total: Amount,
}

/// Goods that leave together.
#[derive(Serialize, ToSchema)]
struct ShipmentBody {
    /// Its id.
    id: Uuid,
    /// How far it is.
    phase: String,
    /// Where it is packed.
    warehouse: String,
    /// What it carries.
    lines: Vec<CarriedBody>,
}

/// What a shipment carries of one line.
#[derive(Serialize, ToSchema)]
struct CarriedBody {
    /// The order's line.
    line: u32,
    /// The product.
    sku: String,
    /// Pieces.
    quantity: u32,
}

impl OrderBody {
    /// What is shown of an order; nothing of one that was never placed.
    pub(super) fn of(id: OrderId, loaded: &Loaded<Order>, at: DecidedAt) -> Option<Self> {
        let order = &loaded.state;
        let placed = order.placed.as_ref()?;
        let id_text = id.to_string();
        let mut links = order.links(&id_text, at);
        links.extend(order.payment_id.map(|payment| {
            (
                "payment",
                orderlog_domain::payment::Payment::href(&payment.to_string(), ""),
            )
        }));
        Some(Self {
            id: id.0,
            state: order.state(),
            version: loaded.version,
            customer_id: placed.customer_id.to_string(),
            lines: placed.lines.iter().map(LineBody::from).collect(),
            shipping: placed.shipping.into(),
            total: placed.total.into(),
            reference: placed.reference.clone(),
            placed_at: placed.placed_at,
            shipments: order.shipments.iter().map(ShipmentBody::from).collect(),
            payment_id: order.payment_id.map(|payment| payment.0),
            cancellation: order
                .cancellation
                .as_ref()
                .and_then(|wish| serde_json::to_value(wish).ok()),
            rejection: order
                .rejection
                .as_ref()
                .and_then(|reason| serde_json::to_value(reason).ok()),
            allowed_commands: order.allowed(at),
            links,
        })
    }
}

impl From<&OrderLine> for LineBody {
    fn from(line: &OrderLine) -> Self {
        Self {
            line: line.line,
            sku: line.sku.to_string(),
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price.into(),
            discount: line.discount.into(),
            tax: line.tax.into(),
            total: line.total.into(),
        }
    }
}

impl From<&Shipment> for ShipmentBody {
    fn from(shipment: &Shipment) -> Self {
        let carried = |line: &ShipmentLine| CarriedBody {
            line: line.line,
            sku: line.sku.to_string(),
            quantity: line.quantity,
        };
        Self {
            id: shipment.shipment_id.0,
            phase: shipment.phase.to_string(),
            warehouse: shipment.warehouse.to_string(),
            lines: shipment.lines.iter().map(carried).collect(),
        }
    }
}

//! `order_created`: a customer has ordered. Prices, taxes and totals are facts from here on; whether the
//! order can be honoured is not known yet. The token of the payment method is nobody's business.

use chrono::{DateTime, Utc};
use orderlog_domain::{
    fact::Fact,
    order::{OrderEvent, OrderLine},
};
use orderlog_runtime::projection::Occurred;
use serde::Serialize;
use uuid::Uuid;

use super::{Money, PublicEvent};

/// Version 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderCreated {
    /// The order.
    pub order_id: Uuid,
    /// Who ordered, opaque.
    pub customer_id: String,
    /// What was ordered; at least one.
    pub lines: Vec<OrderedLine>,
    /// What the customer pays for shipping.
    pub shipping: Money,
    /// What the customer pays in all: lines and shipping.
    pub total: Money,
    /// The customer's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OrderedLine {
    /// Number within the order, from 1.
    pub line: u32,
    /// The product.
    pub sku: String,
    /// What the product was called.
    pub name: String,
    /// Pieces.
    pub quantity: u32,
    /// Price of one piece.
    pub unit_price: Money,
    /// Taken off the whole line.
    pub discount: Money,
    /// The line's tax.
    pub tax: Money,
    /// Whether the price contains the tax.
    pub tax_inclusive: bool,
    /// What the customer pays for the line.
    pub total: Money,
}

impl PublicEvent for OrderCreated {
    const TOPIC: &'static str = "order_created";
    const TYPE: &'static str = "orderlog.order_created.v1";

    fn of(event: &Occurred<'_, Fact>) -> Option<Self> {
        let Fact::Order(OrderEvent::OrderPlaced {
            order_id,
            customer_id,
            lines,
            shipping,
            total,
            payment_method: _,
            reference,
            placed_at,
        }) = event.fact
        else {
            return None;
        };
        Some(Self {
            order_id: order_id.0,
            customer_id: customer_id.to_string(),
            lines: lines.iter().map(OrderedLine::of).collect(),
            shipping: (*shipping).into(),
            total: (*total).into(),
            reference: reference.clone(),
            placed_at: *placed_at,
        })
    }

    fn key(&self) -> String {
        self.order_id.to_string()
    }
}

impl OrderedLine {
    fn of(line: &OrderLine) -> Self {
        Self {
            line: line.line,
            sku: line.sku.to_string(),
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price.into(),
            discount: line.discount.into(),
            tax: line.tax.into(),
            tax_inclusive: line.tax_inclusive,
            total: line.total.into(),
        }
    }
}

//! What an order is made of: lines, shipments, and why it ended early.

use async_graphql::{Object, SimpleObject};
use orderlog_domain::order;
use orderlog_projections::order_summary;
use uuid::Uuid;

use super::{
    money::{Long, Money},
    order_states::{CancelledBy, ShipmentPhase},
};

/// One line of an order: facts from its placement on.
pub struct OrderLine<'a>(pub(crate) &'a order::OrderLine);

/// One line of an order: facts from its placement on.
#[Object]
impl OrderLine<'_> {
    /// Its number within the order, from 1.
    async fn line(&self) -> u32 {
        self.0.line
    }

    /// The product.
    async fn sku(&self) -> &str {
        self.0.sku.as_str()
    }

    /// What the product was called.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Pieces.
    async fn quantity(&self) -> u32 {
        self.0.quantity
    }

    /// Price of one piece.
    async fn unit_price(&self) -> Money {
        self.0.unit_price.into()
    }

    /// What was taken off the line.
    async fn discount(&self) -> Money {
        self.0.discount.into()
    }

    /// The tax on the line.
    async fn tax(&self) -> Money {
        self.0.tax.into()
    }

    /// The tax rate in hundredths of a percent.
    async fn tax_basis_points(&self) -> u32 {
        self.0.tax_basis_points
    }

    /// Whether the price holds the tax already.
    async fn tax_inclusive(&self) -> bool {
        self.0.tax_inclusive
    }

    /// What the customer pays for the line.
    async fn total(&self) -> Money {
        self.0.total.into()
    }

    /// Version of the product that the price was read from; absent for an agreed price.
    async fn product_version(&self) -> Option<Long> {
        self.0.product_version.map(Long::from)
    }
}

/// Goods of an order that leave together.
pub struct Shipment<'a>(pub(crate) &'a order_summary::Shipment);

/// Goods of an order that leave together.
#[Object]
impl Shipment<'_> {
    /// Its id.
    async fn id(&self) -> Uuid {
        self.0.shipment_id.0
    }

    /// Where it leaves from.
    async fn warehouse(&self) -> &str {
        self.0.warehouse.as_str()
    }

    /// How far it is.
    async fn phase(&self) -> ShipmentPhase {
        self.0.phase.into()
    }

    /// What it carries.
    async fn lines(&self) -> Vec<ShipmentLine> {
        let line = |line: &order::ShipmentLine| ShipmentLine {
            line: line.line,
            sku: line.sku.to_string(),
            quantity: line.quantity,
        };
        self.0.lines.iter().map(line).collect()
    }

    /// Who carries it.
    async fn carrier(&self) -> Option<&str> {
        self.0.carrier.as_deref()
    }

    /// The carrier's number for it.
    async fn tracking(&self) -> Option<&str> {
        self.0.tracking.as_deref()
    }
}

/// What a shipment carries of one line.
#[derive(SimpleObject)]
pub struct ShipmentLine {
    /// The order's line.
    pub line: u32,
    /// The product.
    pub sku: String,
    /// Pieces.
    pub quantity: u32,
}

/// A wish to stop an order.
#[derive(SimpleObject)]
pub struct Cancellation {
    /// Who wanted it.
    pub by: CancelledBy,
    /// Why, in their words.
    pub reason: String,
}

impl Cancellation {
    pub(crate) fn of(cancellation: &order::Cancellation) -> Self {
        Self {
            by: cancellation.by.into(),
            reason: cancellation.reason.clone(),
        }
    }
}

/// Why the shop could not honour an order.
pub struct Rejection<'a>(pub(crate) &'a order::RejectionReason);

/// Why the shop could not honour an order.
#[Object]
impl Rejection<'_> {
    /// `OUT_OF_STOCK`, `PAYMENT_DECLINED`, `PAYMENT_TIMED_OUT`, `RESERVATION_LOST` or
    /// `PAYMENT_UNRESOLVED`.
    async fn code(&self) -> &'static str {
        match self.0 {
            order::RejectionReason::OutOfStock { .. } => "OUT_OF_STOCK",
            order::RejectionReason::PaymentDeclined { .. } => "PAYMENT_DECLINED",
            order::RejectionReason::PaymentTimedOut => "PAYMENT_TIMED_OUT",
            order::RejectionReason::ReservationLost => "RESERVATION_LOST",
            order::RejectionReason::PaymentUnresolved => "PAYMENT_UNRESOLVED",
        }
    }

    /// The gateway's code, where the payment was declined.
    async fn decline_code(&self) -> Option<&str> {
        match self.0 {
            order::RejectionReason::PaymentDeclined { code } => Some(code),
            order::RejectionReason::OutOfStock { .. }
            | order::RejectionReason::PaymentTimedOut
            | order::RejectionReason::ReservationLost
            | order::RejectionReason::PaymentUnresolved => None,
        }
    }

    /// Every line that was short, where there was not enough stock.
    async fn short_lines(&self) -> Vec<ShortLine> {
        match self.0 {
            order::RejectionReason::OutOfStock { lines } => {
                lines.iter().map(ShortLine::of).collect()
            }
            order::RejectionReason::PaymentDeclined { .. }
            | order::RejectionReason::PaymentTimedOut
            | order::RejectionReason::ReservationLost
            | order::RejectionReason::PaymentUnresolved => vec![],
        }
    }
}

/// A line for which there was not enough stock.
#[derive(SimpleObject)]
pub struct ShortLine {
    /// The order's line.
    pub line: u32,
    /// The product.
    pub sku: String,
    /// Pieces wanted.
    pub requested: Long,
    /// Pieces that there were.
    pub available: Long,
}

impl ShortLine {
    fn of(line: &order::ShortLine) -> Self {
        Self {
            line: line.line,
            sku: line.sku.to_string(),
            requested: Long(line.requested.into()),
            available: Long(line.available.into()),
        }
    }
}

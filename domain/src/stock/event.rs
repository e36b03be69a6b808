//! Facts of one product's stock in one warehouse. Each repeats the product and the level that it
//! leads to, so that a reader needs no look-up.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    evolution::{Evolving, version_today},
    ids::{OrderId, ReservationId, ShipmentId, Sku, WarehouseId},
};

use super::{BackorderPolicy, ReleaseReason};

/// What has happened to a stock item. Quantities are pieces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StockEvent {
    /// The warehouse keeps the product from now on.
    StockItemRegistered {
        /// The product.
        sku: Sku,
        /// The warehouse.
        warehouse: WarehouseId,
        /// Pieces that are never promised to anybody.
        safety_stock: u32,
        /// A level that is worth a warning.
        low_stock_at: u32,
        /// Whether more may be promised than there is.
        backorder: BackorderPolicy,
    },
    /// Other limits apply.
    StockPolicyChanged {
        /// The product.
        sku: Sku,
        /// Pieces that are never promised to anybody.
        safety_stock: u32,
        /// A level that is worth a warning.
        low_stock_at: u32,
        /// Whether more may be promised than there is.
        backorder: BackorderPolicy,
    },
    /// Pieces arrived.
    StockReceived {
        /// The product.
        sku: Sku,
        /// The receipt.
        receipt_id: String,
        /// How many.
        quantity: u32,
        /// Pieces in the warehouse after it.
        on_hand: i64,
    },
    /// A count found more or fewer pieces.
    StockAdjusted {
        /// The product.
        sku: Sku,
        /// The correction.
        adjustment_id: String,
        /// How many more (or fewer).
        delta: i64,
        /// Why.
        reason: String,
        /// Pieces in the warehouse after it.
        on_hand: i64,
    },
    /// Fewer pieces are there than are promised.
    StockShortfallDetected {
        /// The product.
        sku: Sku,
        /// How many are missing.
        missing: i64,
        /// The promises at risk, latest first.
        reservations: Vec<ReservationId>,
    },
    /// Few pieces are left to promise.
    LowStockReached {
        /// The product.
        sku: Sku,
        /// How many are left to promise.
        available: i64,
    },
    /// Pieces are held for an order, for a time.
    StockReserved {
        /// The product.
        sku: Sku,
        /// The hold.
        reservation_id: ReservationId,
        /// For which order.
        order_id: OrderId,
        /// How many.
        quantity: u32,
        /// How many of them are still to arrive.
        backordered: u32,
        /// When the hold ends unless it is confirmed.
        expires_at: DecidedAt,
    },
    /// A hold no longer ends by itself.
    StockReservationConfirmed {
        /// The product.
        sku: Sku,
        /// The hold.
        reservation_id: ReservationId,
        /// For which order.
        order_id: OrderId,
    },
    /// Held pieces left the warehouse.
    StockCommitted {
        /// The product.
        sku: Sku,
        /// The hold.
        reservation_id: ReservationId,
        /// For which order.
        order_id: OrderId,
        /// In which shipment.
        shipment_id: ShipmentId,
        /// How many.
        quantity: u32,
        /// Pieces in the warehouse after it.
        on_hand: i64,
        /// When.
        committed_at: DecidedAt,
    },
    /// Held pieces are free again.
    StockReservationReleased {
        /// The product.
        sku: Sku,
        /// The hold.
        reservation_id: ReservationId,
        /// For which order.
        order_id: OrderId,
        /// How many.
        quantity: u32,
        /// Why.
        reason: ReleaseReason,
        /// When.
        released_at: DecidedAt,
    },
    /// A hold ran out.
    StockReservationExpired {
        /// The product.
        sku: Sku,
        /// The hold.
        reservation_id: ReservationId,
        /// For which order.
        order_id: OrderId,
        /// How many.
        quantity: u32,
        /// When.
        expired_at: DecidedAt,
    },
    /// A hold was released before it was made; the late one is refused.
    ReservationTombstoned {
        /// The product.
        sku: Sku,
        /// The hold.
        reservation_id: ReservationId,
        /// For which order.
        order_id: OrderId,
        /// When.
        released_at: DecidedAt,
    },
    /// Pieces that were promised before they were there have arrived.
    BackorderFilled {
        /// The product.
        sku: Sku,
        /// The hold.
        reservation_id: ReservationId,
        /// For which order.
        order_id: OrderId,
        /// How many of them.
        quantity: u32,
    },
}

impl DomainEvent for StockEvent {
    fn event_type(&self) -> String {
        match self {
            Self::StockItemRegistered { .. } => "StockItemRegistered",
            Self::StockPolicyChanged { .. } => "StockPolicyChanged",
            Self::StockReceived { .. } => "StockReceived",
            Self::StockAdjusted { .. } => "StockAdjusted",
            Self::StockShortfallDetected { .. } => "StockShortfallDetected",
            Self::LowStockReached { .. } => "LowStockReached",
            Self::StockReserved { .. } => "StockReserved",
            Self::StockReservationConfirmed { .. } => "StockReservationConfirmed",
            Self::StockCommitted { .. } => "StockCommitted",
            Self::StockReservationReleased { .. } => "StockReservationReleased",
            Self::StockReservationExpired { .. } => "StockReservationExpired",
            Self::ReservationTombstoned { .. } => "ReservationTombstoned",
            Self::BackorderFilled { .. } => "BackorderFilled",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        version_today::<Self>(&self.event_type()).to_string()
    }
}

impl Evolving for StockEvent {}

//! `inventory_updated`: pieces of a product came, went, or were spoken for. Each event says by how much,
//! so that a reader who adds them up has the level; `on_hand` is there where the fact states it. What
//! moves no pieces (limits, warnings, a hold that becomes permanent) is not told.

use chrono::{DateTime, Utc};
use orderlog_domain::{fact::Fact, stock::StockEvent};
use orderlog_runtime::projection::Occurred;
use serde::Serialize;
use uuid::Uuid;

use super::PublicEvent;
use crate::folding::stream_id;

/// Version 1. Quantities are pieces.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InventoryUpdated {
    /// The product.
    pub sku: String,
    /// The warehouse.
    pub warehouse: String,
    /// What happened.
    pub change: InventoryChange,
    /// How many more (or fewer) are in the warehouse.
    pub on_hand_delta: i64,
    /// How many more (or fewer) are spoken for.
    pub reserved_delta: i64,
    /// How many are in the warehouse after it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_hand: Option<i64>,
    /// The order that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<Uuid>,
    /// When.
    pub occurred_at: DateTime<Utc>,
}

/// What happened to the pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InventoryChange {
    /// They arrived.
    Received,
    /// A count found more or fewer.
    Adjusted,
    /// They are held for an order.
    Reserved,
    /// They are free again.
    Released,
    /// They are free again because nobody paid in time.
    Expired,
    /// They left the warehouse.
    Shipped,
}

/// What a fact comes to: change, pieces more in the warehouse, pieces more spoken for, pieces in the
/// warehouse after it, order.
type Movement = (InventoryChange, i64, i64, Option<i64>, Option<Uuid>);

impl PublicEvent for InventoryUpdated {
    const TOPIC: &'static str = "inventory_updated";
    const TYPE: &'static str = "orderlog.inventory_updated.v1";

    fn of(event: &Occurred<'_, Fact>) -> Option<Self> {
        let Fact::Stock(fact) = event.fact else {
            return None;
        };
        let (sku, warehouse) = stream_id(event.recorded).rsplit_once('-')?;
        let (change, on_hand_delta, reserved_delta, on_hand, order_id) = movement(fact)?;
        Some(Self {
            sku: sku.to_owned(),
            warehouse: warehouse.to_owned(),
            change,
            on_hand_delta,
            reserved_delta,
            on_hand,
            order_id,
            occurred_at: event.recorded.occurred_at,
        })
    }

    fn key(&self) -> String {
        self.sku.clone()
    }
}

fn movement(fact: &StockEvent) -> Option<Movement> {
    use StockEvent as E;
    Some(match fact {
        E::StockReceived {
            quantity, on_hand, ..
        } => {
            let pieces = i64::from(*quantity);
            (InventoryChange::Received, pieces, 0, Some(*on_hand), None)
        }
        E::StockAdjusted { delta, on_hand, .. } => {
            (InventoryChange::Adjusted, *delta, 0, Some(*on_hand), None)
        }
        E::StockReserved {
            quantity, order_id, ..
        } => {
            let pieces = i64::from(*quantity);
            (InventoryChange::Reserved, 0, pieces, None, Some(order_id.0))
        }
        E::StockCommitted {
            quantity,
            on_hand,
            order_id,
            ..
        } => {
            let (pieces, order) = (i64::from(*quantity), Some(order_id.0));
            (
                InventoryChange::Shipped,
                -pieces,
                -pieces,
                Some(*on_hand),
                order,
            )
        }
        E::StockReservationReleased {
            quantity, order_id, ..
        } => {
            let pieces = i64::from(*quantity);
            (
                InventoryChange::Released,
                0,
                -pieces,
                None,
                Some(order_id.0),
            )
        }
        E::StockReservationExpired {
            quantity, order_id, ..
        } => {
            let pieces = i64::from(*quantity);
            (InventoryChange::Expired, 0, -pieces, None, Some(order_id.0))
        }
        E::StockItemRegistered { .. }
        | E::StockPolicyChanged { .. }
        | E::StockShortfallDetected { .. }
        | E::LowStockReached { .. }
        | E::StockReservationConfirmed { .. }
        | E::ReservationTombstoned { .. }
        | E::BackorderFilled { .. } => return None,
    })
}

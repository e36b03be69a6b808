//! Pieces are held for an order, if that many can be promised.

use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    ids::{OrderId, ReservationId},
};

use super::{StockEvent, StockItem, StockRefusal, receive_stock::check_quantity};

/// Hold pieces for an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reserve {
    /// The hold.
    pub reservation_id: ReservationId,
    /// For which order.
    pub order_id: OrderId,
    /// How many.
    pub quantity: u32,
    /// When the hold ends unless it is confirmed.
    pub expires_at: DecidedAt,
}

impl Reserve {
    pub(super) fn decide(self, item: &StockItem) -> Result<Vec<StockEvent>, StockRefusal> {
        let Self { reservation_id, order_id, quantity, expires_at } = self;
        check_quantity(quantity)?;
        let policy = item.registered()?;
        if item.closed.contains_key(&reservation_id) {
            return Err(StockRefusal::ReservationClosed);
        }
        if let Some(held) = item.reservations.get(&reservation_id) {
            let same = held.order_id == order_id && held.quantity == quantity;
            return if same { Ok(vec![]) } else { Err(StockRefusal::ReservationExists) };
        }
        let available = item.available();
        let left = available - i64::from(quantity);
        if left < -item.backorder_limit() {
            let promisable = (available + item.backorder_limit()).max(0);
            return Err(StockRefusal::InsufficientStock { requested: quantity, available: promisable });
        }
        let backordered = missing(available, quantity);
        let sku = policy.sku.clone();
        let mut events = vec![StockEvent::StockReserved {
            sku: sku.clone(),
            reservation_id,
            order_id,
            quantity,
            backordered,
            expires_at,
        }];
        let low = i64::from(policy.low_stock_at);
        if available > low && left <= low {
            events.push(StockEvent::LowStockReached { sku, available: left });
        }
        Ok(events)
    }
}

/// How many of the pieces wanted are still to arrive.
fn missing(available: i64, wanted: u32) -> u32 {
    let there = u32::try_from(available.max(0)).unwrap_or(u32::MAX);
    wanted.saturating_sub(there)
}

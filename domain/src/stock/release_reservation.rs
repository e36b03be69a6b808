//! A hold is given up. One that was never made is remembered as given up, so that it can't be made
//! later.

use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    ids::{OrderId, ReservationId},
};

use super::{Closed, ReleaseReason, StockEvent, StockItem, StockRefusal};

/// Give up a hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleaseReservation {
    /// The hold.
    pub reservation_id: ReservationId,
    /// For which order.
    pub order_id: OrderId,
    /// Why.
    pub reason: ReleaseReason,
}

impl ReleaseReservation {
    pub(super) fn decide(
        self,
        item: &StockItem,
        at: DecidedAt,
    ) -> Result<Vec<StockEvent>, StockRefusal> {
        let Self { reservation_id, order_id, reason } = self;
        let sku = item.registered()?.sku.clone();
        if let Some(held) = item.reservations.get(&reservation_id) {
            return Ok(vec![StockEvent::StockReservationReleased {
                sku,
                reservation_id,
                order_id: held.order_id,
                quantity: held.quantity,
                reason,
                released_at: at,
            }]);
        }
        match item.closed.get(&reservation_id) {
            Some(Closed::Committed { .. }) => Err(StockRefusal::AlreadyCommitted),
            Some(Closed::Released { .. } | Closed::Expired { .. }) => Ok(vec![]),
            None => Ok(vec![StockEvent::ReservationTombstoned {
                sku,
                reservation_id,
                order_id,
                released_at: at,
            }]),
        }
    }
}

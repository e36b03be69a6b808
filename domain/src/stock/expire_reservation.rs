//! A hold that was not confirmed in time ends. Sent by a timer; any worker may send it.

use serde::{Deserialize, Serialize};

use crate::{DecidedAt, ids::ReservationId};

use super::{Closed, Phase, StockEvent, StockItem, StockRefusal};

/// End a hold that ran out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpireReservation {
    /// The hold.
    pub reservation_id: ReservationId,
}

impl ExpireReservation {
    pub(super) fn decide(
        self,
        item: &StockItem,
        at: DecidedAt,
    ) -> Result<Vec<StockEvent>, StockRefusal> {
        let reservation_id = self.reservation_id;
        let sku = item.registered()?.sku.clone();
        let Some(held) = item.reservations.get(&reservation_id) else {
            return match item.closed.get(&reservation_id) {
                Some(Closed::Expired { .. }) => Ok(vec![]),
                Some(Closed::Released { .. } | Closed::Committed { .. }) => Err(StockRefusal::NotHeld),
                None => Err(StockRefusal::ReservationNotFound),
            };
        };
        match held.phase {
            Phase::Confirmed => Err(StockRefusal::NotHeld),
            Phase::Held { expires_at } if at < expires_at => Err(StockRefusal::NotDue),
            Phase::Held { .. } => Ok(vec![StockEvent::StockReservationExpired {
                sku,
                reservation_id,
                order_id: held.order_id,
                quantity: held.quantity,
                expired_at: at,
            }]),
        }
    }
}

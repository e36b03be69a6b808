//! A hold is made to last. Whether it was confirmed before it ran out is settled by the order of
//! events in the stream, not by clocks.

use serde::{Deserialize, Serialize};

use crate::ids::ReservationId;

use super::{Closed, Phase, StockEvent, StockItem, StockRefusal};

/// Make a hold last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfirmReservation {
    /// The hold.
    pub reservation_id: ReservationId,
}

impl ConfirmReservation {
    pub(super) fn decide(self, item: &StockItem) -> Result<Vec<StockEvent>, StockRefusal> {
        let reservation_id = self.reservation_id;
        let sku = item.registered()?.sku.clone();
        match item.reservations.get(&reservation_id) {
            Some(held) => match held.phase {
                Phase::Held { .. } => Ok(vec![StockEvent::StockReservationConfirmed {
                    sku,
                    reservation_id,
                    order_id: held.order_id,
                }]),
                Phase::Confirmed => Ok(vec![]),
            },
            None => Err(match item.closed.get(&reservation_id) {
                Some(Closed::Expired { .. }) => StockRefusal::ReservationExpired,
                Some(Closed::Released { .. }) => StockRefusal::ReservationClosed,
                Some(Closed::Committed { .. }) => StockRefusal::AlreadyCommitted,
                None => StockRefusal::ReservationNotFound,
            }),
        }
    }
}

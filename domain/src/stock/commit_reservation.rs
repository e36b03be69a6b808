//! Held pieces leave the warehouse.

use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    ids::{ReservationId, ShipmentId},
};

use super::{Closed, Phase, StockEvent, StockItem, StockRefusal, receive_stock::check_quantity};

/// Say that held pieces left the warehouse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommitReservation {
    /// The hold.
    pub reservation_id: ReservationId,
    /// In which shipment.
    pub shipment_id: ShipmentId,
    /// How many.
    pub quantity: u32,
}

impl CommitReservation {
    pub(super) fn decide(
        self,
        item: &StockItem,
        at: DecidedAt,
    ) -> Result<Vec<StockEvent>, StockRefusal> {
        let Self { reservation_id, shipment_id, quantity } = self;
        check_quantity(quantity)?;
        let sku = item.registered()?.sku.clone();
        let Some(held) = item.reservations.get(&reservation_id) else {
            return match item.closed.get(&reservation_id) {
                Some(Closed::Committed { .. }) => Err(StockRefusal::AlreadyCommitted),
                Some(Closed::Released { .. } | Closed::Expired { .. }) => {
                    Err(StockRefusal::ReservationClosed)
                }
                None => Err(StockRefusal::ReservationNotFound),
            };
        };
        if held.phase != Phase::Confirmed {
            return Err(StockRefusal::NotConfirmed);
        }
        if quantity > held.quantity {
            return Err(StockRefusal::QuantityExceedsReserved {
                requested: quantity,
                reserved: held.quantity,
            });
        }
        if quantity > held.present() {
            return Err(StockRefusal::StillBackordered { backordered: held.backordered });
        }
        let on_hand = item.on_hand - i64::from(quantity);
        Ok(vec![StockEvent::StockCommitted {
            sku,
            reservation_id,
            order_id: held.order_id,
            shipment_id,
            quantity,
            on_hand,
            committed_at: at,
        }])
    }
}

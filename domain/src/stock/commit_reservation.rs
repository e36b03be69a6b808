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
        let Self {
            reservation_id,
            shipment_id,
            quantity,
        } = self;
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
            return Err(StockRefusal::StillBackordered {
                backordered: held.backordered,
            });
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

#[cfg(test)]
mod tests {
    use crate::stock::{CommitReservation, StockCommand, StockEvent, StockRefusal, testing::*};

    fn commit(quantity: u32) -> StockCommand {
        let (reservation_id, shipment_id) = (reservation(1), shipment());
        StockCommand::CommitReservation(CommitReservation {
            reservation_id,
            shipment_id,
            quantity,
        })
    }

    fn certain() -> [StockEvent; 2] {
        [reserved(1, 3, 0), confirmed(1)]
    }

    #[test]
    fn what_leaves_is_no_longer_on_hand() {
        given(&[&stocked(5), &certain()])
            .when(commit(3))
            .then_expect_events(vec![committed(1, 3, 2)]);
    }

    #[test]
    fn a_hold_may_leave_in_parts() {
        given(&[&stocked(5), &certain(), &[committed(1, 1, 4)]])
            .when(commit(2))
            .then_expect_events(vec![committed(1, 2, 2)]);
        given(&[&stocked(5), &certain(), &[committed(1, 1, 4)]])
            .when(commit(3))
            .then_expect_error(StockRefusal::QuantityExceedsReserved {
                requested: 3,
                reserved: 2,
            });
    }

    #[test]
    fn only_what_is_certain_leaves() {
        given(&[&stocked(5), &[reserved(1, 3, 0)]])
            .when(commit(3))
            .then_expect_error(StockRefusal::NotConfirmed);
    }

    #[test]
    fn what_has_not_arrived_can_t_leave() {
        let waiting = [reserved(1, 3, 2), confirmed(1)];
        given(&[&backordering(1, 9), &waiting])
            .when(commit(1))
            .then_expect_events(vec![committed(1, 1, 0)]);
        given(&[&backordering(1, 9), &waiting])
            .when(commit(3))
            .then_expect_error(StockRefusal::StillBackordered { backordered: 2 });
        given(&[
            &backordering(1, 9),
            &waiting,
            &[received(2, 3), filled(1, 2)],
        ])
        .when(commit(3))
        .then_expect_events(vec![committed(1, 3, 0)]);
    }

    #[test]
    fn what_has_ended_or_never_began_does_not_leave() {
        let ends: [(&[StockEvent], StockRefusal); 4] = [
            (&[], StockRefusal::ReservationNotFound),
            (
                &[reserved(1, 3, 0), released(1, 3)],
                StockRefusal::ReservationClosed,
            ),
            (
                &[reserved(1, 3, 0), expired(1, 3)],
                StockRefusal::ReservationClosed,
            ),
            (
                &[reserved(1, 3, 0), confirmed(1), committed(1, 3, 2)],
                StockRefusal::AlreadyCommitted,
            ),
        ];
        for (end, refusal) in ends {
            given(&[&stocked(5), end])
                .when(commit(3))
                .then_expect_error(refusal);
        }
    }
}

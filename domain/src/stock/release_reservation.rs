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
        let Self {
            reservation_id,
            order_id,
            reason,
        } = self;
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

#[cfg(test)]
mod tests {
    use crate::stock::{
        ReleaseReason, ReleaseReservation, StockCommand, StockEvent, StockRefusal, testing::*,
    };

    fn release() -> StockCommand {
        let reason = ReleaseReason::OrderCancelled;
        let (reservation_id, order_id) = (reservation(1), order());
        StockCommand::ReleaseReservation(ReleaseReservation {
            reservation_id,
            order_id,
            reason,
        })
    }

    #[test]
    fn a_hold_is_given_up_whether_certain_or_not() {
        let held = [reserved(1, 3, 0)];
        given(&[&stocked(5), &held])
            .when(release())
            .then_expect_events(vec![released(1, 3)]);
        given(&[&stocked(5), &held, &[confirmed(1)]])
            .when(release())
            .then_expect_events(vec![released(1, 3)]);
    }

    #[test]
    fn a_hold_that_was_never_made_is_remembered_as_given_up() {
        given(&[&stocked(5)])
            .when(release())
            .then_expect_events(vec![tombstoned(1, 0)]);
    }

    #[test]
    fn a_hold_is_given_up_once() {
        let ends: [&[StockEvent]; 3] = [
            &[tombstoned(1, 0)],
            &[reserved(1, 3, 0), released(1, 3)],
            &[reserved(1, 3, 0), expired(1, 3)],
        ];
        for end in ends {
            given(&[&stocked(5), end])
                .when(release())
                .then_expect_events(vec![]);
        }
    }

    #[test]
    fn what_has_left_can_t_be_given_up() {
        given(&[
            &stocked(5),
            &[reserved(1, 3, 0), confirmed(1), committed(1, 3, 2)],
        ])
        .when(release())
        .then_expect_error(StockRefusal::AlreadyCommitted);
    }

    #[test]
    fn of_what_left_in_part_the_rest_is_given_up() {
        given(&[
            &stocked(5),
            &[reserved(1, 3, 0), confirmed(1), committed(1, 2, 3)],
        ])
        .when(release())
        .then_expect_events(vec![released(1, 1)]);
    }
}

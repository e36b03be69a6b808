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
                Some(Closed::Released { .. } | Closed::Committed { .. }) => {
                    Err(StockRefusal::NotHeld)
                }
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

#[cfg(test)]
mod tests {
    use crate::stock::{ExpireReservation, StockCommand, StockRefusal, testing::*};

    fn expire() -> StockCommand {
        StockCommand::ExpireReservation(ExpireReservation {
            reservation_id: reservation(1),
        })
    }

    #[test]
    fn a_hold_ends_when_its_time_is_over_and_not_before() {
        let held = [reserved(1, 3, 0)];
        given_at(29, &[&stocked(5), &held])
            .when(expire())
            .then_expect_error(StockRefusal::NotDue);
        given_at(30, &[&stocked(5), &held])
            .when(expire())
            .then_expect_events(vec![expired(1, 3)]);
    }

    #[test]
    fn a_hold_ends_once() {
        given_at(30, &[&stocked(5), &[reserved(1, 3, 0), expired(1, 3)]])
            .when(expire())
            .then_expect_events(vec![]);
    }

    #[test]
    fn what_is_certain_or_given_up_does_not_run_out() {
        for after in [confirmed(1), released(1, 3)] {
            given_at(30, &[&stocked(5), &[reserved(1, 3, 0), after]])
                .when(expire())
                .then_expect_error(StockRefusal::NotHeld);
        }
    }

    #[test]
    fn a_hold_that_never_was_does_not_run_out() {
        given_at(30, &[&stocked(5)])
            .when(expire())
            .then_expect_error(StockRefusal::ReservationNotFound);
    }
}

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

#[cfg(test)]
mod tests {
    use crate::stock::{ConfirmReservation, StockCommand, StockEvent, StockRefusal, testing::*};

    fn confirm() -> StockCommand {
        StockCommand::ConfirmReservation(ConfirmReservation {
            reservation_id: reservation(1),
        })
    }

    #[test]
    fn a_hold_is_made_to_last_once() {
        let held = [reserved(1, 2, 0)];
        given(&[&stocked(5), &held])
            .when(confirm())
            .then_expect_events(vec![confirmed(1)]);
        given(&[&stocked(5), &held, &[confirmed(1)]])
            .when(confirm())
            .then_expect_events(vec![]);
    }

    #[test]
    fn not_the_clock_but_the_stream_says_whether_it_is_too_late() {
        given_at(31, &[&stocked(5), &[reserved(1, 2, 0)]])
            .when(confirm())
            .then_expect_events(vec![confirmed(1)]);
    }

    #[test]
    fn what_has_ended_or_never_began_is_told_apart() {
        let ends: [(&[StockEvent], StockRefusal); 5] = [
            (&[], StockRefusal::ReservationNotFound),
            (&[tombstoned(1, 0)], StockRefusal::ReservationClosed),
            (
                &[reserved(1, 2, 0), released(1, 2)],
                StockRefusal::ReservationClosed,
            ),
            (
                &[reserved(1, 2, 0), expired(1, 2)],
                StockRefusal::ReservationExpired,
            ),
            (
                &[reserved(1, 2, 0), confirmed(1), committed(1, 2, 3)],
                StockRefusal::AlreadyCommitted,
            ),
        ];
        for (end, refusal) in ends {
            given(&[&stocked(5), end])
                .when(confirm())
                .then_expect_error(refusal);
        }
    }
}

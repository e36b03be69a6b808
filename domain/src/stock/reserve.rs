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
        let Self {
            reservation_id,
            order_id,
            quantity,
            expires_at,
        } = self;
        check_quantity(quantity)?;
        let policy = item.registered()?;
        if item.closed.contains_key(&reservation_id) {
            return Err(StockRefusal::ReservationClosed);
        }
        if let Some(held) = item.reservations.get(&reservation_id) {
            let same = held.order_id == order_id && held.quantity == quantity;
            return if same {
                Ok(vec![])
            } else {
                Err(StockRefusal::ReservationExists)
            };
        }
        let available = item.available();
        let left = available - i64::from(quantity);
        if left < -item.backorder_limit() {
            let promisable = (available + item.backorder_limit()).max(0);
            return Err(StockRefusal::InsufficientStock {
                requested: quantity,
                available: promisable,
            });
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
            events.push(StockEvent::LowStockReached {
                sku,
                available: left,
            });
        }
        Ok(events)
    }
}

/// How many of the pieces wanted are still to arrive.
fn missing(available: i64, wanted: u32) -> u32 {
    let there = u32::try_from(available.max(0)).unwrap_or(u32::MAX);
    wanted.saturating_sub(there)
}

#[cfg(test)]
mod tests {
    use crate::stock::{
        BackorderPolicy, Reserve, StockCommand, StockEvent, StockRefusal, testing::*,
    };

    fn reserve(hold: u128, quantity: u32) -> StockCommand {
        let (reservation_id, order_id) = (reservation(hold), order());
        StockCommand::Reserve(Reserve {
            reservation_id,
            order_id,
            quantity,
            expires_at: at(30),
        })
    }

    fn low(available: i64) -> StockEvent {
        StockEvent::LowStockReached {
            sku: sku(),
            available,
        }
    }

    #[test]
    fn what_is_there_can_be_held() {
        given(&[&stocked(5)])
            .when(reserve(1, 2))
            .then_expect_events(vec![reserved(1, 2, 0)]);
    }

    #[test]
    fn a_warning_comes_once_when_little_is_left() {
        given(&[&stocked(5)])
            .when(reserve(1, 3))
            .then_expect_events(vec![reserved(1, 3, 0), low(2)]);
        given(&[&stocked(5), &[reserved(1, 3, 0)]])
            .when(reserve(2, 1))
            .then_expect_events(vec![reserved(2, 1, 0)]);
    }

    #[test]
    fn no_more_is_held_than_there_is() {
        given(&[&stocked(5), &[reserved(1, 3, 0)]])
            .when(reserve(2, 3))
            .then_expect_error(StockRefusal::InsufficientStock {
                requested: 3,
                available: 2,
            });
    }

    #[test]
    fn safety_stock_is_never_promised() {
        given(&[&[registered(4, BackorderPolicy::Deny), received(5, 5)]])
            .when(reserve(1, 2))
            .then_expect_error(StockRefusal::InsufficientStock {
                requested: 2,
                available: 1,
            });
    }

    #[test]
    fn a_backorder_is_held_up_to_its_limit() {
        given(&[&backordering(1, 4)])
            .when(reserve(1, 5))
            .then_expect_events(vec![reserved(1, 5, 4)]);
        given(&[&backordering(1, 4)])
            .when(reserve(1, 6))
            .then_expect_error(StockRefusal::InsufficientStock {
                requested: 6,
                available: 5,
            });
    }

    #[test]
    fn the_same_hold_is_made_once() {
        let held = [reserved(1, 2, 0)];
        given(&[&stocked(5), &held])
            .when(reserve(1, 2))
            .then_expect_events(vec![]);
        given(&[&stocked(5), &held, &[confirmed(1)]])
            .when(reserve(1, 2))
            .then_expect_events(vec![]);
        given(&[&stocked(5), &held])
            .when(reserve(1, 3))
            .then_expect_error(StockRefusal::ReservationExists);
    }

    #[test]
    fn a_hold_that_ended_is_not_made_again() {
        let ends: [&[StockEvent]; 4] = [
            &[tombstoned(1, 0)],
            &[reserved(1, 2, 0), released(1, 2)],
            &[reserved(1, 2, 0), expired(1, 2)],
            &[reserved(1, 2, 0), confirmed(1), committed(1, 2, 3)],
        ];
        for end in ends {
            given(&[&stocked(5), end])
                .when(reserve(1, 2))
                .then_expect_error(StockRefusal::ReservationClosed);
        }
    }

    #[test]
    fn a_hold_that_ended_is_forgotten_when_no_command_can_be_so_late() {
        let days = |days: i64| days * 24 * 60;
        given(&[&stocked(5), &[tombstoned(1, 0), tombstoned(2, days(44))]])
            .when(reserve(1, 2))
            .then_expect_error(StockRefusal::ReservationClosed);
        given(&[&stocked(5), &[tombstoned(1, 0), tombstoned(2, days(45))]])
            .when(reserve(1, 2))
            .then_expect_events(vec![reserved(1, 2, 0)]);
    }

    #[test]
    fn nothing_is_held_of_what_is_not_kept() {
        given(&[])
            .when(reserve(1, 1))
            .then_expect_error(StockRefusal::NotRegistered);
    }

    #[test]
    fn a_hold_is_of_something() {
        let limit = 1_000_000_000;
        given(&[&stocked(5)])
            .when(reserve(1, 0))
            .then_expect_error(StockRefusal::InvalidQuantity { quantity: 0, limit });
    }
}

//! Stock is held for every line of a placed order.

use serde::{Deserialize, Serialize};

use super::{Allocation, Order, OrderEvent, OrderRefusal, OrderStatus};

/// Say that stock is held for every line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordStockReserved {
    /// What is held where, per line.
    pub allocations: Vec<Allocation>,
}

impl RecordStockReserved {
    pub(super) fn decide(self, order: &Order) -> Result<Vec<OrderEvent>, OrderRefusal> {
        let order_id = order.in_state(&[OrderStatus::Placed])?;
        Ok(vec![OrderEvent::OrderStockReserved {
            order_id,
            allocations: self.allocations,
        }])
    }
}

#[cfg(test)]
mod tests {
    use crate::order::{OrderRefusal, OrderStatus, testing::*};

    #[test]
    fn a_placed_order_with_stock_awaits_payment() {
        given(placed())
            .when(record_stock_reserved())
            .then_expect_events(vec![stock_reserved()]);
    }

    #[test]
    fn stock_is_recorded_once() {
        given(awaiting_payment())
            .when(record_stock_reserved())
            .then_expect_error(OrderRefusal::InvalidState {
                status: OrderStatus::AwaitingPayment,
            });
    }

    #[test]
    fn stock_cannot_be_recorded_for_an_order_that_is_being_cancelled() {
        given(and(placed(), cancellation_requested()))
            .when(record_stock_reserved())
            .then_expect_error(OrderRefusal::CancellationInProgress);
    }
}

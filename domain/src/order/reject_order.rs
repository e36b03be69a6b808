//! The platform could not honour an order; possible only before confirmation.

use serde::{Deserialize, Serialize};

use super::{Order, OrderEvent, OrderRefusal, OrderStatus, RejectionReason};

/// Say that the order can't be honoured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RejectOrder {
    /// Why.
    pub reason: RejectionReason,
}

impl RejectOrder {
    pub(super) fn decide(self, order: &Order) -> Result<Vec<OrderEvent>, OrderRefusal> {
        let order_id = order.in_state(&[OrderStatus::Placed, OrderStatus::AwaitingPayment])?;
        Ok(vec![OrderEvent::OrderRejected {
            order_id,
            reason: self.reason,
        }])
    }
}

#[cfg(test)]
mod tests {
    use crate::order::{OrderRefusal, OrderStatus, testing::*};

    #[test]
    fn an_order_is_rejected_before_confirmation() {
        given(placed())
            .when(reject())
            .then_expect_events(vec![rejected()]);
        given(awaiting_payment())
            .when(reject())
            .then_expect_events(vec![rejected()]);
    }

    #[test]
    fn a_confirmed_order_is_cancelled_not_rejected() {
        given(confirmed())
            .when(reject())
            .then_expect_error(OrderRefusal::InvalidState {
                status: OrderStatus::Confirmed,
            });
    }

    #[test]
    fn a_rejected_order_stays_rejected() {
        given(and(placed(), rejected()))
            .when(reject())
            .then_expect_error(OrderRefusal::AlreadyClosed {
                status: OrderStatus::Rejected,
            });
    }
}

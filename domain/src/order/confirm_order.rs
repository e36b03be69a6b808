//! Stock and payment of an order are certain.

use serde::{Deserialize, Serialize};

use crate::ids::PaymentId;

use super::{Order, OrderEvent, OrderRefusal, OrderStatus};

/// Say that stock and payment are certain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfirmOrder {
    /// The payment; absent when nothing has to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<PaymentId>,
}

impl ConfirmOrder {
    pub(super) fn decide(self, order: &Order) -> Result<Vec<OrderEvent>, OrderRefusal> {
        let order_id = order.in_state(&[OrderStatus::AwaitingPayment])?;
        Ok(vec![OrderEvent::OrderConfirmed {
            order_id,
            payment_id: self.payment_id,
        }])
    }
}

#[cfg(test)]
mod tests {
    use crate::order::{OrderRefusal, OrderStatus, testing::*};

    #[test]
    fn an_order_with_stock_and_payment_is_confirmed() {
        given(awaiting_payment())
            .when(confirm())
            .then_expect_events(vec![confirmed_event()]);
    }

    #[test]
    fn an_order_without_stock_cannot_be_confirmed() {
        given(placed())
            .when(confirm())
            .then_expect_error(OrderRefusal::InvalidState {
                status: OrderStatus::Placed,
            });
    }

    #[test]
    fn an_order_that_is_being_cancelled_cannot_be_confirmed() {
        given(and(awaiting_payment(), cancellation_requested()))
            .when(confirm())
            .then_expect_error(OrderRefusal::CancellationInProgress);
    }
}

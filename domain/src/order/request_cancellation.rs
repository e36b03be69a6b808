//! Somebody wants an order stopped: possible until everything has left. A repeat changes nothing.

use serde::{Deserialize, Serialize};

use super::{CancelledBy, Order, OrderEvent, OrderRefusal, OrderStatus, texts};

/// Ask for the order to be stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestCancellation {
    /// Who wants it.
    pub by: CancelledBy,
    /// Why, in their words.
    pub reason: String,
}

impl RequestCancellation {
    pub(super) fn decide(self, order: &Order) -> Result<Vec<OrderEvent>, OrderRefusal> {
        use OrderStatus::{
            AwaitingPayment, Cancelling, Confirmed, PartiallyShipped, Placed, Shipped,
        };
        texts::check("reason", &self.reason, texts::LONG)?;
        if order.status == Shipped {
            return Err(OrderRefusal::NothingCancellable);
        }
        let order_id = order.in_state(&[
            Placed,
            AwaitingPayment,
            Confirmed,
            PartiallyShipped,
            Cancelling,
        ])?;
        if order.status == Cancelling {
            return Ok(Vec::new());
        }
        Ok(vec![OrderEvent::OrderCancellationRequested {
            order_id,
            by: self.by,
            reason: self.reason,
        }])
    }
}

#[cfg(test)]
mod tests {
    use crate::order::{OrderRefusal, OrderStatus, testing::*};

    #[test]
    fn an_order_can_be_cancelled_until_it_leaves() {
        for history in [
            placed(),
            awaiting_payment(),
            confirmed(),
            packed(),
            released(),
        ] {
            given(history)
                .when(request_cancellation())
                .then_expect_events(vec![cancellation_requested()]);
        }
    }

    #[test]
    fn a_repeated_request_changes_nothing() {
        given(and(confirmed(), cancellation_requested()))
            .when(request_cancellation())
            .then_expect_events(vec![]);
    }

    #[test]
    fn a_shipped_order_cannot_be_cancelled() {
        given(dispatched())
            .when(request_cancellation())
            .then_expect_error(OrderRefusal::NothingCancellable);
    }

    #[test]
    fn an_order_that_has_ended_cannot_be_cancelled() {
        given(delivered())
            .when(request_cancellation())
            .then_expect_error(OrderRefusal::AlreadyClosed {
                status: OrderStatus::Completed,
            });
    }
}

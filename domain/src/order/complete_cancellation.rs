//! All that had not left is undone. What had left stays with the customer.

use serde::{Deserialize, Serialize};

use super::{Cancellation, Order, OrderEvent, OrderRefusal, OrderStatus, Shipment, ShipmentPhase};

/// Say that all is undone that was not shipped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompleteCancellation {}

impl CompleteCancellation {
    pub(super) fn decide(self, order: &Order) -> Result<Vec<OrderEvent>, OrderRefusal> {
        let order_id = order.in_state(&[OrderStatus::Cancelling])?;
        let open: Vec<_> = order
            .shipments
            .iter()
            .filter(|shipment| shipment.is_open())
            .map(|shipment| shipment.shipment_id)
            .collect();
        if !open.is_empty() {
            return Err(OrderRefusal::CompensationIncomplete {
                open_shipments: open,
            });
        }
        let reason = order
            .cancellation
            .as_ref()
            .map(|Cancellation { reason, .. }| reason.clone())
            .unwrap_or_default();
        if !order.shipments.iter().any(Shipment::has_left) {
            return Ok(vec![OrderEvent::OrderCancelled { order_id, reason }]);
        }
        let mut events = vec![OrderEvent::OrderRemainderCancelled { order_id, reason }];
        if !order
            .shipments
            .iter()
            .any(|shipment| shipment.phase == ShipmentPhase::Dispatched)
        {
            events.push(OrderEvent::OrderCompleted { order_id });
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use crate::order::{OrderEvent, OrderRefusal, OrderStatus, testing::*};

    #[test]
    fn an_order_of_which_nothing_left_is_cancelled() {
        given(and(confirmed(), cancellation_requested()))
            .when(complete_cancellation())
            .then_expect_events(vec![cancelled()]);
    }

    #[test]
    fn an_open_shipment_stands_against_it() {
        given(and(packed(), cancellation_requested()))
            .when(complete_cancellation())
            .then_expect_error(OrderRefusal::CompensationIncomplete {
                open_shipments: vec![shipment_id()],
            });
    }

    #[test]
    fn what_has_left_stays_with_the_customer() {
        let mut history = and(released(), cancellation_requested());
        history.push(dispatched_event());
        given(history)
            .when(complete_cancellation())
            .then_expect_events(vec![OrderEvent::OrderRemainderCancelled {
                order_id: order_id(),
                reason: "changed my mind".into(),
            }]);
    }

    #[test]
    fn nothing_is_completed_that_nobody_asked_for() {
        given(confirmed())
            .when(complete_cancellation())
            .then_expect_error(OrderRefusal::InvalidState {
                status: OrderStatus::Confirmed,
            });
    }
}

//! A shipment has arrived; with the last one the order is complete.

use serde::{Deserialize, Serialize};

use crate::ids::ShipmentId;

use super::{Order, OrderEvent, OrderRefusal, OrderStatus, ShipmentPhase};

/// Say that a shipment has arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordDelivery {
    /// The shipment.
    pub shipment_id: ShipmentId,
}

impl RecordDelivery {
    pub(super) fn decide(self, order: &Order) -> Result<Vec<OrderEvent>, OrderRefusal> {
        use OrderStatus::{Confirmed, PartiallyShipped, Shipped};
        let shipment_id = self.shipment_id;
        // In Confirmed nothing has left: the phase below says so by name.
        let order_id = order.in_state(&[Confirmed, PartiallyShipped, Shipped])?;
        match order.shipment(shipment_id)?.phase {
            ShipmentPhase::Dispatched => {}
            ShipmentPhase::Created | ShipmentPhase::Packed | ShipmentPhase::Released => {
                return Err(OrderRefusal::ShipmentNotDispatched { shipment_id });
            }
            phase @ (ShipmentPhase::Delivered | ShipmentPhase::Cancelled) => {
                return Err(OrderRefusal::ShipmentClosed { shipment_id, phase });
            }
        }
        let mut events = vec![OrderEvent::ShipmentDelivered {
            order_id,
            shipment_id,
        }];
        let on_the_way = order
            .shipments
            .iter()
            .filter(|shipment| shipment.phase == ShipmentPhase::Dispatched)
            .count();
        if order.status == Shipped && on_the_way == 1 {
            events.push(OrderEvent::OrderCompleted { order_id });
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use crate::order::{OrderEvent, OrderRefusal, OrderStatus, testing::*};

    #[test]
    fn the_last_delivery_completes_the_order() {
        given(dispatched()).when(deliver()).then_expect_events(vec![
            delivered_event(),
            OrderEvent::OrderCompleted {
                order_id: order_id(),
            },
        ]);
    }

    #[test]
    fn nothing_arrives_that_has_not_left() {
        given(released())
            .when(deliver())
            .then_expect_error(OrderRefusal::ShipmentNotDispatched {
                shipment_id: shipment_id(),
            });
    }

    #[test]
    fn a_completed_order_is_closed() {
        given(delivered())
            .when(deliver())
            .then_expect_error(OrderRefusal::AlreadyClosed {
                status: OrderStatus::Completed,
            });
    }
}

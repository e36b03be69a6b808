//! A shipment is kept from leaving, unless it has left already.

use serde::{Deserialize, Serialize};

use crate::ids::ShipmentId;

use super::{Order, OrderEvent, OrderRefusal, OrderStatus, ShipmentPhase};

/// Keep a shipment from leaving.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CancelShipment {
    /// The shipment.
    pub shipment_id: ShipmentId,
}

impl CancelShipment {
    pub(super) fn decide(self, order: &Order) -> Result<Vec<OrderEvent>, OrderRefusal> {
        use OrderStatus::{Cancelling, Confirmed, PartiallyShipped, Shipped};
        let shipment_id = self.shipment_id;
        // In Shipped no shipment is open: the phase below says so by name.
        let order_id = order.in_state(&[Confirmed, PartiallyShipped, Cancelling, Shipped])?;
        match order.shipment(shipment_id)?.phase {
            ShipmentPhase::Created | ShipmentPhase::Packed | ShipmentPhase::Released => {
                Ok(vec![OrderEvent::ShipmentCancelled {
                    order_id,
                    shipment_id,
                }])
            }
            ShipmentPhase::Dispatched | ShipmentPhase::Delivered => {
                Err(OrderRefusal::AlreadyDispatched { shipment_id })
            }
            phase @ ShipmentPhase::Cancelled => {
                Err(OrderRefusal::ShipmentClosed { shipment_id, phase })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::order::{OrderRefusal, testing::*};

    #[test]
    fn a_shipment_can_be_cancelled_until_it_leaves() {
        for history in [preparing(), packed(), released()] {
            given(and(history, cancellation_requested()))
                .when(cancel_shipment())
                .then_expect_events(vec![shipment_cancelled()]);
        }
    }

    #[test]
    fn a_shipment_that_has_left_cannot_be_cancelled() {
        given(dispatched())
            .when(cancel_shipment())
            .then_expect_error(OrderRefusal::AlreadyDispatched {
                shipment_id: shipment_id(),
            });
    }
}

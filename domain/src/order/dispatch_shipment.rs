//! A released shipment has left. It may leave even while the order is being cancelled: then the
//! carrier was faster, and what left stays with the customer.

use serde::{Deserialize, Serialize};

use crate::ids::ShipmentId;

use super::{Order, OrderEvent, OrderRefusal, OrderStatus, ShipmentPhase, texts};

/// Say that a shipment has left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DispatchShipment {
    /// The shipment.
    pub shipment_id: ShipmentId,
    /// Who carries it.
    pub carrier: String,
    /// The carrier's number for it.
    pub tracking: String,
}

impl DispatchShipment {
    pub(super) fn decide(self, order: &Order) -> Result<Vec<OrderEvent>, OrderRefusal> {
        use OrderStatus::{Cancelling, Confirmed, PartiallyShipped, Shipped};
        let Self {
            shipment_id,
            carrier,
            tracking,
        } = self;
        texts::check("carrier", &carrier, texts::SHORT)?;
        texts::check("tracking", &tracking, texts::SHORT)?;
        // In Shipped no shipment is open: the phase below says so by name.
        let order_id = order.in_state(&[Confirmed, PartiallyShipped, Cancelling, Shipped])?;
        match order.shipment(shipment_id)?.phase {
            ShipmentPhase::Created | ShipmentPhase::Packed => {
                Err(OrderRefusal::ShipmentNotReleased { shipment_id })
            }
            ShipmentPhase::Released => Ok(vec![OrderEvent::ShipmentDispatched {
                order_id,
                shipment_id,
                carrier,
                tracking,
            }]),
            phase @ (ShipmentPhase::Dispatched
            | ShipmentPhase::Delivered
            | ShipmentPhase::Cancelled) => Err(OrderRefusal::ShipmentClosed { shipment_id, phase }),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::order::{OrderRefusal, ShipmentPhase, testing::*};

    #[test]
    fn a_released_shipment_leaves() {
        given(released())
            .when(dispatch())
            .then_expect_events(vec![dispatched_event()]);
    }

    #[test]
    fn nothing_leaves_before_it_is_released() {
        for history in [preparing(), packed()] {
            given(history)
                .when(dispatch())
                .then_expect_error(OrderRefusal::ShipmentNotReleased {
                    shipment_id: shipment_id(),
                });
        }
    }

    #[test]
    fn a_carrier_may_be_faster_than_a_cancellation() {
        given(and(released(), cancellation_requested()))
            .when(dispatch())
            .then_expect_events(vec![dispatched_event()]);
    }

    #[test]
    fn a_shipment_leaves_once() {
        given(dispatched())
            .when(dispatch())
            .then_expect_error(OrderRefusal::ShipmentClosed {
                shipment_id: shipment_id(),
                phase: ShipmentPhase::Dispatched,
            });
    }

    #[test]
    fn a_cancelled_shipment_does_not_leave() {
        let mut history = and(released(), cancellation_requested());
        history.push(shipment_cancelled());
        given(history)
            .when(dispatch())
            .then_expect_error(OrderRefusal::ShipmentClosed {
                shipment_id: shipment_id(),
                phase: ShipmentPhase::Cancelled,
            });
    }
}

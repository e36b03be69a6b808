//! The goods of a shipment are packed.

use serde::{Deserialize, Serialize};

use crate::ids::ShipmentId;

use super::{Order, OrderEvent, OrderRefusal, OrderStatus, ShipmentPhase};

/// Say that the goods are packed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarkShipmentPacked {
    /// The shipment.
    pub shipment_id: ShipmentId,
}

impl MarkShipmentPacked {
    pub(super) fn decide(self, order: &Order) -> Result<Vec<OrderEvent>, OrderRefusal> {
        let shipment_id = self.shipment_id;
        let order_id = order.in_state(&[OrderStatus::Confirmed, OrderStatus::PartiallyShipped])?;
        match order.shipment(shipment_id)?.phase {
            ShipmentPhase::Created => Ok(vec![OrderEvent::ShipmentPacked {
                order_id,
                shipment_id,
            }]),
            phase @ (ShipmentPhase::Packed
            | ShipmentPhase::Released
            | ShipmentPhase::Dispatched
            | ShipmentPhase::Delivered
            | ShipmentPhase::Cancelled) => Err(OrderRefusal::ShipmentClosed { shipment_id, phase }),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::order::{OrderRefusal, ShipmentPhase, testing::*};

    #[test]
    fn a_created_shipment_is_packed() {
        given(preparing())
            .when(mark_packed())
            .then_expect_events(vec![packed_event()]);
    }

    #[test]
    fn a_shipment_is_packed_once() {
        given(packed())
            .when(mark_packed())
            .then_expect_error(OrderRefusal::ShipmentClosed {
                shipment_id: shipment_id(),
                phase: ShipmentPhase::Packed,
            });
    }

    #[test]
    fn an_unknown_shipment_is_not_packed() {
        given(confirmed())
            .when(mark_packed())
            .then_expect_error(OrderRefusal::ShipmentNotFound {
                shipment_id: shipment_id(),
            });
    }

    #[test]
    fn nothing_is_packed_while_the_order_is_being_cancelled() {
        given(and(preparing(), cancellation_requested()))
            .when(mark_packed())
            .then_expect_error(OrderRefusal::CancellationInProgress);
    }
}

//! A packed shipment is paid for and may leave.

use serde::{Deserialize, Serialize};

use crate::ids::{OperationId, ShipmentId};

use super::{Order, OrderEvent, OrderRefusal, OrderStatus, ShipmentPhase};

/// Let a packed shipment leave, now that it is paid for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleaseShipment {
    /// The shipment.
    pub shipment_id: ShipmentId,
    /// The capture that pays for it; absent when nothing has to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_id: Option<OperationId>,
}

impl ReleaseShipment {
    pub(super) fn decide(self, order: &Order) -> Result<Vec<OrderEvent>, OrderRefusal> {
        let Self {
            shipment_id,
            capture_id,
        } = self;
        let order_id = order.in_state(&[OrderStatus::Confirmed, OrderStatus::PartiallyShipped])?;
        match order.shipment(shipment_id)?.phase {
            ShipmentPhase::Created => return Err(OrderRefusal::ShipmentNotPacked { shipment_id }),
            ShipmentPhase::Packed => {}
            phase @ (ShipmentPhase::Released
            | ShipmentPhase::Dispatched
            | ShipmentPhase::Delivered
            | ShipmentPhase::Cancelled) => {
                return Err(OrderRefusal::ShipmentClosed { shipment_id, phase });
            }
        }
        if capture_id.is_none() && !order.placed()?.total.is_zero() {
            return Err(OrderRefusal::CaptureRequired { shipment_id });
        }
        Ok(vec![OrderEvent::ShipmentReleased {
            order_id,
            shipment_id,
            capture_id,
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::{OrderCommand, testing::*};

    #[test]
    fn a_packed_shipment_that_is_paid_for_is_released() {
        given(packed())
            .when(release())
            .then_expect_events(vec![released_event()]);
    }

    #[test]
    fn nothing_is_released_before_it_is_packed() {
        given(preparing())
            .when(release())
            .then_expect_error(OrderRefusal::ShipmentNotPacked {
                shipment_id: shipment_id(),
            });
    }

    #[test]
    fn nothing_is_released_before_it_is_paid_for() {
        given(packed())
            .when(OrderCommand::ReleaseShipment(ReleaseShipment {
                shipment_id: shipment_id(),
                capture_id: None,
            }))
            .then_expect_error(OrderRefusal::CaptureRequired {
                shipment_id: shipment_id(),
            });
    }

    #[test]
    fn nothing_is_released_while_the_order_is_being_cancelled() {
        given(and(packed(), cancellation_requested()))
            .when(release())
            .then_expect_error(OrderRefusal::CancellationInProgress);
    }
}

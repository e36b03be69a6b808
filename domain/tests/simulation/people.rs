//! Those who act on an order of themselves: the customer, the warehouse, the carrier.

use orderlog_domain::{
    ids::{self, OperationId},
    order::{
        CancelledBy, DispatchShipment, MarkShipmentPacked, OrderCommand, OrderEvent,
        RecordDelivery, RequestCancellation,
    },
    payment::{CompleteAction, PaymentCommand, PaymentEvent},
};

/// What they do, and what they never do.
#[derive(Clone, Debug)]
pub(crate) struct Conduct {
    /// The customer cancels after so many things have happened.
    pub(crate) cancels_after: Option<u32>,
    /// The customer does his part of the payment.
    pub(crate) acts: bool,
    /// The warehouse packs.
    pub(crate) packs: bool,
    /// The carrier takes the goods and delivers them.
    pub(crate) dispatches: bool,
}

impl Conduct {
    pub(crate) fn helpful() -> Self {
        Self {
            cancels_after: None,
            acts: true,
            packs: true,
            dispatches: true,
        }
    }

    /// What somebody does when the order says so.
    pub(crate) fn answer_order(&self, event: &OrderEvent) -> Option<OrderCommand> {
        match event {
            OrderEvent::ShipmentCreated { shipment_id, .. } if self.packs => {
                Some(OrderCommand::MarkShipmentPacked(MarkShipmentPacked {
                    shipment_id: *shipment_id,
                }))
            }
            OrderEvent::ShipmentReleased { shipment_id, .. } if self.dispatches => {
                Some(OrderCommand::DispatchShipment(DispatchShipment {
                    shipment_id: *shipment_id,
                    carrier: "DHL".to_owned(),
                    tracking: "T-1".to_owned(),
                }))
            }
            OrderEvent::ShipmentDispatched { shipment_id, .. } => {
                Some(OrderCommand::RecordDelivery(RecordDelivery {
                    shipment_id: *shipment_id,
                }))
            }
            _ => None,
        }
    }

    /// What the customer does when the payment says so.
    pub(crate) fn answer_payment(&self, event: &PaymentEvent) -> Option<PaymentCommand> {
        match event {
            PaymentEvent::PaymentActionRequired { operation_id, .. } if self.acts => {
                let operation_id = OperationId(ids::derive(operation_id.0, "action"));
                Some(PaymentCommand::CompleteAction(CompleteAction {
                    operation_id,
                }))
            }
            _ => None,
        }
    }

    pub(crate) fn cancellation() -> OrderCommand {
        OrderCommand::RequestCancellation(RequestCancellation {
            by: CancelledBy::Customer,
            reason: "changed my mind".to_owned(),
        })
    }
}

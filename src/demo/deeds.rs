//! What the demo's people do when something has happened to one of its orders. Pure: the order's
//! story and the event say it all.

use orderlog_domain::{
    fact::Fact,
    ids::{OperationId, PaymentId, derive},
    order::{
        CancelledBy, DispatchShipment, MarkShipmentPacked, OrderCommand, OrderEvent,
        RecordDelivery, RequestCancellation,
    },
    payment::{CompleteAction, PaymentCommand, PaymentEvent},
};
use orderlog_log::event::RecordedEvent;

use super::script::Story;

/// What somebody does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Deed {
    /// To the order.
    Order(OrderCommand),
    /// To a payment.
    Payment(PaymentId, PaymentCommand),
    /// Gives the customer a quarter of the order's total back.
    RefundQuarter,
}

/// What an event of an order with this story leads to.
pub(super) fn deed(story: Story, event: &RecordedEvent, fact: &Fact) -> Option<Deed> {
    match fact {
        Fact::Order(fact) => of_order(story, fact),
        Fact::Payment(PaymentEvent::PaymentActionRequired { .. })
            if story == Story::ActionCompleted =>
        {
            let payment_id: PaymentId = event.stream.split_once('-')?.1.parse().ok()?;
            let operation_id = OperationId(derive(event.event_id, "completed"));
            let complete = CompleteAction { operation_id };
            Some(Deed::Payment(
                payment_id,
                PaymentCommand::CompleteAction(complete),
            ))
        }
        Fact::Payment(_)
        | Fact::Product(_)
        | Fact::Stock(_)
        | Fact::Fulfilment(_)
        | Fact::Notification(_)
        | Fact::Contact(_)
        | Fact::Webhook(_) => None,
    }
}

fn of_order(story: Story, fact: &OrderEvent) -> Option<Deed> {
    let command = match fact {
        OrderEvent::OrderConfirmed { .. } if story == Story::Cancelled => {
            OrderCommand::RequestCancellation(RequestCancellation {
                by: CancelledBy::Customer,
                reason: "changed my mind".to_owned(),
            })
        }
        // The warehouse leaves these to the customer, who is about to cancel.
        OrderEvent::ShipmentCreated { .. } if story == Story::Cancelled => return None,
        OrderEvent::ShipmentCreated { shipment_id, .. } => {
            OrderCommand::MarkShipmentPacked(MarkShipmentPacked {
                shipment_id: *shipment_id,
            })
        }
        OrderEvent::ShipmentReleased { shipment_id, .. } => {
            OrderCommand::DispatchShipment(DispatchShipment {
                shipment_id: *shipment_id,
                carrier: "Demo Post".to_owned(),
                tracking: format!("DP{}", &shipment_id.0.simple().to_string()[20..]),
            })
        }
        OrderEvent::ShipmentDispatched { shipment_id, .. } => {
            OrderCommand::RecordDelivery(RecordDelivery {
                shipment_id: *shipment_id,
            })
        }
        OrderEvent::OrderCompleted { .. } if story == Story::Refunded => {
            return Some(Deed::RefundQuarter);
        }
        OrderEvent::OrderPlaced { .. }
        | OrderEvent::OrderStockReserved { .. }
        | OrderEvent::OrderConfirmed { .. }
        | OrderEvent::OrderRejected { .. }
        | OrderEvent::OrderCancellationRequested { .. }
        | OrderEvent::OrderCancelled { .. }
        | OrderEvent::OrderRemainderCancelled { .. }
        | OrderEvent::ShipmentPacked { .. }
        | OrderEvent::ShipmentDelivered { .. }
        | OrderEvent::ShipmentCancelled { .. }
        | OrderEvent::OrderCompleted { .. } => return None,
    };
    Some(Deed::Order(command))
}

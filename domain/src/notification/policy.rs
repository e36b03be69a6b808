//! Which facts a customer is told of, and in which words. Pure; the customer himself is known to
//! the order alone, so who sends the request names him.

use crate::{
    fact::Fact,
    ids::{CustomerId, NotificationId, OrderId},
    order::{OrderEvent, RejectionReason},
    payment::PaymentEvent,
};

use super::{NotificationKind, RequestNotification};

/// A message that is worth sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// About which order.
    pub order_id: OrderId,
    /// What it is about.
    pub kind: NotificationKind,
    /// What it says.
    pub text: String,
}

impl Wanted {
    /// The command that has it sent to `customer_id`.
    pub fn request(self, notification_id: NotificationId, customer_id: CustomerId) -> RequestNotification {
        let Self { order_id, kind, text } = self;
        RequestNotification { notification_id, order_id, customer_id, kind, text }
    }
}

/// What the customer is told of the fact, if anything.
pub fn wanted(fact: &Fact) -> Option<Wanted> {
    match fact {
        Fact::Order(event) => of_order(event),
        Fact::Payment(event) => of_payment(event),
        Fact::Product(_) | Fact::Stock(_) | Fact::Fulfilment(_) | Fact::Notification(_) => None,
    }
}

fn of_order(event: &OrderEvent) -> Option<Wanted> {
    let order_id = event.order_id();
    let (kind, text) = match event {
        OrderEvent::OrderConfirmed { .. } => {
            (NotificationKind::OrderConfirmed, "Your order is confirmed.".to_owned())
        }
        OrderEvent::OrderRejected { reason, .. } => {
            (NotificationKind::OrderRejected, format!("We can't carry out your order: {}.", why(reason)))
        }
        OrderEvent::OrderCancelled { .. } => {
            (NotificationKind::OrderCancelled, "Your order is cancelled.".to_owned())
        }
        OrderEvent::OrderRemainderCancelled { .. } => {
            let text = "What had not left yet of your order is cancelled.".to_owned();
            (NotificationKind::OrderCancelled, text)
        }
        OrderEvent::ShipmentDispatched { carrier, tracking, .. } => {
            let text = format!("Your order has left with {carrier}, tracking {tracking}.");
            (NotificationKind::OrderDispatched, text)
        }
        OrderEvent::OrderCompleted { .. } => {
            (NotificationKind::OrderDelivered, "Your order has arrived.".to_owned())
        }
        OrderEvent::OrderPlaced { .. }
        | OrderEvent::OrderStockReserved { .. }
        | OrderEvent::OrderCancellationRequested { .. }
        | OrderEvent::ShipmentCreated { .. }
        | OrderEvent::ShipmentPacked { .. }
        | OrderEvent::ShipmentReleased { .. }
        | OrderEvent::ShipmentDelivered { .. }
        | OrderEvent::ShipmentCancelled { .. } => return None,
    };
    Some(Wanted { order_id, kind, text })
}

fn of_payment(event: &PaymentEvent) -> Option<Wanted> {
    match event {
        PaymentEvent::PaymentActionRequired { order_id, url, .. } => Some(Wanted {
            order_id: *order_id,
            kind: NotificationKind::PaymentActionRequired,
            text: format!("Please confirm your payment: {url}"),
        }),
        PaymentEvent::PaymentRefunded { order_id, amount, .. } => Some(Wanted {
            order_id: *order_id,
            kind: NotificationKind::PaymentRefunded,
            text: format!("We have paid back {amount}."),
        }),
        PaymentEvent::PaymentInitiated { .. }
        | PaymentEvent::PaymentAuthorizationRequested { .. }
        | PaymentEvent::PaymentAuthorized { .. }
        | PaymentEvent::PaymentDeclined { .. }
        | PaymentEvent::PaymentOutcomeUnknown { .. }
        | PaymentEvent::PaymentReconciliationRequested { .. }
        | PaymentEvent::PaymentReconciliationFailed { .. }
        | PaymentEvent::PaymentConflictDetected { .. }
        | PaymentEvent::PaymentCaptureRequested { .. }
        | PaymentEvent::PaymentCaptured { .. }
        | PaymentEvent::PaymentCaptureFailed { .. }
        | PaymentEvent::PaymentVoidRequested { .. }
        | PaymentEvent::PaymentVoidScheduled { .. }
        | PaymentEvent::PaymentVoided { .. }
        | PaymentEvent::PaymentVoidFailed { .. }
        | PaymentEvent::PaymentAuthorizationExpired { .. }
        | PaymentEvent::PaymentRefundRequested { .. }
        | PaymentEvent::PaymentRefundFailed { .. } => None,
    }
}

fn why(reason: &RejectionReason) -> &'static str {
    match reason {
        RejectionReason::OutOfStock { .. } => "it is out of stock",
        RejectionReason::PaymentDeclined { .. } => "the payment was declined",
        RejectionReason::PaymentTimedOut => "the payment was not confirmed in time",
        RejectionReason::ReservationLost => "the goods are no longer available",
        RejectionReason::PaymentUnresolved => "the payment could not be settled",
    }
}

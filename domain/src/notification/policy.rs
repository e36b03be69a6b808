//! Which facts a customer is told of, and in which words. Pure; the customer himself is known to
//! the order alone, so who sends the request names him.

use std::collections::BTreeMap;

use crate::{
    fact::Fact,
    ids::{CustomerId, NotificationId, OrderId},
    order::{OrderEvent, RejectionReason},
    payment::PaymentEvent,
};

use super::{NotificationKind, RequestNotification, Routes};

/// A message that is worth sending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// About which order.
    pub order_id: OrderId,
    /// What it is about.
    pub kind: NotificationKind,
    /// What it says.
    pub text: String,
    /// What templates may name.
    pub details: BTreeMap<String, String>,
}

impl Wanted {
    /// The command that has it sent to `customer_id` through these channels.
    pub fn request(
        self,
        notification_id: NotificationId,
        customer_id: CustomerId,
        routes: Routes,
    ) -> RequestNotification {
        let Self {
            order_id,
            kind,
            text,
            details,
        } = self;
        RequestNotification {
            notification_id,
            order_id,
            customer_id,
            kind,
            text,
            details,
            routes,
        }
    }
}

/// What the customer is told of the fact, if anything.
pub fn wanted(fact: &Fact) -> Option<Wanted> {
    match fact {
        Fact::Order(event) => of_order(event),
        Fact::Payment(event) => of_payment(event),
        Fact::Product(_)
        | Fact::Stock(_)
        | Fact::Fulfilment(_)
        | Fact::Notification(_)
        | Fact::Contact(_)
        | Fact::Webhook(_) => None,
    }
}

fn of_order(event: &OrderEvent) -> Option<Wanted> {
    let order_id = event.order_id();
    let (kind, text, details) = match event {
        OrderEvent::OrderConfirmed { .. } => {
            let text = "Your order is confirmed.".to_owned();
            (NotificationKind::OrderConfirmed, text, named([]))
        }
        OrderEvent::OrderRejected { reason, .. } => {
            let why = why(reason);
            let text = format!("We can't carry out your order: {why}.");
            let details = named([("reason", why.to_owned())]);
            (NotificationKind::OrderRejected, text, details)
        }
        OrderEvent::OrderCancelled { .. } => {
            let text = "Your order is cancelled.".to_owned();
            (NotificationKind::OrderCancelled, text, named([]))
        }
        OrderEvent::OrderRemainderCancelled { .. } => {
            let text = "What had not left yet of your order is cancelled.".to_owned();
            (NotificationKind::OrderCancelled, text, named([]))
        }
        OrderEvent::ShipmentDispatched {
            carrier, tracking, ..
        } => {
            let text = format!("Your order has left with {carrier}, tracking {tracking}.");
            let details = [("carrier", carrier.clone()), ("tracking", tracking.clone())];
            (NotificationKind::OrderDispatched, text, named(details))
        }
        OrderEvent::OrderCompleted { .. } => {
            let text = "Your order has arrived.".to_owned();
            (NotificationKind::OrderDelivered, text, named([]))
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
    Some(Wanted {
        order_id,
        kind,
        text,
        details,
    })
}

fn of_payment(event: &PaymentEvent) -> Option<Wanted> {
    match event {
        PaymentEvent::PaymentActionRequired { order_id, url, .. } => Some(Wanted {
            order_id: *order_id,
            kind: NotificationKind::PaymentActionRequired,
            text: format!("Please confirm your payment: {url}"),
            details: named([("url", url.clone())]),
        }),
        PaymentEvent::PaymentRefunded {
            order_id, amount, ..
        } => Some(Wanted {
            order_id: *order_id,
            kind: NotificationKind::PaymentRefunded,
            text: format!("We have paid back {amount}."),
            details: named([("amount", amount.to_string())]),
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

fn named<const N: usize>(details: [(&str, String); N]) -> BTreeMap<String, String> {
    let owned = details.map(|(name, value)| (name.to_owned(), value));
    owned.into()
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

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use crate::{
        fact::Fact,
        ids::{OperationId, OrderId, RefundId},
        money::{Currency, Money},
        notification::{NotificationKind, Wanted, wanted},
        order::OrderEvent,
        payment::PaymentEvent,
    };

    const ORDER: OrderId = OrderId(Uuid::from_u128(1));

    #[test]
    fn a_customer_is_told_where_to_act() {
        let fact = Fact::Payment(PaymentEvent::PaymentActionRequired {
            order_id: ORDER,
            operation_id: OperationId(Uuid::nil()),
            url: "https://bank.example/3ds".to_owned(),
            expires_at: DateTime::UNIX_EPOCH,
        });
        let told = wanted(&fact).expect("the customer is told");
        assert_eq!(told.kind, NotificationKind::PaymentActionRequired);
        assert!(
            told.text.contains("https://bank.example/3ds"),
            "{}",
            told.text
        );
    }

    #[test]
    fn a_customer_is_told_how_much_was_paid_back() {
        let amount = Money::new(1_999, Currency::from_code("EUR").expect("a currency"));
        let fact = Fact::Payment(PaymentEvent::PaymentRefunded {
            order_id: ORDER,
            operation_id: OperationId(Uuid::nil()),
            refund_id: RefundId(Uuid::nil()),
            amount,
            refunded_total: amount,
        });
        let text = "We have paid back 19.99 EUR.".to_owned();
        let kind = NotificationKind::PaymentRefunded;
        let details = [("amount".to_owned(), "19.99 EUR".to_owned())].into();
        assert_eq!(
            wanted(&fact),
            Some(Wanted {
                order_id: ORDER,
                kind,
                text,
                details,
            })
        );
    }

    #[test]
    fn a_customer_is_not_told_of_bookkeeping() {
        let operation_id = OperationId(Uuid::nil());
        let scheduled = PaymentEvent::PaymentVoidScheduled {
            order_id: ORDER,
            operation_id,
        };
        assert_eq!(wanted(&Fact::Payment(scheduled)), None);
        let reserved = OrderEvent::OrderStockReserved {
            order_id: ORDER,
            allocations: vec![],
        };
        assert_eq!(wanted(&Fact::Order(reserved)), None);
    }
}

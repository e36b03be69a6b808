//! What people do when something has happened to an order: the warehouse packs and sends, the carrier
//! delivers, customers answer the bank, change their minds, or send something back; the buyer orders
//! what runs low. The instants and shares are assumed where the statistics say nothing.

use chrono::{DateTime, TimeDelta, Utc};
use orderlog_domain::{
    fact::Fact,
    ids::{OperationId, OrderId, PaymentId, RefundId, Sku},
    order::{
        CancelledBy, DispatchShipment, MarkShipmentPacked, OrderCommand, OrderEvent,
        RecordDelivery, RequestCancellation,
    },
    payment::{CompleteAction, PaymentCommand, PaymentEvent, Refund},
    stock::StockEvent,
};
use orderlog_log::event::RecordedEvent;

use super::{
    chance::Chance,
    statistics::{CANCELLED, GIVEN_BACK, UNANSWERED},
};

/// What somebody does.
pub(super) enum Deed {
    /// To an order.
    Order(OrderId, &'static str, OrderCommand),
    /// To a payment.
    Payment(PaymentId, PaymentCommand),
    /// Sends a part of the goods back.
    GiveBack(OrderId),
    /// Has more of a product delivered.
    Restock(Sku),
}

/// Who wants an event's order on, what they do, and when.
pub(super) fn deed(
    chance: &mut Chance,
    event: &RecordedEvent,
    fact: &Fact,
) -> Option<(DateTime<Utc>, Deed)> {
    let (wait, deed) = match fact {
        Fact::Order(fact) => of_order(chance, fact)?,
        Fact::Payment(PaymentEvent::PaymentActionRequired { .. })
            if !chance.per_mille(UNANSWERED) =>
        {
            let payment_id = event.stream.split_once('-')?.1.parse().ok()?;
            let operation_id = OperationId(chance.id(event.occurred_at));
            let complete = PaymentCommand::CompleteAction(CompleteAction { operation_id });
            let wait = chance.between(TimeDelta::seconds(20), TimeDelta::minutes(10));
            (wait, Deed::Payment(payment_id, complete))
        }
        Fact::Stock(StockEvent::LowStockReached { sku, .. }) => {
            let wait = chance.between(TimeDelta::hours(4), TimeDelta::hours(20));
            (wait, Deed::Restock(sku.clone()))
        }
        Fact::Payment(_)
        | Fact::Product(_)
        | Fact::Stock(_)
        | Fact::Fulfilment(_)
        | Fact::Notification(_)
        | Fact::Contact(_)
        | Fact::Webhook(_) => return None,
    };
    Some((event.occurred_at + wait, deed))
}

fn of_order(chance: &mut Chance, fact: &OrderEvent) -> Option<(TimeDelta, Deed)> {
    let order_id = fact.order_id();
    let (actor, wait, command) = match fact {
        OrderEvent::OrderConfirmed { .. } if chance.per_mille(CANCELLED) => (
            "customer",
            chance.between(TimeDelta::minutes(1), TimeDelta::minutes(50)),
            OrderCommand::RequestCancellation(RequestCancellation {
                by: CancelledBy::Customer,
                reason: "changed my mind".to_owned(),
            }),
        ),
        OrderEvent::ShipmentCreated { shipment_id, .. } => (
            "warehouse",
            chance.between(TimeDelta::hours(1), TimeDelta::hours(8)),
            OrderCommand::MarkShipmentPacked(MarkShipmentPacked {
                shipment_id: *shipment_id,
            }),
        ),
        OrderEvent::ShipmentReleased { shipment_id, .. } => (
            "warehouse",
            chance.between(TimeDelta::minutes(30), TimeDelta::hours(20)),
            OrderCommand::DispatchShipment(DispatchShipment {
                shipment_id: *shipment_id,
                carrier: "Royal Mail".to_owned(),
                tracking: format!("RM{}GB", &shipment_id.0.simple().to_string()[20..]),
            }),
        ),
        OrderEvent::ShipmentDispatched { shipment_id, .. } => (
            "carrier",
            chance.between(TimeDelta::hours(18), TimeDelta::hours(72)),
            OrderCommand::RecordDelivery(RecordDelivery {
                shipment_id: *shipment_id,
            }),
        ),
        OrderEvent::OrderCompleted { .. } if chance.per_mille(GIVEN_BACK) => {
            let wait = chance.between(TimeDelta::hours(12), TimeDelta::hours(96));
            return Some((wait, Deed::GiveBack(order_id)));
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
    Some((wait, Deed::Order(order_id, actor, command)))
}

/// A quarter of what was paid, given back.
pub(super) fn refund(
    chance: &mut Chance,
    order: &orderlog_domain::order::Order,
    at: DateTime<Utc>,
) -> Option<Deed> {
    let (placed, payment_id) = (order.placed.as_ref()?, order.payment_id?);
    let mut amount = placed.total;
    amount.amount_minor /= 4;
    let refund = PaymentCommand::Refund(Refund {
        operation_id: OperationId(chance.id(at)),
        refund_id: RefundId(chance.id(at)),
        amount,
        reason: "goods given back".to_owned(),
    });
    (amount.amount_minor > 0).then_some(Deed::Payment(payment_id, refund))
}

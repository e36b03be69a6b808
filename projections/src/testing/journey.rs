//! One order, told fact by fact: the order's own, its payment's, its fulfilment's, its stock's and
//! its notifications'. Next: `steps` has what can happen to it.

use orderlog_domain::{
    fulfilment::{
        FulfilmentEvent, IssuedCommand, LineInHand, OrderInHand, Reply, ReplyOutcome, Step,
        TargetedCommand, Timings,
    },
    ids::{CustomerId, NotificationId, OperationId, OrderId, PaymentId, ReservationId, ShipmentId},
    notification::{Channel, NotificationEvent, NotificationKind},
    order::{OrderCommand, OrderEvent},
    payment::PaymentEvent,
    stock::{ReleaseReason, StockEvent},
};

use super::{
    Told, at, euro, id,
    journeys::{TOTAL, line},
    notification, order, order_id, payment, payment_id, saga, sku, stock,
};

/// One order and what was told of it.
pub struct Journey {
    pub(super) number: u64,
    pub(super) order_id: OrderId,
    pub(super) payment_id: PaymentId,
    told: Vec<Told>,
}

impl Journey {
    /// An order, placed by a customer of its number modulo three.
    pub fn placed(number: u64) -> Self {
        let (order_id, payment_id) = (order_id(number), payment_id(number));
        let mut journey = Self {
            number,
            order_id,
            payment_id,
            told: vec![],
        };
        let customer = CustomerId::parse(format!("customer-{}", number % 3));
        journey.order(OrderEvent::OrderPlaced {
            order_id,
            customer_id: customer.expect("a customer"),
            lines: vec![line(1, "TEA", 2)],
            shipping: euro(500),
            total: euro(TOTAL),
            payment_method: Some("tok_ok".to_owned()),
            reference: Some(format!("R-{number}")),
            placed_at: at(number),
        });
        let line = LineInHand {
            line: 1,
            sku: sku("TEA"),
            quantity: 2,
        };
        let payment_method = Some("tok_ok".to_owned());
        let order = OrderInHand {
            order_id,
            total: euro(TOTAL),
            payment_method,
            lines: vec![line],
        };
        let timings = Timings::standard();
        let begun = FulfilmentEvent::FulfilmentStarted {
            order_id,
            process_version: 1,
            order,
            timings,
        };
        journey.saga(begun);
        journey
    }

    /// What was told so far.
    pub fn told(&self) -> Vec<Told> {
        self.told.clone()
    }

    pub(super) fn released(&mut self, reason: ReleaseReason) -> &mut Self {
        let (order_id, reservation_id) = (self.order_id, self.reservation());
        self.stock(StockEvent::StockReservationReleased {
            sku: sku("TEA"),
            reservation_id,
            order_id,
            quantity: 2,
            reason,
            released_at: at(0),
        })
    }

    pub(super) fn issued(&mut self, command: OrderCommand) {
        let order_id = self.order_id;
        let command_id = id(0x41, self.number);
        let command = TargetedCommand::Order { order_id, command };
        self.saga(FulfilmentEvent::CommandsIssued {
            order_id,
            issue_id: id(0x40, self.number),
            step: Step::Confirming,
            attempt: 1,
            commands: vec![IssuedCommand {
                command_id,
                command,
            }],
        });
    }

    pub(super) fn replied(&mut self) {
        let order_id = self.order_id;
        let reply = Reply {
            command_id: id(0x41, self.number),
            outcome: ReplyOutcome::Accepted,
        };
        self.saga(FulfilmentEvent::RepliesRecorded {
            order_id,
            issue_id: id(0x40, self.number),
            step: Step::Confirming,
            replies: vec![reply],
        });
    }

    pub(super) fn notified(&mut self, kind: NotificationKind) -> &mut Self {
        let order_id = self.order_id;
        let told = self
            .told
            .iter()
            .filter(|told| told.stream.starts_with("notification-"))
            .count();
        let notification_id = id(0x50 + u16::try_from(told).expect("a few"), self.number);
        let customer = CustomerId::parse(format!("customer-{}", self.number % 3));
        let requested = NotificationEvent::NotificationRequested {
            notification_id: NotificationId(notification_id),
            order_id,
            customer_id: customer.expect("a customer"),
            kind,
            text: format!("Your order {}: {kind:?}", self.number),
            details: [].into(),
        };
        let sent = NotificationEvent::NotificationSent {
            order_id,
            channel: Channel::Log,
        };
        self.told
            .push(notification(notification_id, order_id, requested));
        self.told
            .push(notification(notification_id, order_id, sent));
        self
    }

    pub(super) fn order(&mut self, fact: OrderEvent) -> &mut Self {
        self.told.push(order(self.order_id, fact));
        self
    }

    pub(super) fn payment(&mut self, fact: PaymentEvent) -> &mut Self {
        self.told
            .push(payment(self.payment_id, self.order_id, fact));
        self
    }

    pub(super) fn saga(&mut self, fact: FulfilmentEvent) -> &mut Self {
        self.told.push(saga(self.order_id, fact));
        self
    }

    pub(super) fn stock(&mut self, fact: StockEvent) -> &mut Self {
        self.told.push(stock("TEA", fact));
        self
    }

    pub(super) fn operation(&self, step: u16) -> OperationId {
        OperationId(id(0x10 + step, self.number))
    }

    pub(super) fn reservation(&self) -> ReservationId {
        ReservationId(id(0x60, self.number))
    }

    pub(super) fn shipment(&self) -> ShipmentId {
        ShipmentId(id(0x70, self.number))
    }
}

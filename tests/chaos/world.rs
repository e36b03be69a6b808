//! The aggregates as the log says they are.

use std::collections::BTreeMap;

use cqrs_es::Aggregate;
use orderlog_domain::{
    fact::Fact,
    fulfilment::Fulfilment,
    order::Order,
    payment::Payment,
    stock::{StockEvent, StockItem},
};
use orderlog_log::event::RecordedEvent;

use crate::finding::Finding;

/// By id.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) orders: BTreeMap<String, Order>,
    /// By their orders' ids.
    pub(crate) sagas: BTreeMap<String, Fulfilment>,
    /// By their orders' ids.
    pub(crate) payments: BTreeMap<String, Vec<Payment>>,
    pub(crate) stock: BTreeMap<String, Shelf>,
}

/// Those that name their orders in their events alone, by their own ids.
#[derive(Default)]
struct Loose {
    sagas: BTreeMap<String, Fulfilment>,
    payments: BTreeMap<String, Payment>,
}

/// A stock item and all that ever came and left.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) item: StockItem,
    pub(crate) received: i64,
    pub(crate) committed: i64,
    /// Receipts, by their ids.
    pub(crate) receipts: Vec<String>,
}

impl World {
    pub(crate) fn of(events: &[RecordedEvent]) -> (Self, Vec<Finding>) {
        let (mut world, mut loose, mut findings) = (Self::default(), Loose::default(), Vec::new());
        for event in events {
            let (kind, version) = (&event.event_type, event.schema_version);
            match Fact::decode(&event.stream, kind, version, &event.data) {
                Ok(facts) => facts
                    .into_iter()
                    .for_each(|fact| world.take(&mut loose, event, fact)),
                Err(error) => findings.push(Finding::Unreadable {
                    position: event.position,
                    reason: error.to_string(),
                }),
            }
        }
        for saga in loose.sagas.into_values() {
            world.sagas.insert(saga.order_id().to_string(), saga);
        }
        for payment in loose.payments.into_values() {
            let order = payment.order_id().map(|id| id.to_string());
            let of_order = world.payments.entry(order.unwrap_or_default());
            of_order.or_default().push(payment);
        }
        (world, findings)
    }

    fn take(&mut self, loose: &mut Loose, event: &RecordedEvent, fact: Fact) {
        let id = event.stream.split_once('-').map_or("", |(_, id)| id);
        let id = id.to_owned();
        match fact {
            Fact::Order(fact) => self.orders.entry(id).or_default().apply(fact),
            Fact::Stock(fact) => self.stock.entry(id).or_default().take(fact),
            Fact::Fulfilment(fact) => loose.sagas.entry(id).or_default().apply(fact),
            Fact::Payment(fact) => loose.payments.entry(id).or_default().apply(fact),
            Fact::Product(_) | Fact::Notification(_) | Fact::Contact(_) | Fact::Webhook(_) => {}
        }
    }
}

impl Shelf {
    fn take(&mut self, fact: StockEvent) {
        match &fact {
            StockEvent::StockReceived {
                receipt_id,
                quantity,
                ..
            } => {
                self.received += i64::from(*quantity);
                self.receipts.push(receipt_id.clone());
            }
            StockEvent::StockCommitted { quantity, .. } => self.committed += i64::from(*quantity),
            StockEvent::StockItemRegistered { .. }
            | StockEvent::StockPolicyChanged { .. }
            | StockEvent::StockAdjusted { .. }
            | StockEvent::StockShortfallDetected { .. }
            | StockEvent::LowStockReached { .. }
            | StockEvent::StockReserved { .. }
            | StockEvent::StockReservationConfirmed { .. }
            | StockEvent::StockReservationReleased { .. }
            | StockEvent::StockReservationExpired { .. }
            | StockEvent::ReservationTombstoned { .. }
            | StockEvent::BackorderFilled { .. } => {}
        }
        self.item.apply(fact);
    }
}

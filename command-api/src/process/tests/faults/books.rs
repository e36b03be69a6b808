//! What must be true when a story has ended, whatever went wrong on the way: money and stock add up,
//! the order is in a legal final state, nothing happened twice, and the saga would decide the same
//! again.

use std::collections::{BTreeMap, BTreeSet};

use orderlog_domain::{
    fact::Fact,
    fulfilment::{Status, Step, history::Recorded, replay::replay},
    order::OrderStatus,
    payment::{Ledger, PaymentStatus},
};
use orderlog_log::event::RecordedEvent;

use super::bank::{Books, sums};
use crate::process::tests::{clients::STOCK, world::World};

/// Where everything ended; times and attempts aside.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct End {
    pub(super) order: OrderStatus,
    pub(super) saga: (Step, Status),
    pub(super) payments: Vec<(PaymentStatus, Ledger)>,
    stock: (i64, i64),
    /// How many notifications of each kind were sent.
    told: BTreeMap<String, usize>,
}

/// Checks the books, and answers where everything ended.
pub(super) async fn check(world: &World, books: &Books) -> End {
    let events = world.events().await;
    let payments = world.payments().await;
    let (order, saga, stock) = (world.state().await, world.saga().await, world.stock().await);
    let end = End {
        order: order.status,
        saga: (saga.step, saga.status()),
        payments: payments
            .iter()
            .map(|(_, payment)| (payment.status(), payment.ledger))
            .collect(),
        stock: (stock.on_hand, stock.available()),
        told: told(&events),
    };
    let total = order.placed.as_ref().unwrap().total.amount_minor;
    let pieces: i64 = order
        .placed
        .iter()
        .flat_map(|placed| &placed.lines)
        .map(|line| i64::from(line.quantity))
        .sum();
    let has_left = order.shipments.iter().any(|shipment| shipment.has_left());
    money_adds_up(
        &end,
        books,
        payments
            .iter()
            .any(|(_, payment)| payment.in_flight.is_some() || payment.conflict.is_some()),
    );
    let (held, kept) = (end.sum(Ledger::held), end.sum(Ledger::refundable));
    assert!(stock.available() >= 0, "oversold: {stock:?}");
    assert_eq!(
        stock.on_hand,
        STOCK - if has_left { pieces } else { 0 },
        "{stock:?}"
    );
    match end.order {
        OrderStatus::Rejected | OrderStatus::Cancelled => {
            assert_eq!(end.saga, (Step::Compensated, Status::Compensated));
            assert_eq!((held, kept), (0, 0), "charged for nothing: {end:?}");
            assert!(stock.reservations.is_empty(), "still held: {stock:?}");
        }
        OrderStatus::Completed => {
            assert_eq!(end.saga, (Step::Completed, Status::Completed));
            assert_eq!((held, kept), (0, total), "{end:?}");
            assert!(stock.reservations.is_empty(), "still held: {stock:?}");
        }
        OrderStatus::New
        | OrderStatus::Placed
        | OrderStatus::AwaitingPayment
        | OrderStatus::Confirmed
        | OrderStatus::PartiallyShipped
        | OrderStatus::Shipped
        | OrderStatus::Cancelling => {
            assert_eq!(end.saga.1, Status::NeedsOperator, "not at its end: {end:?}");
        }
    }
    nothing_came_twice(&events);
    the_saga_would_do_it_again(&events);
    end
}

impl End {
    /// Whether it waits for a person.
    pub(super) fn needs_a_person(&self) -> bool {
        self.saga.1 == Status::NeedsOperator
    }

    fn sum(&self, of: fn(Ledger) -> i64) -> i64 {
        self.payments.iter().map(|(_, ledger)| of(*ledger)).sum()
    }
}

/// Our ledgers keep their bounds and, where nothing is open, agree with the gateway's books.
fn money_adds_up(end: &End, books: &Books, is_open: bool) {
    let ours = Ledger {
        authorized: end.sum(|ledger| ledger.authorized),
        captured: end.sum(|ledger| ledger.captured),
        voided: end.sum(|ledger| ledger.voided),
        refunded: end.sum(|ledger| ledger.refunded),
    };
    for ledger in end
        .payments
        .iter()
        .map(|(_, ledger)| *ledger)
        .chain([sums(books)])
    {
        assert!(
            ledger.captured + ledger.voided <= ledger.authorized,
            "{ledger:?}"
        );
        assert!(ledger.refunded <= ledger.captured, "{ledger:?}");
    }
    // An amount that was not asked for is let go without having come into our ledgers.
    let open = |ledger: Ledger| (ledger.held(), ledger.captured, ledger.refunded);
    assert!(
        is_open || open(ours) == open(sums(books)),
        "{ours:?} {:?}",
        sums(books)
    );
}

/// A command is recorded once, and of what happens to an order once there is one event.
fn nothing_came_twice(events: &[RecordedEvent]) {
    let mut done = BTreeSet::new();
    for command in events.chunk_by(|one, next| one.command_id == next.command_id) {
        let id = command.first().map(|event| event.command_id);
        assert!(done.insert(id), "{command:?} was done before");
    }
    let mut seen = BTreeSet::new();
    let once = [
        "OrderPlaced",
        "OrderConfirmed",
        "OrderRejected",
        "OrderCancelled",
        "OrderCompleted",
        "ShipmentCreated",
        "ShipmentReleased",
        "ShipmentDispatched",
        "StockCommitted",
        "FulfilmentStarted",
        "FulfilmentCompleted",
        "FulfilmentCompensated",
        "PaymentInitiated",
        "PaymentCaptured",
        "PaymentRefunded",
        "NotificationRequested",
        "NotificationSent",
    ];
    for event in events
        .iter()
        .filter(|event| once.contains(&event.event_type.as_str()))
    {
        assert!(
            seen.insert((&event.stream, &event.event_type)),
            "{event:?} came before"
        );
    }
}

/// Today's rules, given what the saga heard, decide what it decided.
fn the_saga_would_do_it_again(events: &[RecordedEvent]) {
    let history: Vec<Recorded> = events
        .iter()
        .flat_map(|event| {
            let (kind, version) = (&event.event_type, event.schema_version);
            let facts = Fact::decode(&event.stream, kind, version, &event.data);
            let facts = facts.unwrap_or_else(|error| panic!("{error}"));
            facts.into_iter().map(move |fact| (event, fact))
        })
        .filter_map(|(event, fact)| match fact {
            Fact::Fulfilment(data) => Some(Recorded {
                version: event.version,
                occurred_at: event.occurred_at,
                data,
            }),
            _ => None,
        })
        .collect();
    assert_eq!(replay(&history).differences, []);
}

fn told(events: &[RecordedEvent]) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    for event in events
        .iter()
        .filter(|event| event.stream.starts_with("notification-"))
    {
        *told.entry(event.event_type.clone()).or_default() += 1;
    }
    told
}

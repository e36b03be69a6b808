//! What holds of every projection, whatever happens in whatever order: rows do not depend on where
//! batches end, each belongs to one slot, and the axes agree with the aggregates.

use std::collections::BTreeMap;

use chrono_tz::Europe::Berlin;
use cqrs_es::Aggregate;
use orderlog_domain::{fact::Fact, fulfilment::Fulfilment, order::Order, payment::Payment};
use orderlog_log::event::RecordedEvent;
use orderlog_runtime::{
    projection::{Occurred, Projection},
    source::slot_of,
};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{
    customers::Customers,
    daily_sales::Sales,
    notifications::Notifications,
    order_summary::OrderSummaries,
    order_timeline::Timeline,
    payments::Payments,
    products::Products,
    sagas::{SagaStatus, Sagas},
    stock_levels::StockLevels,
    testing::{self, Told, journeys},
};

/// Some orders of all kinds, their facts interleaved at random.
fn stories() -> impl Strategy<Value = Vec<(RecordedEvent, Fact)>> {
    (vec(0..4u8, 1..6), vec(any::<Index>(), 300)).prop_map(|(kinds, turns)| {
        let mut left: Vec<Vec<Told>> = kinds
            .iter()
            .zip(1..)
            .map(|(kind, n)| journey(*kind, n))
            .collect();
        let mut told = journeys::catalogue();
        for turn in turns.iter().cycle() {
            left.retain(|journey| !journey.is_empty());
            if left.is_empty() {
                break;
            }
            let next = turn.index(left.len());
            told.push(left[next].remove(0));
        }
        testing::recorded(told)
    })
}

fn journey(kind: u8, number: u64) -> Vec<Told> {
    match kind {
        0 => journeys::completed(number, 90),
        1 => journeys::declined(number),
        2 => journeys::cancelled(number),
        _ => journeys::half_refunded(number, 90),
    }
}

fn batches_do_not_matter<P: Projection<Fact>>(
    projection: &P,
    story: &[(RecordedEvent, Fact)],
    cuts: &[Index],
) where
    P::Row: PartialEq + std::fmt::Debug,
{
    let mut whole = testing::Rows::<P>::new();
    testing::fold(projection, story, &mut whole);
    let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(story.len())).collect();
    ends.push(story.len());
    ends.sort_unstable();
    let (mut rows, mut from) = (testing::Rows::<P>::new(), 0);
    for end in ends {
        testing::fold(projection, &story[from..end], &mut rows);
        rows = testing::stored::<P>(&rows);
        from = end;
    }
    assert_eq!(whole, rows);
    for row in whole.values() {
        assert_eq!(
            projection.columns(row).len(),
            projection.definition().columns.len()
        );
    }
}

fn rows_have_one_slot<P: Projection<Fact>>(projection: &P, story: &[(RecordedEvent, Fact)]) {
    let mut slots = BTreeMap::new();
    for (recorded, fact) in story {
        for key in projection.keys(&Occurred { recorded, fact }) {
            let slot = slot_of(&recorded.partition_key);
            assert_eq!(*slots.entry(key.clone()).or_insert(slot), slot, "{key}");
        }
    }
}

/// The same check of every projection; their types differ.
macro_rules! for_each_projection {
    ($check:ident, $($argument:expr),*) => {{
        $check(&OrderSummaries, $($argument),*);
        $check(&Timeline, $($argument),*);
        $check(&Payments, $($argument),*);
        $check(&StockLevels, $($argument),*);
        $check(&Products, $($argument),*);
        $check(&Sagas, $($argument),*);
        $check(&Notifications, $($argument),*);
        $check(&Customers, $($argument),*);
        $check(&Sales { zone: Berlin }, $($argument),*);
    }};
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_do_not_depend_on_where_batches_end(story in stories(), cuts in vec(any::<Index>(), 0..8)) {
        for_each_projection!(batches_do_not_matter, &story, &cuts);
    }

    #[test]
    fn a_row_is_fed_from_one_slot_of_partition_keys(story in stories()) {
        for_each_projection!(rows_have_one_slot, &story);
    }

    #[test]
    fn statuses_are_those_of_the_aggregates(story in stories()) {
        let mut orders = testing::Rows::<OrderSummaries>::new();
        let mut payments = testing::Rows::<Payments>::new();
        let mut sagas = testing::Rows::<Sagas>::new();
        let mut states = States::default();
        for event in story.chunks(1) {
            testing::fold(&OrderSummaries, event, &mut orders);
            testing::fold(&Payments, event, &mut payments);
            testing::fold(&Sagas, event, &mut sagas);
            states.apply(&event[0].1, &event[0].0.partition_key);
            states.agree(&orders, &payments, &sagas);
        }
    }
}

/// The aggregates, by their rows' keys.
#[derive(Default)]
struct States {
    orders: BTreeMap<String, Order>,
    payments: BTreeMap<String, Payment>,
    sagas: BTreeMap<String, Fulfilment>,
}

impl States {
    fn apply(&mut self, fact: &Fact, key: &str) {
        let key = key.to_owned();
        match fact {
            Fact::Order(fact) => self.orders.entry(key).or_default().apply(fact.clone()),
            Fact::Payment(fact) => self.payments.entry(key).or_default().apply(fact.clone()),
            Fact::Fulfilment(fact) => self.sagas.entry(key).or_default().apply(fact.clone()),
            Fact::Product(_)
            | Fact::Stock(_)
            | Fact::Notification(_)
            | Fact::Contact(_)
            | Fact::Webhook(_) => {}
        }
    }

    fn agree(
        &self,
        orders: &testing::Rows<OrderSummaries>,
        payments: &testing::Rows<Payments>,
        sagas: &testing::Rows<Sagas>,
    ) {
        for (id, order) in &self.orders {
            assert_eq!(orders[id].status, order.status);
        }
        for payment in payments.values() {
            let state = &self.payments[&payment.order_id.to_string()];
            assert_eq!(payment.status, state.status());
            let ledger = state.ledger;
            let row = [
                payment.authorized,
                payment.captured,
                payment.voided,
                payment.refunded,
            ];
            let sums = [
                ledger.authorized,
                ledger.captured,
                ledger.voided,
                ledger.refunded,
            ];
            assert_eq!(row.map(|money| money.amount_minor), sums);
        }
        for (id, saga) in &self.sagas {
            assert_eq!(sagas[id].step, saga.step);
            let needs_operator = sagas[id].status == SagaStatus::NeedsOperator;
            assert_eq!(needs_operator, saga.operator.is_some());
        }
    }
}

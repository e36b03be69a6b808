//! What must be true when nothing is left to happen.

use cqrs_es::Aggregate;
use orderlog_domain::{
    fulfilment::{Fulfilment, Status, Step, replay::replay},
    ids::OrderId,
    order::{Order, OrderStatus},
    payment::Payment,
};

use crate::{
    operators::is_by_hand,
    world::{Plan, World, sku},
};

pub(crate) fn check(world: &World) {
    for (order_id, (order, plan)) in &world.orders {
        let (saga, history) = &world.sagas[order_id];
        let mut replayed = Fulfilment::default();
        history
            .iter()
            .for_each(|event| replayed.apply(event.data.clone()));
        assert_eq!(&replayed, saga, "a replay differs");
        assert_eq!(replay(history).differences, [], "a decision differs");
        was_confirmed_on_money(world, order);
        match order.status {
            OrderStatus::Rejected | OrderStatus::Cancelled => {
                assert_eq!(
                    (saga.step, saga.status()),
                    (Step::Compensated, Status::Compensated),
                    "{history:#?}"
                );
                nothing_is_left(world, *order_id);
            }
            OrderStatus::Completed => {
                assert_eq!(
                    (saga.step, saga.status()),
                    (Step::Completed, Status::Completed)
                );
                is_paid(world, *order_id, order);
            }
            OrderStatus::New
            | OrderStatus::Placed
            | OrderStatus::AwaitingPayment
            | OrderStatus::Confirmed
            | OrderStatus::PartiallyShipped
            | OrderStatus::Shipped
            | OrderStatus::Cancelling => waits_for_a_person(saga, plan, order),
        }
        assert!(
            saga.timers.is_empty(),
            "{:?} waits on {:?}",
            saga.step,
            saga.timers
        );
    }
    stock_adds_up(world);
    the_gateway_agrees(world);
}

/// What must be true when operators have also declared things to be done by hand: an order whose
/// books they took over may be left with money or goods, but no money was moved twice.
pub(crate) fn check_with_work_by_hand(world: &World) {
    for (order_id, (order, _)) in &world.orders {
        let (saga, history) = &world.sagas[order_id];
        let mut replayed = Fulfilment::default();
        history
            .iter()
            .for_each(|event| replayed.apply(event.data.clone()));
        assert_eq!(&replayed, saga, "a replay differs");
        let has_ended = matches!(saga.status(), Status::Completed | Status::Compensated);
        let waits = saga.status() == Status::NeedsOperator || saga.step == Step::Preparing;
        let by_hand = history.iter().any(|event| is_by_hand(&event.data));
        assert!(has_ended || waits, "{:?}: {history:#?}", saga.status());
        assert!(saga.timers.is_empty(), "it waits on {:?}", saga.timers);
        if !by_hand && saga.step == Step::Compensated && saga.status() == Status::Compensated {
            nothing_is_left(world, *order_id);
        }
        nothing_is_moved_twice(world, *order_id, order);
    }
    the_gateway_agrees(world);
}

fn nothing_is_moved_twice(world: &World, order_id: OrderId, order: &Order) {
    let total = order
        .placed
        .as_ref()
        .map_or(0, |placed| placed.total.amount_minor);
    let mut captured = 0;
    for (payment_id, payment) in payments_of(world, order_id) {
        let ledger = payment.ledger;
        assert!(
            ledger.captured + ledger.voided <= ledger.authorized,
            "{payment:?}"
        );
        assert!(ledger.refunded <= ledger.captured, "{payment:?}");
        let account = world.gateway.get(payment_id).cloned().unwrap_or_default();
        assert!(
            account.captured + account.voided <= account.authorized,
            "{account:?}"
        );
        assert!(account.refunded <= account.captured, "{account:?}");
        captured += account.captured;
    }
    assert!(captured <= total, "{captured} were taken for {total}");
}

fn was_confirmed_on_money(world: &World, order: &Order) {
    let (Some(payment_id), Some(placed)) = (order.payment_id, &order.placed) else {
        return;
    };
    let authorized = world.payments[&payment_id].ledger.authorized;
    assert_eq!(
        authorized, placed.total.amount_minor,
        "it was confirmed on less than its total"
    );
}

fn nothing_is_left(world: &World, order_id: OrderId) {
    for item in world.stock.values() {
        assert!(
            item.reservations
                .values()
                .all(|held| held.order_id != order_id),
            "stock is still held"
        );
    }
    for (payment_id, payment) in payments_of(world, order_id) {
        assert_eq!(
            (payment.ledger.held(), payment.ledger.refundable()),
            (0, 0),
            "{payment:?}"
        );
        let account = world.gateway.get(payment_id).cloned().unwrap_or_default();
        assert_eq!(
            (account.held(), account.captured - account.refunded),
            (0, 0),
            "{payment:?} {account:?}"
        );
    }
}

fn is_paid(world: &World, order_id: OrderId, order: &Order) {
    let total = order
        .placed
        .as_ref()
        .map_or(0, |placed| placed.total.amount_minor);
    let paid: i64 = payments_of(world, order_id)
        .map(|(_, payment)| payment.ledger.refundable())
        .sum();
    assert_eq!(paid, total);
}

fn waits_for_a_person(saga: &Fulfilment, plan: &Plan, order: &Order) {
    let may_wait =
        plan.script.may_need_a_person() || !plan.conduct.packs || !plan.conduct.dispatches;
    assert!(
        may_wait,
        "{:?} in {:?}, {:?} waits for {:?}",
        order.status,
        saga.step,
        saga.status(),
        saga.waits_for()
    );
    let waits_for_packing = saga.step == Step::Preparing && !plan.conduct.packs;
    assert!(
        saga.status() == Status::NeedsOperator || waits_for_packing,
        "{:?} in {:?}, {:?} waits for {:?}",
        order.status,
        saga.step,
        saga.status(),
        saga.waits_for()
    );
}

fn stock_adds_up(world: &World) {
    for (product, initial) in world.initial_stock.iter().enumerate() {
        let item = &world.stock[&sku(product)];
        let has_left = |order: &Order| order.shipments.iter().any(|shipment| shipment.has_left());
        let gone: i64 = world
            .orders
            .values()
            .filter(|(order, _)| has_left(order))
            .flat_map(|(order, _)| order.placed.iter().flat_map(|placed| &placed.lines))
            .filter(|line| line.sku == sku(product))
            .map(|line| i64::from(line.quantity))
            .sum();
        assert_eq!(item.on_hand, i64::from(*initial) - gone);
    }
}

fn the_gateway_agrees(world: &World) {
    for (payment_id, payment) in world
        .payments
        .iter()
        .filter(|(_, payment)| payment.in_flight.is_none() && payment.conflict.is_none())
    {
        let account = world.gateway.get(payment_id).cloned().unwrap_or_default();
        let ours = (
            payment.ledger.held(),
            payment.ledger.captured,
            payment.ledger.refunded,
        );
        assert_eq!(
            ours,
            (account.held(), account.captured, account.refunded),
            "{payment:?}"
        );
    }
}

fn payments_of(
    world: &World,
    order_id: OrderId,
) -> impl Iterator<Item = (&orderlog_domain::ids::PaymentId, &Payment)> {
    world
        .payments
        .iter()
        .filter(move |(_, payment)| payment.order_id() == Some(order_id))
}

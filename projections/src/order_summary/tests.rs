//! The fold of order summaries, and their three axes.

use orderlog_domain::{
    ids::OperationId,
    order::{OrderEvent, OrderStatus, RejectionReason, ShipmentPhase},
    payment::{Operation, PaymentEvent},
};

use super::*;
use crate::testing::{
    self, at, euro, id, journey::Journey, journeys, order, order_id, payment, payment_id, row,
};

fn axes(order: &OrderSummary) -> (OrderStatus, PaymentStatus, FulfillmentStatus) {
    (order.status, order.payment_status, order.fulfillment_status)
}

#[test]
fn an_order_moves_along_three_axes() {
    use {FulfillmentStatus as F, OrderStatus as O, PaymentStatus as P};
    let mut journey = Journey::placed(1);
    let check = |journey: &Journey, expected| {
        assert_eq!(axes(&row(&OrderSummaries, journey.told())), expected);
    };
    check(&journey, (O::Placed, P::Pending, F::Unfulfilled));
    check(
        journey.reserved(),
        (O::AwaitingPayment, P::Pending, F::Reserved),
    );
    check(
        journey.authorized(),
        (O::AwaitingPayment, P::Authorized, F::Reserved),
    );
    check(
        journey.confirmed(),
        (O::Confirmed, P::Authorized, F::Reserved),
    );
    check(journey.packed(), (O::Confirmed, P::Authorized, F::Packed));
    check(journey.captured(), (O::Confirmed, P::Paid, F::Packed));
    check(journey.dispatched(98), (O::Shipped, P::Paid, F::Shipped));
    check(journey.delivered(), (O::Completed, P::Paid, F::Delivered));
}

#[test]
fn a_completed_order_tells_all_about_itself() {
    let order = row(&OrderSummaries, journeys::completed(1, 98));
    assert_eq!(order.customer_id.as_str(), "customer-1");
    assert_eq!(
        (order.total, order.captured, order.refunded),
        (euro(2500), euro(2500), euro(0))
    );
    assert_eq!(order.payments, [payment_id(1)]);
    assert_eq!(order.reference.as_deref(), Some("R-1"));
    let shipment = &order.shipments[0];
    assert_eq!(shipment.phase, ShipmentPhase::Delivered);
    assert_eq!(shipment.carrier.as_deref(), Some("DHL"));
    assert_eq!(shipment.tracking.as_deref(), Some("T1"));
}

#[test]
fn version_and_time_come_from_the_events() {
    let mut story = testing::recorded(journeys::completed(1, 98));
    story.retain(|(recorded, _)| recorded.stream.starts_with("order-"));
    let (last, _) = story.last().expect("there is one");
    let order = row(&OrderSummaries, journeys::completed(1, 98));
    assert_eq!(order.version, last.version);
    assert_eq!(order.placed_at, at(1));
    assert_eq!(order.updated_at, last.occurred_at);
}

#[test]
fn a_declined_order_is_rejected_and_its_stock_released() {
    let order = row(&OrderSummaries, journeys::declined(1));
    assert_eq!(
        axes(&order),
        (
            OrderStatus::Rejected,
            PaymentStatus::Declined,
            FulfillmentStatus::Released
        )
    );
    let code = "insufficient_funds".to_owned();
    assert_eq!(
        order.rejection,
        Some(RejectionReason::PaymentDeclined { code })
    );
}

#[test]
fn a_cancelled_order_has_its_payment_voided() {
    let order = row(&OrderSummaries, journeys::cancelled(1));
    assert_eq!(
        axes(&order),
        (
            OrderStatus::Cancelled,
            PaymentStatus::Voided,
            FulfillmentStatus::Released
        )
    );
    assert_eq!(
        order.cancellation.expect("it was asked for").reason,
        "changed my mind"
    );
}

#[test]
fn half_of_the_money_given_back_is_partially_refunded() {
    let order = row(&OrderSummaries, journeys::half_refunded(1, 98));
    assert_eq!(order.payment_status, PaymentStatus::PartiallyRefunded);
    assert_eq!((order.captured, order.refunded), (euro(2500), euro(1250)));
}

#[test]
fn an_unknown_outcome_is_shown_until_it_is_known() {
    let (order_id, operation_id) = (order_id(1), OperationId(id(0x11, 1)));
    let mut journey = Journey::placed(1);
    let mut story = journey.reserved().begun_to_pay().told();
    let of = |fact| payment(payment_id(1), order_id, fact);
    let operation = Operation::Authorize;
    story.push(of(PaymentEvent::PaymentOutcomeUnknown {
        order_id,
        operation_id,
        operation,
    }));
    assert_eq!(
        row(&OrderSummaries, story.clone()).payment_status,
        PaymentStatus::Unknown
    );
    story.push(of(PaymentEvent::PaymentVoidScheduled {
        order_id,
        operation_id,
    }));
    assert_eq!(
        row(&OrderSummaries, story.clone()).payment_status,
        PaymentStatus::Unknown
    );
    let code = "late".to_owned();
    let declined = PaymentEvent::PaymentDeclined {
        order_id,
        operation_id,
        code,
        retryable: false,
    };
    story.push(of(declined));
    assert_eq!(
        row(&OrderSummaries, story).payment_status,
        PaymentStatus::Declined
    );
}

#[test]
fn an_order_without_a_price_needs_no_payment() {
    let mut placed = Journey::placed(1).told().remove(0);
    let Fact::Order(OrderEvent::OrderPlaced { total, .. }) = &mut placed.fact else {
        panic!("an order begins with its placement");
    };
    *total = euro(0);
    let order = row(&OrderSummaries, [placed]);
    assert_eq!(order.payment_status, PaymentStatus::NotRequired);
}

#[test]
fn a_fact_of_an_order_that_was_never_placed_does_not_fit() {
    let told = order(
        order_id(1),
        OrderEvent::OrderCompleted {
            order_id: order_id(1),
        },
    );
    let (recorded, fact) = testing::recorded([told]).remove(0);
    let event = Occurred {
        recorded: &recorded,
        fact: &fact,
    };
    let error = OrderSummaries
        .apply("key", &mut None, &event)
        .expect_err("nothing was placed");
    assert_eq!(error.projection, NAME);
}

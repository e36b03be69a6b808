//! The fold of payments.

use orderlog_domain::{
    ids::OperationId,
    money::{Currency, Money},
    payment::PaymentEvent,
};

use super::*;
use crate::testing::{
    Told, at, euro, id, journey::Journey, journeys, order_id, payment, payment_id, row,
};

fn told(fact: PaymentEvent) -> Told {
    payment(payment_id(1), order_id(1), fact)
}

fn operation(number: u16) -> OperationId {
    OperationId(id(0x10 + number, 1))
}

#[test]
fn the_ledger_has_what_the_gateway_confirmed() {
    let payment = row(&Payments, journeys::half_refunded(1, 98));
    assert_eq!(payment.status, PaymentStatus::PartiallyRefunded);
    let sums = [
        payment.authorized,
        payment.captured,
        payment.refunded,
        payment.voided,
    ];
    assert_eq!(sums, [euro(2500), euro(2500), euro(1250), euro(0)]);
    assert_eq!(payment.refunds.len(), 1);
    assert_eq!(payment.in_flight, None);
}

#[test]
fn what_is_asked_of_the_gateway_is_in_flight_until_answered() {
    let payment = row(&Payments, Journey::placed(1).begun_to_pay().told());
    assert_eq!(
        (payment.status, payment.attempts),
        (PaymentStatus::Authorizing, 1)
    );
    let in_flight = payment.in_flight.expect("an operation is in flight");
    assert_eq!(
        (in_flight.operation, in_flight.operation_id),
        (Operation::Authorize, operation(1))
    );
    assert_eq!(payment.authorized, euro(0));
}

#[test]
fn the_customer_is_told_where_to_act_until_it_is_done() {
    let (order_id, operation_id) = (order_id(1), operation(1));
    let mut story = Journey::placed(1).begun_to_pay().told();
    let url = "https://bank.example/3ds".to_owned();
    let expires_at = at(900);
    story.push(told(PaymentEvent::PaymentActionRequired {
        order_id,
        operation_id,
        url,
        expires_at,
    }));
    let row_then = row(&Payments, story.clone());
    assert_eq!(row_then.status, PaymentStatus::RequiresAction);
    assert_eq!(
        row_then.action.expect("something is to be done").expires_at,
        expires_at
    );
    story.push(told(PaymentEvent::PaymentAuthorizationRequested {
        order_id,
        operation_id: operation(2),
        amount: euro(2500),
        method_token: "tok".to_owned(),
    }));
    assert_eq!(row(&Payments, story).action, None);
}

#[test]
fn a_decline_keeps_the_gateways_code() {
    let payment = row(&Payments, journeys::declined(1));
    assert_eq!(payment.status, PaymentStatus::Declined);
    assert_eq!(payment.failure.as_deref(), Some("insufficient_funds"));
}

#[test]
fn an_amount_of_another_currency_stops_no_fold() {
    let (order_id, operation_id) = (order_id(1), operation(1));
    let yen = Money::new(9, Currency::from_code("JPY").expect("a currency"));
    let mut story = Journey::placed(1).begun_to_pay().told();
    story.push(told(PaymentEvent::PaymentConflictDetected {
        order_id,
        operation_id,
        expected: euro(2500),
        reported: yen,
        gateway_ref: None,
    }));
    assert_eq!(
        row(&Payments, story.clone()).status,
        PaymentStatus::Conflicted
    );
    story.push(told(PaymentEvent::PaymentVoided {
        order_id,
        operation_id,
        amount: yen,
    }));
    let payment = row(&Payments, story);
    assert_eq!(
        (payment.status, payment.voided),
        (PaymentStatus::Voided, euro(0))
    );
}

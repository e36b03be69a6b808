//! What an order may say, and how it adds up.

use super::*;
use crate::order::{OrderCommand, testing::*};

fn placing(change: impl FnOnce(&mut PlaceOrder)) -> OrderCommand {
    let mut command = place_order();
    change(&mut command);
    OrderCommand::Place(command)
}

fn is_refused(change: impl FnOnce(&mut PlaceOrder), refusal: OrderRefusal) {
    given(vec![])
        .when(placing(change))
        .then_expect_error(refusal);
}

fn placed_lines(change: impl FnOnce(&mut PlaceOrder)) -> (Vec<OrderLine>, Money) {
    let events = Order::default()
        .decide(placing(change), at())
        .expect("placed");
    match events.as_slice() {
        [OrderEvent::OrderPlaced { lines, total, .. }] => (lines.clone(), *total),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_is_placed_with_its_totals() {
    given(vec![])
        .when(placing(|_| {}))
        .then_expect_events(vec![placed_event()]);
}

#[test]
fn an_order_is_placed_once() {
    given(placed())
        .when(placing(|_| {}))
        .then_expect_error(OrderRefusal::OrderExists);
}

#[test]
fn tax_is_added_unless_the_price_contains_it() {
    let (lines, total) = placed_lines(|order| {
        order.lines[0].discount = eur(1);
        order.lines[0].tax.inclusive = false;
    });
    assert_eq!(
        (lines[0].tax, lines[0].total, total),
        (eur(380), eur(2379), eur(2879))
    );
}

#[test]
fn an_order_has_one_to_a_thousand_lines() {
    is_refused(|order| order.lines.clear(), OrderRefusal::EmptyOrder);
    let line = |n: i64| RequestedLine {
        unit_price: eur(n),
        ..requested_line()
    };
    is_refused(
        |order| order.lines = (0..1001).map(line).collect(),
        OrderRefusal::TooManyLines {
            lines: 1001,
            limit: 1000,
        },
    );
    assert_eq!(
        placed_lines(|order| order.lines = (0..1000).map(line).collect())
            .0
            .len(),
        1000
    );
}

#[test]
fn a_quantity_is_between_one_and_a_million() {
    for quantity in [-1, 0, 1_000_001, i64::MAX] {
        is_refused(
            |order| order.lines[0].quantity = quantity,
            OrderRefusal::QuantityOutOfRange {
                line: 1,
                quantity,
                limit: 1_000_000,
            },
        );
    }
}

#[test]
fn the_same_product_at_the_same_price_is_one_line() {
    is_refused(
        |order| order.lines.push(requested_line()),
        OrderRefusal::DuplicateLine {
            line: 2,
            first: 1,
            sku: sku("A-1"),
        },
    );
    let (lines, total) = placed_lines(|order| {
        order.lines.push(RequestedLine {
            unit_price: eur(900),
            ..requested_line()
        })
    });
    assert_eq!((lines.len(), total), (2, eur(4300)));
}

#[test]
fn every_amount_is_in_the_currency_of_the_order() {
    let refused = |line| OrderRefusal::CurrencyMismatch {
        line,
        expected: currency("EUR"),
        found: currency("USD"),
    };
    let usd = Money::new(1, currency("USD"));
    is_refused(|order| order.lines[0].unit_price = usd, refused(Some(1)));
    is_refused(|order| order.lines[0].discount = usd, refused(Some(1)));
    is_refused(|order| order.shipping = usd, refused(None));
    is_refused(|order| order.expected_total = Some(usd), refused(None));
}

#[test]
fn no_amount_is_negative() {
    let refused = |line, amount, value| OrderRefusal::NegativeAmount {
        line,
        amount,
        value: eur(value),
    };
    is_refused(
        |order| order.lines[0].unit_price = eur(-1),
        refused(Some(1), Amount::UnitPrice, -1),
    );
    is_refused(
        |order| order.lines[0].discount = eur(-1),
        refused(Some(1), Amount::Discount, -1),
    );
    is_refused(
        |order| order.lines[0].discount = eur(2001),
        refused(Some(1), Amount::Line, -1),
    );
    is_refused(
        |order| order.shipping = eur(-1),
        refused(None, Amount::Shipping, -1),
    );
}

#[test]
fn amounts_that_overflow_are_refused() {
    is_refused(
        |order| order.lines[0].unit_price = eur(i64::MAX),
        OrderRefusal::AmountOverflow { line: Some(1) },
    );
    is_refused(
        |order| order.shipping = eur(i64::MAX),
        OrderRefusal::AmountOverflow { line: None },
    );
}

#[test]
fn a_tax_above_all_of_the_price_is_refused() {
    is_refused(
        |order| order.lines[0].tax.basis_points = 10_001,
        OrderRefusal::TaxOutOfRange {
            line: 1,
            basis_points: 10_001,
            limit: 10_000,
        },
    );
}

#[test]
fn another_total_than_expected_is_refused_with_its_lines() {
    let lines = vec![PricedLine {
        line: 1,
        sku: sku("A-1"),
        unit_price: eur(1000),
        total: eur(2000),
    }];
    is_refused(
        |order| order.expected_total = Some(eur(2400)),
        OrderRefusal::TotalMismatch {
            expected: eur(2400),
            computed: eur(2500),
            lines,
        },
    );
    assert_eq!(
        placed_lines(|order| order.expected_total = Some(eur(2500))).1,
        eur(2500)
    );
}

#[test]
fn only_an_order_of_nothing_needs_no_payment_method() {
    is_refused(
        |order| order.payment_method = None,
        OrderRefusal::PaymentMethodRequired { total: eur(2500) },
    );
    let (_, total) = placed_lines(|order| {
        order.payment_method = None;
        order.lines[0].discount = eur(2000);
        order.shipping = eur(0);
    });
    assert_eq!(total, eur(0));
}

#[test]
fn texts_have_a_length() {
    let refused = |field: &str| OrderRefusal::TextOutOfRange {
        field: field.into(),
        limit: 200,
    };
    is_refused(|order| order.lines[0].name = " ".into(), refused("name"));
    is_refused(
        |order| order.lines[0].name = "ü".repeat(201),
        refused("name"),
    );
    is_refused(
        |order| order.payment_method = Some("x".repeat(201)),
        refused("payment_method"),
    );
    is_refused(
        |order| order.reference = Some(String::new()),
        refused("reference"),
    );
    assert_eq!(
        placed_lines(|order| order.lines[0].name = "ü".repeat(200))
            .0
            .len(),
        1
    );
}

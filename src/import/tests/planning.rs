//! What is to be done with the invoices of a file.

use std::collections::HashMap;

use super::{pence, reading};
use crate::import::{
    matching::{Closed, PastSale},
    planning::{Plan, plan},
};

/// Which sale each cancelling invoice takes back, or the code of why it takes none.
fn taken_back(plan: &Plan) -> Vec<(&str, &str)> {
    let matched = plan
        .cancellations
        .iter()
        .map(|one| (&*one.invoice.number, &*one.sale));
    let unmatched = plan
        .unmatched
        .iter()
        .map(|(one, why)| (&*one.number, why.code()));
    let mut all: Vec<_> = matched.chain(unmatched).collect();
    all.sort_unstable();
    all
}

/// A sale of an earlier import: one piece of A for a penny to customer 7.
fn placed(number: &str, closed: Option<Closed>) -> PastSale {
    PastSale {
        number: number.to_owned(),
        customer: "7".parse().unwrap(),
        lines: HashMap::from([(("A".parse().unwrap(), pence(1)), 1)]),
        closed,
    }
}

const SALE: [&str; 6] = ["1", "A", "", "1", "0.01", "7"];
const CANCELLING: [&str; 6] = ["C9", "A", "", "-1", "0.01", "7"];

#[test]
fn a_product_has_its_first_description_first_price_and_all_the_stock_it_needs() {
    let plan = plan(
        reading(&[
            ["1", "B", "", "3", "0", "7"],
            ["1", "A", "", "1", "1", "7"],
            ["2", "B", " WHITE LANTERN ", "4", "2.50", "8"],
            ["3", "B", "BLACK LANTERN", "5", "2", "8"],
        ]),
        vec![],
    );
    let products: Vec<_> = plan
        .products
        .iter()
        .map(|one| (one.sku.as_str(), &*one.name, one.unit_price, one.needed))
        .collect();
    let expected = [
        ("A", "A", pence(100), 1),
        ("B", "WHITE LANTERN", pence(250), 12),
    ];
    assert_eq!(products, expected);
    assert_eq!(plan.sales.len(), 3);
}

#[test]
fn a_sale_that_no_order_can_hold_is_refused_and_needs_no_stock() {
    let plan = plan(reading(&[["1", "A", "", "1000001", "1", "7"]]), vec![]);
    assert_eq!(
        (
            plan.sales.len(),
            plan.unplaceable.len(),
            plan.products.len()
        ),
        (0, 1, 0)
    );
}

#[test]
fn only_what_costs_something_has_a_payment_method() {
    let plan = plan(
        reading(&[["1", "A", "", "1", "0", "7"], ["2", "A", "", "1", "1", "7"]]),
        vec![],
    );
    let methods: Vec<_> = plan
        .sales
        .iter()
        .map(|sale| sale.order.payment_method.as_deref())
        .collect();
    assert_eq!(methods, [None, Some("tok_ok")]);
}

#[test]
fn a_cancelling_invoice_takes_the_latest_whole_sale_back_and_each_only_once() {
    let second = ["2", "A", "", "1", "0.01", "7"];
    let again = ["C8", "A", "", "-1", "0.01", "7"];
    let third = ["C7", "A", "", "-1", "0.01", "7"];
    let plan = plan(reading(&[SALE, second, CANCELLING, again, third]), vec![]);
    let expected = [
        ("C7", "import.sale_closed_already"),
        ("C8", "1"),
        ("C9", "2"),
    ];
    assert_eq!(taken_back(&plan), expected);
}

#[test]
fn a_cancelling_invoice_matches_merged_lines_in_any_order() {
    let plan = plan(
        reading(&[
            ["1", "A", "", "3", "1", "7"],
            ["1", "B", "", "1", "1", "7"],
            ["1", "A", "", "1", "1", "7"],
            ["C9", "B", "", "-1", "1", "7"],
            ["C9", "A", "", "-4", "1.0", "7"],
        ]),
        vec![],
    );
    assert_eq!(taken_back(&plan), [("C9", "1")]);
}

#[test]
fn anything_less_than_a_whole_earlier_sale_is_refused_with_what_it_lacks() {
    for (sale, code) in [
        (
            ["1", "A", "", "1", "0.01", "8"],
            "import.no_sale_of_customer",
        ),
        (["1", "A", "", "1", "0.02", "7"], "import.never_sold"),
        (["1", "A", "", "2", "0.01", "7"], "import.part_of_a_sale"),
    ] {
        let plan = plan(reading(&[sale, CANCELLING]), vec![]);
        assert_eq!(taken_back(&plan), [("C9", code)]);
    }
    let more = plan(reading(&[SALE, ["C9", "A", "", "-2", "0.01", "7"]]), vec![]);
    assert_eq!(
        taken_back(&more),
        [("C9", "import.no_sale_with_these_lines")]
    );
}

#[test]
fn a_sale_further_down_the_file_is_not_taken_back() {
    let plan = plan(reading(&[CANCELLING, SALE]), vec![]);
    assert_eq!(taken_back(&plan), [("C9", "import.no_sale_of_customer")]);
}

#[test]
fn a_sale_of_an_earlier_import_is_taken_back_unless_something_else_closed_it() {
    for (closed, expected) in [
        (None, "1"),
        (Some(Closed::By("C9".into())), "1"),
        (Some(Closed::By("C8".into())), "import.sale_closed_already"),
        (Some(Closed::Otherwise), "import.sale_closed_already"),
    ] {
        let plan = plan(reading(&[CANCELLING]), vec![placed("1", closed)]);
        assert_eq!(taken_back(&plan), [("C9", expected)]);
    }
}

#[test]
fn a_second_run_finds_the_sale_that_the_first_has_taken_back() {
    let rows = [SALE, ["2", "A", "", "1", "0.01", "7"], CANCELLING];
    let before = [
        placed("1", None),
        placed("2", Some(Closed::By("C9".into()))),
    ];
    let expected = plan(reading(&rows), vec![]);
    assert_eq!(plan(reading(&rows), before.to_vec()), expected);
    assert_eq!(taken_back(&expected), [("C9", "2")]);
}

//! The fold of customers.

use super::*;
use crate::testing::{at, journeys, rows};

#[test]
fn a_customers_slices_add_up() {
    // Customers are the orders' numbers modulo three.
    let story = (1..=9).flat_map(journeys::declined);
    let rows = rows(&Customers, story);
    let of_customer = |row: &&Customer| row.customer_id.as_str() == "customer-1";
    let mut slices = rows.values().filter(of_customer).cloned();
    let mut customer = slices.next().expect("there are orders");
    slices.for_each(|slice| customer.add(&slice));
    assert_eq!(customer.orders, 3);
    assert_eq!(
        (
            customer.ordered["EUR"].orders,
            customer.ordered["EUR"].total.0
        ),
        (3, 7500)
    );
    assert_eq!(
        (customer.first_order_at, customer.last_order_at),
        (at(1), at(7))
    );
}

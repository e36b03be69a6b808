//! The order that a sale becomes. Its prices are agreed facts of the invoice: they are read from
//! no product, and no tax is added to them.

use orderlog_domain::{
    money::{Money, TaxRate},
    order::{PlaceOrder, RequestedLine},
};

use super::{
    ids,
    invoice::{Invoice, InvoiceLine},
};

/// Prices of the file are what the customer paid.
pub const NO_TAX: TaxRate = TaxRate {
    basis_points: 0,
    inclusive: true,
};

/// The token that pays what has to be paid.
const PAYMENT_METHOD: &str = "tok_ok";

/// The command that places `sale`.
pub fn order(sale: &Invoice) -> PlaceOrder {
    PlaceOrder {
        order_id: ids::order_of(&sale.number),
        customer_id: sale.customer.clone(),
        currency: sale.total.currency,
        lines: sale.lines.iter().map(requested).collect(),
        shipping: Money::zero(sale.total.currency),
        expected_total: Some(sale.total),
        payment_method: (!sale.total.is_zero()).then(|| PAYMENT_METHOD.to_owned()),
        reference: Some(sale.number.clone()),
    }
}

fn requested(line: &InvoiceLine) -> RequestedLine {
    RequestedLine {
        sku: line.sku.clone(),
        name: line
            .description
            .clone()
            .unwrap_or_else(|| line.sku.to_string()),
        quantity: i64::from(line.quantity),
        unit_price: line.unit_price,
        discount: Money::zero(line.unit_price.currency),
        tax: NO_TAX,
        product_version: None,
    }
}

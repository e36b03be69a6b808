//! A customer orders goods. Prices come with the command, read from the catalogue or agreed, and
//! are facts from then on; nothing but the arithmetic is decided here.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    ids::{CustomerId, OrderId, Sku},
    money::{Currency, Money, TaxRate},
};

use super::{
    Amount, Order, OrderEvent, OrderLine, OrderRefusal, PricedLine, pricing::price_line, texts,
};

/// Lines that one order takes.
pub(super) const MAX_LINES: usize = 1000;
/// Pieces that one line takes.
pub(super) const MAX_QUANTITY: u32 = 1_000_000;
/// The highest tax, in hundredths of a percent.
const MAX_TAX: u32 = 10_000;

/// Order goods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaceOrder {
    /// The order, new.
    pub order_id: OrderId,
    /// Who orders.
    pub customer_id: CustomerId,
    /// Currency of every amount.
    pub currency: Currency,
    /// What is ordered.
    pub lines: Vec<RequestedLine>,
    /// What shipping costs.
    pub shipping: Money,
    /// The total that the client reckons with; a difference is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<Money>,
    /// Token of the payment method; may be absent only when nothing has to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<String>,
    /// The customer's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// One line as it is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestedLine {
    /// The product.
    pub sku: Sku,
    /// What the product is called.
    pub name: String,
    /// Pieces wanted.
    pub quantity: i64,
    /// Price of one piece.
    pub unit_price: Money,
    /// Taken off the whole line.
    pub discount: Money,
    /// The tax on it.
    pub tax: TaxRate,
    /// Version of the product that the price was read from; absent for an agreed price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_version: Option<u64>,
}

impl PlaceOrder {
    pub(super) fn decide(
        self,
        order: &Order,
        at: DecidedAt,
    ) -> Result<Vec<OrderEvent>, OrderRefusal> {
        if order.exists() {
            return Err(OrderRefusal::OrderExists);
        }
        self.check_shape()?;
        let lines = self.price_lines()?;
        let total = self.total(&lines)?;
        self.check_expectation(total, &lines)?;
        if self.payment_method.is_none() && !total.is_zero() {
            return Err(OrderRefusal::PaymentMethodRequired { total });
        }
        Ok(vec![OrderEvent::OrderPlaced {
            order_id: self.order_id,
            customer_id: self.customer_id,
            lines,
            shipping: self.shipping,
            total,
            payment_method: self.payment_method,
            reference: self.reference,
            placed_at: at,
        }])
    }

    fn check_shape(&self) -> Result<(), OrderRefusal> {
        if self.lines.is_empty() {
            return Err(OrderRefusal::EmptyOrder);
        }
        if self.lines.len() > MAX_LINES {
            return Err(OrderRefusal::TooManyLines {
                lines: self.lines.len(),
                limit: MAX_LINES,
            });
        }
        if let Some(method) = &self.payment_method {
            texts::check("payment_method", method, texts::SHORT)?;
        }
        if let Some(reference) = &self.reference {
            texts::check("reference", reference, texts::SHORT)?;
        }
        self.check_amount(None, Amount::Shipping, self.shipping)?;
        self.check_duplicates()
    }

    fn check_duplicates(&self) -> Result<(), OrderRefusal> {
        let mut seen = HashMap::new();
        for (line, requested) in numbered(&self.lines) {
            if let Some(first) =
                seen.insert((&requested.sku, requested.unit_price.amount_minor), line)
            {
                return Err(OrderRefusal::DuplicateLine {
                    line,
                    first,
                    sku: requested.sku.clone(),
                });
            }
        }
        Ok(())
    }

    fn price_lines(&self) -> Result<Vec<OrderLine>, OrderRefusal> {
        numbered(&self.lines)
            .map(|(line, requested)| self.price(line, requested))
            .collect()
    }

    fn price(&self, line: u32, requested: &RequestedLine) -> Result<OrderLine, OrderRefusal> {
        texts::check("name", &requested.name, texts::SHORT)?;
        let quantity = u32::try_from(requested.quantity)
            .ok()
            .filter(|quantity| (1..=MAX_QUANTITY).contains(quantity))
            .ok_or(OrderRefusal::QuantityOutOfRange {
                line,
                quantity: requested.quantity,
                limit: MAX_QUANTITY,
            })?;
        let basis_points = requested.tax.basis_points;
        if basis_points > MAX_TAX {
            return Err(OrderRefusal::TaxOutOfRange {
                line,
                basis_points,
                limit: MAX_TAX,
            });
        }
        self.check_amount(Some(line), Amount::UnitPrice, requested.unit_price)?;
        self.check_amount(Some(line), Amount::Discount, requested.discount)?;
        let price = price_line(requested, quantity)
            .map_err(|_| OrderRefusal::AmountOverflow { line: Some(line) })?;
        self.check_amount(Some(line), Amount::Line, price.net_of_discount)?;
        Ok(OrderLine {
            line,
            sku: requested.sku.clone(),
            name: requested.name.clone(),
            quantity,
            unit_price: requested.unit_price,
            discount: requested.discount,
            tax_basis_points: basis_points,
            tax_inclusive: requested.tax.inclusive,
            tax: price.tax,
            total: price.total,
            product_version: requested.product_version,
        })
    }

    fn check_amount(
        &self,
        line: Option<u32>,
        amount: Amount,
        value: Money,
    ) -> Result<(), OrderRefusal> {
        self.check_currency(line, value)?;
        if value.is_negative() {
            return Err(OrderRefusal::NegativeAmount {
                line,
                amount,
                value,
            });
        }
        Ok(())
    }

    fn check_currency(&self, line: Option<u32>, value: Money) -> Result<(), OrderRefusal> {
        if value.currency != self.currency {
            return Err(OrderRefusal::CurrencyMismatch {
                line,
                expected: self.currency,
                found: value.currency,
            });
        }
        Ok(())
    }

    fn total(&self, lines: &[OrderLine]) -> Result<Money, OrderRefusal> {
        lines
            .iter()
            .try_fold(self.shipping, |sum, line| sum.checked_add(line.total))
            .map_err(|_| OrderRefusal::AmountOverflow { line: None })
    }

    fn check_expectation(&self, computed: Money, lines: &[OrderLine]) -> Result<(), OrderRefusal> {
        let Some(expected) = self.expected_total else {
            return Ok(());
        };
        self.check_currency(None, expected)?;
        if expected == computed {
            return Ok(());
        }
        let lines = lines
            .iter()
            .map(|line| PricedLine {
                line: line.line,
                sku: line.sku.clone(),
                unit_price: line.unit_price,
                total: line.total,
            })
            .collect();
        Err(OrderRefusal::TotalMismatch {
            expected,
            computed,
            lines,
        })
    }
}

/// Lines with their numbers, from 1.
fn numbered(lines: &[RequestedLine]) -> impl Iterator<Item = (u32, &RequestedLine)> {
    (1u32..).zip(lines)
}

#[cfg(test)]
#[path = "place_order_tests.rs"]
mod tests;

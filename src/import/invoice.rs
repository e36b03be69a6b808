//! One invoice: its rows checked against each other and merged. Equal lines (same product, same
//! price) become one; the same product at another price stays a line of its own. Quantities are
//! counts here; whether goods go out or come back is the invoice's kind.

use std::collections::{HashMap, hash_map::Entry};

use orderlog_domain::{
    ids::{CustomerId, Sku},
    money::Money,
};

use super::fault::{Fault, RefusedInvoice};

/// One row of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Line of the file.
    pub line: u64,
    /// The product.
    pub sku: Sku,
    /// What the invoice calls it.
    pub description: Option<String>,
    /// Pieces, as written.
    pub quantity: i64,
    /// Price of one piece.
    pub unit_price: Money,
    /// Whose invoice it is.
    pub customer: CustomerId,
}

/// A sale, or the taking back of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Invoice {
    /// Its number.
    pub number: String,
    /// Line of the file on which it begins.
    pub line: u64,
    /// Whether goods go out or come back.
    pub kind: InvoiceKind,
    /// Whose it is.
    pub customer: CustomerId,
    /// Its lines, merged, in the order of the file; at least one.
    pub lines: Vec<InvoiceLine>,
    /// What the lines add up to.
    pub total: Money,
}

/// Whether goods go out or come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceKind {
    /// An order.
    Sale,
    /// Takes an earlier sale back; its number begins with C.
    Cancelling,
}

/// One product at one price.
#[derive(Clone, Debug, PartialEq)]
pub struct InvoiceLine {
    /// The product.
    pub sku: Sku,
    /// What the invoice calls it, where it says so.
    pub description: Option<String>,
    /// Pieces.
    pub quantity: u32,
    /// Price of one piece.
    pub unit_price: Money,
}

/// The invoice that these rows make up. At least one row is given.
pub fn compose(
    number: &str,
    rows: Vec<Result<Row, (u64, Fault)>>,
) -> Result<Invoice, RefusedInvoice> {
    let refused = |(line, fault)| RefusedInvoice {
        number: number.to_owned(),
        line,
        fault,
    };
    let rows = rows
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .map_err(refused)?;
    let kind = if number.starts_with('C') {
        InvoiceKind::Cancelling
    } else {
        InvoiceKind::Sale
    };
    let customer = rows[0].customer.clone();
    let currency = rows[0].unit_price.currency;
    let first_line = rows[0].line;
    let mut merged = Merged::default();
    for row in rows {
        let at = row.line;
        check(row, kind, &customer)
            .and_then(|line| merged.add(line))
            .map_err(|fault| refused((at, fault)))?;
    }
    let lines = merged.lines;
    let total = lines
        .iter()
        .try_fold(Money::zero(currency), |sum, line| {
            sum.checked_add(line.unit_price.checked_mul(line.quantity)?)
        })
        .map_err(|_| refused((first_line, Fault::TotalTooLarge)))?;
    Ok(Invoice {
        number: number.to_owned(),
        line: first_line,
        kind,
        customer,
        lines,
        total,
    })
}

fn check(row: Row, kind: InvoiceKind, customer: &CustomerId) -> Result<InvoiceLine, Fault> {
    let Row {
        sku,
        quantity,
        unit_price,
        ..
    } = row;
    if row.customer != *customer {
        return Err(Fault::SeveralCustomers {
            first: customer.clone(),
            other: row.customer,
        });
    }
    if unit_price.is_negative() {
        return Err(Fault::NegativePrice { sku });
    }
    match kind {
        InvoiceKind::Sale if quantity <= 0 => Err(Fault::QuantityNotPositive { sku, quantity }),
        InvoiceKind::Cancelling if quantity >= 0 => {
            Err(Fault::QuantityNotNegative { sku, quantity })
        }
        InvoiceKind::Sale | InvoiceKind::Cancelling => {
            let Ok(quantity) = u32::try_from(quantity.unsigned_abs()) else {
                return Err(Fault::QuantityTooLarge { sku });
            };
            Ok(InvoiceLine {
                sku,
                description: row.description,
                quantity,
                unit_price,
            })
        }
    }
}

/// Lines by product and price, in the order in which they first appear.
#[derive(Default)]
struct Merged {
    lines: Vec<InvoiceLine>,
    places: HashMap<(Sku, i64), usize>,
}

impl Merged {
    fn add(&mut self, line: InvoiceLine) -> Result<(), Fault> {
        match self
            .places
            .entry((line.sku.clone(), line.unit_price.amount_minor))
        {
            Entry::Vacant(vacant) => {
                vacant.insert(self.lines.len());
                self.lines.push(line);
            }
            Entry::Occupied(occupied) => {
                let equal = &mut self.lines[*occupied.get()];
                let sum = equal.quantity.checked_add(line.quantity);
                equal.quantity = sum.ok_or(Fault::QuantityTooLarge { sku: line.sku })?;
                equal.description = equal.description.take().or(line.description);
            }
        }
        Ok(())
    }
}

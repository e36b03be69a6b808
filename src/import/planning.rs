//! What an import is going to do, decided before anything is written. Pure: the same file and the
//! same log give the same plan, so a restarted import goes on with it. Lines that are no goods
//! (POST, M, BANK CHARGES) are catalogue items like all others: the invoice sells them, so the
//! order's total is the invoice's. Next: `carrying_out` sends the commands.

use std::collections::{BTreeMap, HashMap};

use orderlog_domain::{
    DecidedAt,
    ids::Sku,
    money::Money,
    order::{Order, OrderCommand, OrderRefusal, PlaceOrder},
};

use super::{
    fault::RefusedInvoice,
    invoice::{Invoice, InvoiceKind},
    matching::{Mismatch, PastSale, PastSales},
    order::order,
    reading::Reading,
};

/// What is to be done; invoices in the order of the file, products by their numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Products of the sales.
    pub products: Vec<PlannedProduct>,
    /// Invoices that become orders.
    pub sales: Vec<Sale>,
    /// Cancelling invoices and the sale that each takes back.
    pub cancellations: Vec<Cancellation>,
    /// Invoices that can't be read.
    pub unreadable: Vec<RefusedInvoice>,
    /// Sales that no order can hold.
    pub unplaceable: Vec<(Invoice, OrderRefusal)>,
    /// Cancelling invoices that match no whole sale.
    pub unmatched: Vec<(Invoice, Mismatch)>,
}

/// A product to be registered, and the stock that the file needs of it.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedProduct {
    /// Its number.
    pub sku: Sku,
    /// Its first description in the file; its number where there is none.
    pub name: String,
    /// Its first price that is not zero; zero where there is none.
    pub unit_price: Money,
    /// Pieces that all sales need.
    pub needed: u64,
}

/// An invoice and the order that it becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct Sale {
    /// The invoice.
    pub invoice: Invoice,
    /// The command that places it.
    pub order: PlaceOrder,
}

/// A cancelling invoice that takes back a whole sale.
#[derive(Clone, Debug, PartialEq)]
pub struct Cancellation {
    /// The cancelling invoice.
    pub invoice: Invoice,
    /// Number of the sale.
    pub sale: String,
}

/// The plan for a file, given the invoices that earlier imports have placed.
pub fn plan(reading: Reading, placed: Vec<PastSale>) -> Plan {
    let names = names(&reading);
    let mut past = PastSales::before(&reading, placed);
    let mut plan = Plan::default();
    for invoice in reading.invoices {
        match invoice {
            Err(refused) => plan.unreadable.push(refused),
            Ok(invoice) if invoice.kind == InvoiceKind::Sale => {
                let order = order(&invoice);
                match is_placeable(&order) {
                    Ok(()) => {
                        past.sell(&invoice);
                        plan.sales.push(Sale { invoice, order });
                    }
                    Err(refusal) => plan.unplaceable.push((invoice, refusal)),
                }
            }
            Ok(invoice) => match past.take_back(&invoice) {
                Ok(sale) => plan.cancellations.push(Cancellation { invoice, sale }),
                Err(mismatch) => plan.unmatched.push((invoice, mismatch)),
            },
        }
    }
    plan.products = products(&plan.sales, &names);
    plan
}

/// Asks the order's own rules, so that no stock is received for what they refuse.
fn is_placeable(order: &PlaceOrder) -> Result<(), OrderRefusal> {
    let place = OrderCommand::Place(order.clone());
    Order::default()
        .decide(place, DecidedAt::UNIX_EPOCH)
        .map(|_| ())
}

/// The first description of each product, cancelling invoices included.
fn names(reading: &Reading) -> HashMap<Sku, String> {
    let mut names = HashMap::new();
    for line in reading
        .invoices
        .iter()
        .flatten()
        .flat_map(|invoice| &invoice.lines)
    {
        if let Some(description) = &line.description {
            names
                .entry(line.sku.clone())
                .or_insert_with(|| description.clone());
        }
    }
    names
}

fn products(sales: &[Sale], names: &HashMap<Sku, String>) -> Vec<PlannedProduct> {
    let mut products: BTreeMap<&Sku, PlannedProduct> = BTreeMap::new();
    for line in sales.iter().flat_map(|sale| &sale.invoice.lines) {
        let product = products.entry(&line.sku).or_insert_with(|| PlannedProduct {
            sku: line.sku.clone(),
            name: names
                .get(&line.sku)
                .cloned()
                .unwrap_or_else(|| line.sku.to_string()),
            unit_price: line.unit_price,
            needed: 0,
        });
        if product.unit_price.is_zero() {
            product.unit_price = line.unit_price;
        }
        product.needed += u64::from(line.quantity);
    }
    products.into_values().collect()
}

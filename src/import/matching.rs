//! Which sale a cancelling invoice takes back: the latest earlier one of the same customer with
//! exactly the same merged lines and prices that nothing else has closed. A cancelling invoice
//! names no sale, so anything less than the whole of one is refused, with what it fails to match.

use std::collections::{HashMap, HashSet};

use orderlog_domain::{
    ids::{CustomerId, Sku},
    money::Money,
};

use super::{
    invoice::{Invoice, InvoiceLine},
    reading::Reading,
};

/// A sale that a cancelling invoice may take back.
#[derive(Clone, Debug, PartialEq)]
pub struct PastSale {
    /// Invoice number.
    pub number: String,
    /// Whose it is.
    pub customer: CustomerId,
    /// Pieces by product and price.
    pub lines: Lines,
    /// What ended it, where something did.
    pub closed: Option<Closed>,
}

/// Pieces by product and price.
pub type Lines = HashMap<(Sku, Money), u32>;

/// What ended a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The cancelling invoice of this number took it back.
    By(String),
    /// Somebody else cancelled it, or it was rejected.
    Otherwise,
}

/// All sales before a point of the file, by customer, oldest first.
#[derive(Debug, Default)]
pub struct PastSales {
    by_customer: HashMap<CustomerId, Vec<PastSale>>,
    /// What has ended sales that are still to come in the file.
    closed_before: HashMap<String, Closed>,
}

impl PastSales {
    /// The sales before the first line of a file, of those that were `placed` earlier. A sale
    /// that the file itself has comes at its place in the file, as it did the first time.
    pub fn before(reading: &Reading, placed: Vec<PastSale>) -> Self {
        let read = reading.invoices.iter().flatten();
        let here: HashSet<&str> = read.map(|invoice| invoice.number.as_str()).collect();
        let mut past = Self::default();
        for sale in placed {
            if !here.contains(sale.number.as_str()) {
                past.add(sale);
            } else if let Some(closed) = sale.closed {
                past.closed_before.insert(sale.number, closed);
            }
        }
        past
    }

    /// The next sale of the file.
    pub fn sell(&mut self, sale: &Invoice) {
        let closed = self.closed_before.remove(&sale.number);
        self.add(PastSale {
            number: sale.number.clone(),
            customer: sale.customer.clone(),
            lines: lines(sale),
            closed,
        });
    }

    fn add(&mut self, sale: PastSale) {
        self.by_customer
            .entry(sale.customer.clone())
            .or_default()
            .push(sale);
    }

    /// Closes the sale that `cancelling` takes back, and names it. One that the same cancelling
    /// invoice took back in an earlier run comes first, so that a second run finds the same.
    pub fn take_back(&mut self, cancelling: &Invoice) -> Result<String, Mismatch> {
        let customer = &cancelling.customer;
        let Some(sales) = self.by_customer.get_mut(customer) else {
            return Err(Mismatch::NoSaleOfCustomer {
                customer: customer.clone(),
            });
        };
        let wanted = lines(cancelling);
        let by = Closed::By(cancelling.number.clone());
        let whole = |sale: &PastSale| sale.lines == wanted;
        let found = sales
            .iter()
            .rposition(|sale| whole(sale) && sale.closed.as_ref() == Some(&by))
            .or_else(|| {
                sales
                    .iter()
                    .rposition(|sale| whole(sale) && sale.closed.is_none())
            });
        match found {
            Some(index) => {
                sales[index].closed = Some(by);
                Ok(sales[index].number.clone())
            }
            None => Err(mismatch(sales, &wanted, cancelling)),
        }
    }
}

fn lines(invoice: &Invoice) -> Lines {
    let keyed = |line: &InvoiceLine| ((line.sku.clone(), line.unit_price), line.quantity);
    invoice.lines.iter().map(keyed).collect()
}

/// Says what comes nearest: a whole sale that is closed, then a part of one, then nothing.
fn mismatch(sales: &[PastSale], wanted: &Lines, cancelling: &Invoice) -> Mismatch {
    let contains = |sale: &&PastSale| {
        wanted
            .iter()
            .all(|(key, taken)| sale.lines.get(key).is_some_and(|sold| taken <= sold))
    };
    if let Some(sale) = sales.iter().rfind(|sale| sale.lines == *wanted) {
        return Mismatch::Closed {
            sale: sale.number.clone(),
        };
    }
    if let Some(sale) = sales.iter().rfind(contains) {
        return Mismatch::PartOfSale {
            sale: sale.number.clone(),
        };
    }
    let customer = cancelling.customer.clone();
    for InvoiceLine {
        sku, unit_price, ..
    } in &cancelling.lines
    {
        let key = (sku.clone(), *unit_price);
        if !sales.iter().any(|sale| sale.lines.contains_key(&key)) {
            return Mismatch::NeverSold {
                customer,
                sku: sku.clone(),
                unit_price: *unit_price,
            };
        }
    }
    Mismatch::NoSaleWithTheseLines { customer }
}

/// Why a cancelling invoice takes nothing back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The customer has bought nothing before.
    #[error("there is no earlier sale to customer {customer}")]
    NoSaleOfCustomer {
        /// The customer.
        customer: CustomerId,
    },
    /// One of its lines was in no sale to this customer.
    #[error("{sku} at {unit_price} is in no earlier sale to customer {customer}")]
    NeverSold {
        /// The customer.
        customer: CustomerId,
        /// The product.
        sku: Sku,
        /// The price that it was taken back at.
        unit_price: Money,
    },
    /// It takes back less than a whole sale.
    #[error("it takes back a part of {sale}, and only whole sales can be cancelled")]
    PartOfSale {
        /// The sale.
        sale: String,
    },
    /// The only sale that it matches is cancelled or rejected already.
    #[error("{sale}, which it matches, is closed already")]
    Closed {
        /// The sale.
        sale: String,
    },
    /// All of its lines were sold to the customer, but by no one sale.
    #[error("no earlier sale to customer {customer} has exactly these lines")]
    NoSaleWithTheseLines {
        /// The customer.
        customer: CustomerId,
    },
}

impl Mismatch {
    /// Stable code, for programs and for counting.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSaleOfCustomer { .. } => "import.no_sale_of_customer",
            Self::NeverSold { .. } => "import.never_sold",
            Self::PartOfSale { .. } => "import.part_of_a_sale",
            Self::Closed { .. } => "import.sale_closed_already",
            Self::NoSaleWithTheseLines { .. } => "import.no_sale_with_these_lines",
        }
    }
}

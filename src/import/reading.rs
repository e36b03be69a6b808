//! The file, read: bytes to numbered rows, rows to invoices. Pure. A row that can't be read refuses
//! its invoice with the line and the reason, and the rest of the file goes on; only a file without
//! the columns is refused as a whole. Next: `invoice` checks and merges the rows of one invoice.

use std::collections::HashMap;

use csv::{ByteRecord, ReaderBuilder, Trim};
use orderlog_domain::{
    ids::{CustomerId, Sku},
    money::{Currency, Money},
};

use super::{
    decimal::minor_units,
    fault::{Fault, FileError, RefusedInvoice},
    invoice::{Invoice, InvoiceKind, Row, compose},
};

/// Columns that a file must have, under these names and in any order; others are ignored.
const COLUMNS: [&str; 6] = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "UnitPrice",
    "CustomerID",
];

/// Customer of the invoices that name none.
const GUEST: &str = "guest";

/// The longest invoice number that is taken.
const LONGEST_NUMBER: usize = 32;

/// What a file says, in the order of its invoices' first lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Rows below the header.
    pub rows: u64,
    /// Each invoice, or why it can't be taken.
    pub invoices: Vec<Result<Invoice, RefusedInvoice>>,
}

/// Reads all invoices of `content`, with prices in `currency`.
pub fn read(content: &[u8], currency: Currency) -> Result<Reading, FileError> {
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .trim(Trim::All)
        .from_reader(content);
    let columns = Columns::find(reader.byte_headers()?)?;
    let mut grouped = Grouped::default();
    let mut rows = 0;
    for record in reader.byte_records() {
        let record = record?;
        rows += 1;
        let line = record.position().map_or(0, csv::Position::line);
        match columns.number(&record) {
            Ok(number) => {
                let row = columns.row(&record, line, currency);
                grouped.of(number).push(row.map_err(|fault| (line, fault)));
            }
            Err(fault) => grouped.refuse(line, fault),
        }
    }
    Ok(Reading {
        rows,
        invoices: grouped.invoices(),
    })
}

impl Reading {
    /// Whether an invoice of the file takes an earlier one back.
    pub fn has_cancelling(&self) -> bool {
        self.invoices
            .iter()
            .flatten()
            .any(|invoice| invoice.kind == InvoiceKind::Cancelling)
    }
}

/// Where each of [`COLUMNS`] stands, and how many columns there are.
struct Columns {
    places: [usize; COLUMNS.len()],
    width: usize,
}

impl Columns {
    fn find(header: &ByteRecord) -> Result<Self, FileError> {
        let place = |name: &str| header.iter().position(|found| found == name.as_bytes());
        let missing: Vec<_> = COLUMNS
            .into_iter()
            .filter(|name| place(name).is_none())
            .collect();
        if !missing.is_empty() {
            return Err(FileError::MissingColumns { missing });
        }
        Ok(Self {
            places: COLUMNS.map(|name| place(name).unwrap_or_default()),
            width: header.len(),
        })
    }

    fn field<'a>(&self, record: &'a ByteRecord, column: usize) -> Result<&'a str, Fault> {
        let bytes = record.get(self.places[column]).unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|_| Fault::NotUtf8 {
            column: COLUMNS[column],
        })
    }

    fn number<'a>(&self, record: &'a ByteRecord) -> Result<&'a str, Fault> {
        let number = self.field(record, 0)?;
        let fits = (1..=LONGEST_NUMBER).contains(&number.len())
            && number
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_/.".contains(&byte));
        if fits {
            Ok(number)
        } else {
            Err(Fault::InvoiceNumber {
                text: beginning(number),
            })
        }
    }

    fn row(&self, record: &ByteRecord, line: u64, currency: Currency) -> Result<Row, Fault> {
        if record.len() != self.width {
            return Err(Fault::Fields {
                expected: self.width,
                found: record.len(),
            });
        }
        let [sku, description, quantity, price, customer] =
            [1, 2, 3, 4, 5].map(|column| self.field(record, column));
        let (sku, quantity, price, customer) = (sku?, quantity?, price?, customer?);
        let customer = if customer.is_empty() { GUEST } else { customer };
        Ok(Row {
            line,
            sku: sku.parse::<Sku>().map_err(|_| Fault::Sku {
                text: beginning(sku),
            })?,
            description: Some(description?)
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            quantity: quantity.parse().map_err(|_| Fault::Quantity {
                text: beginning(quantity),
            })?,
            unit_price: Money::new(minor_units(price, currency.exponent())?, currency),
            customer: customer
                .parse::<CustomerId>()
                .map_err(|_| Fault::Customer {
                    text: beginning(customer),
                })?,
        })
    }
}

/// So much of an unreadable field as fits into a message.
fn beginning(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Rows by invoice number, in the order in which the numbers first appear.
#[derive(Default)]
struct Grouped {
    groups: Vec<Group>,
    by_number: HashMap<String, usize>,
}

struct Group {
    number: String,
    rows: Vec<Result<Row, (u64, Fault)>>,
}

impl Grouped {
    fn of(&mut self, number: &str) -> &mut Vec<Result<Row, (u64, Fault)>> {
        let index = match self.by_number.get(number) {
            Some(index) => *index,
            None => {
                self.by_number.insert(number.to_owned(), self.groups.len());
                self.groups.push(Group {
                    number: number.to_owned(),
                    rows: Vec::new(),
                });
                self.groups.len() - 1
            }
        };
        &mut self.groups[index].rows
    }

    /// Keeps a row that names no invoice as one refused invoice of its own.
    fn refuse(&mut self, line: u64, fault: Fault) {
        self.groups.push(Group {
            number: String::new(),
            rows: vec![Err((line, fault))],
        });
    }

    fn invoices(self) -> Vec<Result<Invoice, RefusedInvoice>> {
        self.groups
            .into_iter()
            .map(|group| compose(&group.number, group.rows))
            .collect()
    }
}

//! What an import makes of a file: the reading, the plan, and the carrying out over a real log.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod carrying_out;
mod planning;
mod reading;

use orderlog_domain::money::{Currency, Money};

use super::reading::{Reading, read};

const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

/// Pence of all sales of the retailer's file; like those below, added up by another program.
const SALES: i64 = 10_670_917;

/// Pence of all cancelling invoices.
const CANCELLED: i64 = 186_633;

/// Pieces of all sales without a negative quantity.
const PIECES: u64 = 58_355;

/// The retailer's file, where it lies beside the checkout.
fn retailers_file() -> Option<Vec<u8>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/data/online-retail.csv"
    );
    std::fs::read(path).ok()
}

fn pounds() -> Currency {
    Currency::from_code("GBP").unwrap()
}

fn pence(amount: i64) -> Money {
    Money::new(amount, pounds())
}

/// A file of these rows: number, stock code, description, quantity, price, customer.
fn file(rows: &[[&str; 6]]) -> String {
    let mut text = HEADER.to_owned();
    for [number, sku, description, quantity, price, customer] in rows {
        text += &format!(
            "\n{number},{sku},{description},{quantity},2010-12-01 08:26,{price},{customer},Norway"
        );
    }
    text
}

fn reading(rows: &[[&str; 6]]) -> Reading {
    read(file(rows).as_bytes(), pounds()).unwrap()
}

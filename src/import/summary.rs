//! What an import has taken, what it has refused and why; every invoice of the file is in it once.
//! As text for people, as JSON for programs.

use std::{collections::BTreeMap, fmt::Write};

use orderlog_domain::money::{Currency, Money};
use serde::Serialize;

/// The end of an import.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Rows of the file below its header.
    pub rows: u64,
    /// Products of the placeable invoices.
    pub products: Taken,
    /// Stock receipts, one per product.
    pub receipts: Taken,
    /// Pieces received by this run.
    pub pieces_received: u64,
    /// Invoices by what became of them.
    pub invoices: BTreeMap<Fate, u64>,
    /// Refused invoices by reason.
    pub reasons: BTreeMap<&'static str, u64>,
    /// Amounts per currency.
    pub money: BTreeMap<String, Totals>,
    /// Refused products and receipts, with the reason.
    pub refused_goods: Vec<RefusedGoods>,
    /// Every invoice, in the order of the file's first lines.
    pub details: Vec<Detail>,
}

/// How many were taken, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Written by this run.
    pub new: u64,
    /// There from an earlier run.
    pub already_there: u64,
    /// Refused by a rule.
    pub refused: u64,
}

/// What became of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It became an order.
    Placed,
    /// An earlier run has made an order of it.
    AlreadyPlaced,
    /// It cancelled a sale.
    Cancelled,
    /// An earlier run has cancelled the sale with it.
    AlreadyCancelled,
    /// Nothing was taken of it.
    Refused,
}

/// Amounts of one currency, over invoices that this run or an earlier one has taken and those that
/// could be read but were refused. None is below zero; absent is one too large to be added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Invoices placed as orders.
    pub placed: Option<Money>,
    /// Of those, what cancelling invoices have taken back.
    pub cancelled: Option<Money>,
    /// Sales that were refused.
    pub refused_sales: Option<Money>,
    /// Cancelling invoices that were refused.
    pub refused_cancellations: Option<Money>,
}

impl Totals {
    /// Nothing yet.
    pub fn new(currency: Currency) -> Self {
        let none = Some(Money::zero(currency));
        Self {
            placed: none,
            cancelled: none,
            refused_sales: none,
            refused_cancellations: none,
        }
    }
}

/// One product or receipt that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedGoods {
    /// The product.
    pub sku: String,
    /// Stable code of the reason.
    pub code: &'static str,
    /// The reason.
    pub reason: String,
}

/// One invoice and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Detail {
    /// The line of the file: its first, or that of the reason.
    pub line: u64,
    /// Its number; empty where the row names none.
    pub invoice: String,
    /// What became of it.
    pub fate: Fate,
    /// What it adds up to; below zero for a cancelling invoice; absent where it can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Money>,
    /// The order that it became or cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// Stable code of the reason why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Why it was refused, or which sale it cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Summary {
    /// How many invoices the file has.
    pub fn invoices_total(&self) -> u64 {
        self.invoices.values().sum()
    }

    /// Prints it to stdout: for people, with `details` line by line; or as JSON, with all of it.
    pub fn print(&self, details: bool, json: bool) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        if json {
            serde_json::to_writer_pretty(&mut out, self)?;
            std::io::Write::write_all(&mut out, b"\n")
        } else {
            std::io::Write::write_all(&mut out, self.to_text(details).as_bytes())
        }
    }

    /// For people; with `details`, line by line.
    pub fn to_text(&self, details: bool) -> String {
        let mut text = String::new();
        self.write(&mut text, details)
            .expect("writing to a string does not fail");
        text
    }

    fn write(&self, out: &mut String, details: bool) -> std::fmt::Result {
        if details {
            self.details
                .iter()
                .try_for_each(|detail| writeln!(out, "{detail}"))?;
            writeln!(out)?;
        }
        writeln!(out, "rows      {:>8}", self.rows)?;
        writeln!(out, "products  {}", self.products)?;
        writeln!(
            out,
            "receipts  {}, {} pieces",
            self.receipts, self.pieces_received
        )?;
        writeln!(out, "invoices  {:>8}", self.invoices_total())?;
        for (fate, count) in &self.invoices {
            writeln!(out, "  {:<18}{count:>8}", fate.words())?;
        }
        for (code, count) in &self.reasons {
            writeln!(out, "    {code:<36}{count:>8}")?;
        }
        for totals in self.money.values() {
            for (what, sum) in [
                ("placed", totals.placed),
                ("cancelled", totals.cancelled),
                ("refused sales", totals.refused_sales),
                ("refused cancellations", totals.refused_cancellations),
            ] {
                let sum = sum.map_or_else(|| "too large".to_owned(), |sum| sum.to_string());
                writeln!(out, "{what:<22}{sum:>18}")?;
            }
        }
        for goods in &self.refused_goods {
            writeln!(
                out,
                "refused   {}: {} ({})",
                goods.sku, goods.reason, goods.code
            )?;
        }
        Ok(())
    }
}

impl Fate {
    fn words(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::AlreadyPlaced => "already placed",
            Self::Cancelled => "cancelled a sale",
            Self::AlreadyCancelled => "already cancelled",
            Self::Refused => "refused",
        }
    }
}

impl std::fmt::Display for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            new,
            already_there,
            refused,
        } = self;
        write!(
            f,
            "{new:>8} new, {already_there} already there, {refused} refused"
        )
    }
}

impl std::fmt::Display for Detail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let number = if self.invoice.is_empty() {
            "-"
        } else {
            &self.invoice
        };
        let total = self
            .total
            .map(|total| total.to_string())
            .unwrap_or_default();
        write!(
            f,
            "line {:>6}  {number:<10} {:<18}{total:>16}",
            self.line,
            self.fate.words()
        )?;
        match &self.note {
            Some(note) => write!(f, "  {note}"),
            None => Ok(()),
        }
    }
}

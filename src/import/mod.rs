//! `orderlog import`: invoices of a CSV file become products, stock and orders of the log. Nothing
//! of it is remembered beside the log: all ids are derived from the file, so an import that was
//! stopped goes on when it is started again and never takes an invoice twice. The flow:
//! [`reading`] (bytes to invoices) and [`planning`] (what to do) are pure, [`carrying_out`] sends
//! the commands, [`summary`] says what was taken and what was refused, and why.

use std::sync::Arc;

use orderlog_command_api::aggregates::Aggregates;
use orderlog_domain::money::Currency;
use orderlog_log::event_store::{EventStore, StoreError};

pub mod fault;
pub mod invoice;
pub mod reading;

pub mod matching;
pub mod order;
pub mod planning;

pub mod carrying_out;
pub mod ids;
pub mod progress;
pub mod summary;

pub(crate) mod decimal;
mod placed;
mod sending;
mod tally;

#[cfg(test)]
mod tests;

pub use progress::Progress;
pub use summary::Summary;

/// Takes the invoices of `content`, a file in the columns InvoiceNo, StockCode, Description,
/// Quantity, UnitPrice (in `currency`) and CustomerID. `settled` waits until the orders placed so
/// far are as far as they get by themselves.
pub async fn run(
    content: &[u8],
    currency: Currency,
    aggregates: &Aggregates,
    store: &Arc<dyn EventStore>,
    progress: &Progress,
    settled: &mut impl AsyncFnMut() -> Result<(), ImportError>,
) -> Result<Summary, ImportError> {
    let file = ids::file_id(content, currency);
    let reading = reading::read(content, currency)?;
    let rows = reading.rows;
    let placed = match reading.has_cancelling() {
        true => placed::placed_sales(store.as_ref()).await?,
        false => Vec::new(),
    };
    let plan = planning::plan(reading, placed);
    carrying_out::carry_out(plan, file, rows, aggregates, progress, settled).await
}

/// Why an import ended before its end. What it has taken stays; started again, it goes on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file can't be taken at all.
    #[error(transparent)]
    File(#[from] fault::FileError),
    /// The log failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system in which the orders were to settle stopped.
    #[error("{0}")]
    Stopped(String),
    /// A command failed otherwise than by a rule.
    #[error("a command failed: {0}")]
    Command(String),
}

//! Who did what, when, by which command and with which outcome: the report on one order or one customer,
//! read from the log alone. Refused commands are in it, and those that had nothing to do: no event tells of
//! them, so they are asked for by the streams that they addressed and by the chains that they belong to.
//! Next: `gathering` finds all that belongs to an order, `entry` puts it together by commands.

mod entry;
mod gathering;

use orderlog_domain::ids::{CustomerId, OrderId};
use orderlog_log::{event::Position, event_reader::EventReader, event_store::StoreError};
use serde::Serialize;

use self::gathering::Gathered;
use crate::saga_story::Call;
pub use entry::{Entry, Happened, Outcome};

/// All that was done about an order or a customer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The orders, oldest first.
    pub orders: Vec<OrderId>,
    /// End of the log when it was read.
    pub position: Position,
    /// Every command, in the order in which they were recorded.
    pub entries: Vec<Entry>,
    /// Every operation that the payment gateway was asked for, and what became of it.
    pub calls: Vec<Call>,
}

impl Report {
    /// How many commands were refused.
    pub fn refused(&self) -> usize {
        let refused = |entry: &&Entry| matches!(entry.outcome, Outcome::Refused { .. });
        self.entries.iter().filter(refused).count()
    }
}

/// The report on an order; nothing where the log knows of none, not even of a refused one.
pub async fn of_order(
    log: &dyn EventReader,
    order_id: OrderId,
) -> Result<Option<Report>, StoreError> {
    let position = log.head().await?.position;
    let mut gathered = Gathered::default();
    gathered.order(log, order_id).await?;
    report(log, gathered, position).await
}

/// The report on all orders of a customer and on how he wants to be told; nothing where the log knows of
/// neither. His orders are looked for in the whole log.
pub async fn of_customer(
    log: &dyn EventReader,
    customer: &CustomerId,
) -> Result<Option<Report>, StoreError> {
    let position = log.head().await?.position;
    let mut gathered = Gathered::default();
    gathered.contact(log, customer).await?;
    for order_id in gathering::orders(log, customer).await? {
        gathered.order(log, order_id).await?;
    }
    report(log, gathered, position).await
}

async fn report(
    log: &dyn EventReader,
    gathered: Gathered,
    position: Position,
) -> Result<Option<Report>, StoreError> {
    let (orders, calls) = (gathered.orders.clone(), gathered.calls());
    let entries = entry::entries(log, gathered).await?;
    Ok((!entries.is_empty()).then_some(Report {
        orders,
        position,
        entries,
        calls,
    }))
}

#[cfg(test)]
mod tests;

//! Read models of orders: for each, its row, its fold and its finders in one file. Folds are pure:
//! rows depend on events alone, so that live rows can be proved equal to rebuilt ones. The runtime
//! folds and stores; `query-api` shows what the finders find.
//!
//! # Layout
//! - [`order_summary`], with [`order_axes`]: an order and how far it is placed, paid and fulfilled.
//! - [`order_timeline`]: everything that happened to an order, in words.
//! - [`payments`], [`stock_levels`], [`products`], [`notifications`], [`sagas`]: the other things.
//! - [`saga_story`]: all that happened to one saga, computed from the log when somebody asks.
//! - [`causation`]: what led to what, likewise.
//! - [`audit`]: who did what to an order, refused commands included, likewise.
//! - [`time_travel`]: any aggregate as it was, read from the log.
//! - [`customers`], [`daily_sales`]: totals, kept in slices and added up when read.
//! - [`public_events`]: what other teams are told, which is kept nowhere here.
//! - [`paging`], [`sum`]: how parts of rows are asked for, and sums of money.
//!
//! Another read model is one more file and one more line in [`all`].

pub mod audit;
pub mod causation;
pub mod customers;
pub mod daily_sales;
pub mod notifications;
pub mod order_axes;
pub mod order_summary;
pub mod order_timeline;
pub mod paging;
pub mod payments;
pub mod products;
pub mod public_events;
pub mod saga_story;
pub mod sagas;
pub mod stock_levels;
pub mod sum;
pub mod time_travel;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

mod folding;
#[cfg(test)]
mod properties;

use chrono_tz::Tz;
use orderlog_domain::fact::Facts;
use orderlog_runtime::projection::{ErasedProjection, erase_each};

/// Every projection; days begin at midnight in `zone`.
pub fn all(zone: Tz) -> Vec<Box<dyn ErasedProjection<Facts>>> {
    vec![
        erase_each(order_summary::OrderSummaries),
        erase_each(order_timeline::Timeline),
        erase_each(payments::Payments),
        erase_each(stock_levels::StockLevels),
        erase_each(products::Products),
        erase_each(sagas::Sagas),
        erase_each(notifications::Notifications),
        erase_each(customers::Customers),
        erase_each(daily_sales::Sales { zone }),
    ]
}

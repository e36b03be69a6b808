//! A shop at work, for a first look: it registers twenty products and places [`script::ORDERS`]
//! orders of all kinds, four per second, then stops by itself; its customers answer the bank or
//! cancel, its warehouse packs, dispatches and delivers. Everything goes through the same commands
//! as anybody else's, under fixed ids: started again on the same data, it goes on where it was.

use std::{sync::Arc, time::Duration};

use orderlog_command_api::aggregates::Aggregates;
use orderlog_log::{
    clock::Clock,
    event_store::{EventStore, StoreError},
};
use tokio_util::sync::CancellationToken;

pub mod catalogue;
pub mod script;

mod customers;
mod deeds;
mod followers;
mod opening;
mod sending;

#[cfg(test)]
mod tests;

/// How fast the demo goes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Orders to be placed.
    pub orders: u32,
    /// From one order to the next.
    pub between_orders: Duration,
    /// How long the warehouse, and a customer, take for each step.
    pub each_step: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            orders: script::ORDERS,
            between_orders: Duration::from_millis(250),
            each_step: Duration::from_millis(1_500),
        }
    }
}

/// Runs the demo's shop until `stop`. When all orders are placed it says so and goes on serving
/// them, since a late payment may still be waiting for its warehouse.
pub async fn run(
    aggregates: Aggregates,
    store: Arc<dyn EventStore>,
    clock: Clock,
    pace: Pace,
    stop: CancellationToken,
) -> Result<(), DemoError> {
    let work = async {
        opening::open_shop(&aggregates).await?;
        let customers = customers::place_orders(&aggregates, &clock, pace);
        let followers = followers::follow(&aggregates, store.as_ref(), &clock, pace);
        tokio::try_join!(customers, followers).map(|((), ())| ())
    };
    stop.run_until_cancelled(work).await.unwrap_or(Ok(()))
}

/// Why the demo ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The log failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A command failed otherwise than by a rule.
    #[error("a command failed: {0}")]
    Command(String),
    /// An event can't be read by this build.
    #[error("an event can't be read: {0}")]
    Event(#[from] orderlog_domain::fact::FactError),
}

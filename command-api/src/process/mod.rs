//! The write side's process: everything that answers recorded events with commands. The handler
//! reacts to each event once, in order per order; what has to happen later or outside becomes a
//! durable work row, and one work handler per kind does it. All ids derive from what caused them,
//! so that handling an event twice, or a work row twice, changes nothing.
//!
//! # Layout
//! - [`handler`]: each event to the saga, its commands to their aggregates, work rows, notifications.
//! - [`timers`], [`gateway`], [`notifications`]: one work handler each.
//! - [`simulated_gateway`]: a payment gateway that is told by the token what to answer.
//! - [`stripe`]: Stripe as the payment gateway, and its webhooks.

pub mod handler;

pub mod gateway;
pub mod notifications;
pub mod timers;

pub mod simulated_gateway;
pub mod stripe;

mod attempting;
mod cause;
mod issuing;
mod rows;

#[cfg(test)]
mod tests;

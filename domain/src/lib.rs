//! The business of orderlog, pure: aggregates, their commands, events and refusals, and the
//! fulfilment process. Nothing here knows SQL, HTTP, Kafka, a clock or randomness; the instant of
//! a decision is the aggregate's `Services`, ids are values in commands.
//!
//! # Layout
//! - [`money`], [`ids`], [`refusal`]: values shared by all aggregates.
//! - [`order`], [`product`], [`stock`], [`payment`], [`notification`]: a folder per aggregate, a file per command.
//! - [`contact`], [`webhook`]: how customers want to be told, and the endpoints that hear of it.
//! - [`fulfilment`]: the saga that carries an order through stock, payment and shipment.
//! - [`fact`]: any recorded event of the domain, decoded; [`state`]: what an aggregate's facts come to.
//! - [`evolution`]: what became of older forms of events; [`schema`]: all forms that there are.

pub mod ids;
pub mod money;
pub mod refusal;

pub mod order;
pub mod product;
pub mod stock;

pub mod payment;

pub mod contact;
pub mod notification;
pub mod webhook;

pub mod fulfilment;

pub mod evolution;
pub mod fact;
pub mod schema;
pub mod state;

/// What an aggregate is given besides its state and the command: the instant of the decision.
pub type DecidedAt = chrono::DateTime<chrono::Utc>;

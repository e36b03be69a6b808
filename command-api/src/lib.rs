//! The commands' side: REST under `/api/v1`, one file per resource, and the process that carries
//! orders on (saga, payment gateway, notifications). It knows the domain and the log; it knows
//! neither projections nor Kafka.
//!
//! # Layout
//! - [`aggregates`]: one executor per aggregate; every command of the system goes through one.
//! - [`rest`]: the routes put together. A request becomes a command in `request`, is carried out
//!   in `dispatch`, and is answered by `receipt` or, refused, by `refused`; `routes` has the rest.
//! - [`openapi`]: the description of the routes.
//! - [`webhook_key`]: what endpoints' secrets derive from; the log knows none of them.
//! - [`process`]: what reacts to recorded events and does the work rows.

pub mod aggregates;
pub mod openapi;
pub mod process;
pub mod rest;
pub mod webhook_key;

mod amount;
mod dispatch;
mod receipt;
mod refused;
mod request;
mod resource;
mod routes;

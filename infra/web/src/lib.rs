//! The HTTP plumbing that every role shares: problem documents, request bodies with errors that
//! say where, conditional and repeatable requests, tokens for reading one's own writes, health,
//! the server and its logging. It knows no business word.
//!
//! # Layout
//! - [`problem`]: RFC 9457 documents, the only form in which anything is refused.
//! - [`body`], [`params`]: what a request says, parsed or refused with the place of the mistake.
//! - [`idempotency`], [`precondition`], [`consistency`]: the headers that commands and reads honour.
//! - [`correlation`]: who belongs to whom across requests; the span and the log line of a request.
//! - [`client`]: clients for calls to elsewhere.
//! - [`layers`]: what is put around a finished router. [`server`], [`health`], [`telemetry`],
//!   [`metrics`]: running it.

pub mod body;
pub mod client;
pub mod consistency;
pub mod correlation;
pub mod health;
pub mod idempotency;
pub mod layers;
pub mod metrics;
pub mod params;
pub mod precondition;
pub mod problem;
pub mod server;
pub mod storage;
pub mod telemetry;

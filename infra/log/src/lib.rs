//! The log: every fact of the system, in one total order, durable before it is acknowledged.
//! Generic in the aggregate; it knows no business word.
//!
//! # Layout
//! - [`event`]: what is appended and what is recorded.
//! - [`event_reader`]: the port to what is recorded.
//! - [`event_store`]: the port of the writers, and what an append answers.
//! - [`sqlite`]: the embedded engine; group commit on one writer thread.
//! - [`postgres`]: the engine for several processes; group commit in each of them.
//! - [`history`]: the log on its way to another place; [`archive`]: as a file.
//! - [`executor`]: load, decide, append, retry, answer.
//! - [`seal`]: signed roots over the log, which make it evidence.
//! - [`clock`]: the instant of a decision, as a value.

pub mod archive;
pub mod clock;
pub mod event;
pub mod event_reader;
pub mod event_store;
pub mod executor;
pub mod history;
pub mod postgres;
pub mod seal;
pub mod sqlite;

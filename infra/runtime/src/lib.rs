//! What runs behind the log: the fan-out of recorded events, projectors that fold them into read
//! models, process runtimes that answer them with commands, and the loop over durable work rows.
//! Generic in the event; it knows no business word.
//!
//! # Layout
//! - [`source`]: batches of events per partition, with what to store as checkpoint.
//! - [`projection`]: a read model as a pure fold over rows.
//! - [`projector`]: folds the log into rows, live; [`rebuild`] does it anew and compares.
//! - [`read_store`]: the port to rows and checkpoints; [`sqlite`] holds the embedded engines,
//!   [`postgres`] those that many processes share.
//! - [`read_model`]: typed reading of a projection's rows: get, page, wait for one's own write.
//! - [`kafka`]: the log on a topic: published by the relay, handed out to consumer groups.
//! - [`process`]: each event once to a handler, in order per key.
//! - [`dead_letter`]: what could not be folded or handled, and what is decided about it.
//! - [`work`]: durable, leased work rows: timers, retries, calls to the outside.
//! - [`relocation`]: a stopped embedded system, taken to PostgreSQL.
//! - [`outside`]: the guard around calls to other systems: limits, retry budget, circuit breaker.
//! - [`backoff`]: how long to wait before the next try.

pub mod backoff;
pub mod dead_letter;
pub mod kafka;
pub mod outside;
pub mod postgres;
pub mod process;
pub mod projection;
pub mod projector;
pub mod read_model;
pub mod read_store;
pub mod rebuild;
pub mod relocation;
pub mod source;
pub mod sqlite;
pub mod work;

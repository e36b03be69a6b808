//! REST from the outside: requests over a real store in a directory of its own.

#![expect(clippy::unwrap_used, reason = "a test may stop where it can't go on")]

mod errors;
mod histories;
mod idempotency;
mod journeys;
mod malformed;
mod nonsense;
mod notifications;
mod payments;
mod preconditions;
mod refusals;
mod sagas;
mod server;

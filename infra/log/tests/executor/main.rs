//! The executor over the embedded engine, with an account as its aggregate.

mod account;
mod answers;
mod between;
mod contention;
mod failures;
mod interleavings;
mod older;

//! Calls to systems outside: what an answer that does not come means, and the guard around every
//! call: time limit, bounded concurrency, retry budget, circuit breaker. Invariant: a call that was
//! not made is told apart from one whose outcome nobody knows. Next: [`Guard`] uses [`Breaker`].

mod breaker;
mod budget;
mod guard;

use std::time::Duration;

pub use breaker::{Breaker, BreakerSettings, Circuit, Permit};
pub use guard::{Guard, GuardSettings};

/// Why a call brought no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing usable came in time: it may have been carried out or not.
    #[error("there was no answer in time")]
    TimedOut,
    /// It was certainly not carried out, and may be made again as if for the first time.
    #[error("it could not be called: {reason}")]
    NotCalled {
        /// Why; for people.
        reason: String,
        /// Not earlier than this.
        again_in: Duration,
    },
}

//! Where the instant of a decision comes from. Production reads the system's clock once per
//! decision and passes the value on; tests move time by hand.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use parking_lot::Mutex;

/// A source of instants, cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The system's clock, in microseconds, as the log keeps them.
    pub fn system() -> Self {
        Self(Arc::new(|| Utc::now().trunc_subsecs(6)))
    }

    /// A clock that stands still until its [`ManualClock`] is moved.
    pub fn manual(start: DateTime<Utc>) -> (Self, ManualClock) {
        let now = Arc::new(Mutex::new(start));
        let handle = ManualClock(Arc::clone(&now));
        (Self(Arc::new(move || *now.lock())), handle)
    }

    /// The instant now.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

/// Moves the [`Clock`] that it came with.
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// Lets `by` pass at once.
    pub fn advance(&self, by: chrono::Duration) {
        *self.0.lock() += by;
    }
}

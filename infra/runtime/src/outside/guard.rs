//! The guard around every call to one other system. Who finds no place, or the circuit open, is told
//! when to come again; what was certainly not carried out is repeated a few times within a budget;
//! what nobody knows the outcome of is never repeated here.

use std::time::Duration;

use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout},
};

use super::{Breaker, BreakerSettings, Circuit, NoAnswer, budget::Budget};
use crate::backoff::Backoff;

/// Limits of the calls to one other system.
#[derive(Clone, Copy, Debug)]
pub struct GuardSettings {
    /// How long one call may take.
    pub timeout: Duration,
    /// Calls at the same time.
    pub concurrency: usize,
    /// How long to wait for a place among them.
    pub patience: Duration,
    /// Repeats of one call, at most.
    pub repeats: u32,
    /// Pauses before them.
    pub pause: Backoff,
    /// When calls stop altogether.
    pub breaker: BreakerSettings,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            concurrency: 16,
            patience: Duration::from_secs(1),
            repeats: 2,
            pause: Backoff {
                first: Duration::from_millis(100),
                most: Duration::from_secs(1),
            },
            breaker: BreakerSettings {
                failures: 5,
                pause: Backoff {
                    first: Duration::from_secs(5),
                    most: Duration::from_secs(30),
                },
            },
        }
    }
}

impl GuardSettings {
    /// The longest that a guarded call takes: a place, the call, and a repeat begun within its time.
    pub fn longest(&self) -> Duration {
        self.patience + 2 * self.timeout + self.pause.most
    }
}

/// Stands before one other system.
#[derive(Debug)]
pub struct Guard {
    settings: GuardSettings,
    places: Semaphore,
    budget: Budget,
    breaker: Breaker,
}

impl Guard {
    /// Before the system of this name.
    pub fn new(name: &'static str, settings: GuardSettings) -> Self {
        Self {
            settings,
            places: Semaphore::new(settings.concurrency),
            budget: Budget::full(),
            breaker: Breaker::new(name, settings.breaker),
        }
    }

    /// Where the circuit is.
    pub fn circuit(&self) -> Circuit {
        self.breaker.circuit()
    }

    /// Makes the call, within all limits; `call` begins it anew each time.
    pub async fn call<T, F>(&self, mut call: impl FnMut() -> F) -> Result<T, NoAnswer>
    where
        F: Future<Output = Result<T, NoAnswer>>,
    {
        let GuardSettings {
            timeout: limit,
            patience,
            repeats,
            pause,
            ..
        } = self.settings;
        let Ok(Ok(_place)) = timeout(patience, self.places.acquire()).await else {
            return Err(not_called("too many calls are under way", patience));
        };
        self.budget.earn();
        let (began, mut tries) = (Instant::now(), 0);
        loop {
            tries += 1;
            let again_in = match self.once(limit, &mut call).await {
                Err(NoAnswer::NotCalled { again_in, .. })
                    if again_in <= pause.most
                        && tries <= repeats
                        && began.elapsed() < limit
                        && self.budget.spend() =>
                {
                    again_in
                }
                ended => return ended,
            };
            sleep(again_in.max(pause.delay(tries))).await;
        }
    }

    async fn once<T, F>(&self, limit: Duration, call: &mut impl FnMut() -> F) -> Result<T, NoAnswer>
    where
        F: Future<Output = Result<T, NoAnswer>>,
    {
        let permit = self
            .breaker
            .admit()
            .map_err(|again_in| not_called("the circuit is open", again_in))?;
        let ended = timeout(limit, call())
            .await
            .unwrap_or(Err(NoAnswer::TimedOut));
        match ended {
            Ok(_) => permit.succeeded(),
            Err(_) => permit.failed(),
        }
        ended
    }
}

fn not_called(reason: &str, again_in: Duration) -> NoAnswer {
    let reason = reason.to_owned();
    NoAnswer::NotCalled { reason, again_in }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;

//! A circuit breaker. After so many failures in a row the circuit opens and nothing is called for a
//! while; then one call is let through as a probe, and its end closes the circuit or opens it for
//! longer. Invariant: while it is half open, one call is under way and no more.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::backoff::Backoff;

/// How long those wait who come while a probe is under way.
const PROBING: Duration = Duration::from_secs(1);

/// When a circuit opens, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct BreakerSettings {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it stays open, longer each time that a probe fails.
    pub pause: Backoff,
}

/// Where a circuit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// Calls go through.
    Closed,
    /// None does.
    Open,
    /// One does, as a probe.
    HalfOpen,
}

/// A circuit breaker of one other system.
#[derive(Debug)]
pub struct Breaker {
    name: &'static str,
    settings: BreakerSettings,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, times: u32 },
    HalfOpen { times: u32 },
}

/// The right to make one call. Dropped without a word, the call counts for nothing.
#[derive(Debug)]
pub struct Permit<'a> {
    breaker: &'a Breaker,
    admitted_at: Instant,
    is_probe: bool,
    is_over: bool,
}

impl Breaker {
    /// A closed one for the system of this name.
    pub fn new(name: &'static str, settings: BreakerSettings) -> Self {
        Self {
            name,
            settings,
            state: Mutex::new(State::Closed { failures: 0 }),
        }
    }

    /// Lets a call through, or says how long nobody is let through.
    pub fn admit(&self) -> Result<Permit<'_>, Duration> {
        self.admit_at(Instant::now())
    }

    fn admit_at(&self, now: Instant) -> Result<Permit<'_>, Duration> {
        let mut state = self.state.lock();
        let is_probe = match *state {
            State::Closed { .. } => false,
            State::Open { until, .. } if now < until => return Err(until - now),
            State::Open { times, .. } => {
                *state = State::HalfOpen { times };
                tracing::info!(system = self.name, "circuit half open: one call probes");
                true
            }
            State::HalfOpen { .. } => return Err(PROBING),
        };
        Ok(Permit {
            breaker: self,
            admitted_at: now,
            is_probe,
            is_over: false,
        })
    }

    /// Where the circuit is.
    pub fn circuit(&self) -> Circuit {
        match *self.state.lock() {
            State::Closed { .. } => Circuit::Closed,
            State::Open { .. } => Circuit::Open,
            State::HalfOpen { .. } => Circuit::HalfOpen,
        }
    }

    fn open(&self, times: u32, now: Instant) -> State {
        let pause = self.settings.pause.delay(times);
        tracing::warn!(
            system = self.name,
            ?pause,
            times,
            "circuit open: nothing is called"
        );
        let until = now + pause;
        State::Open { until, times }
    }
}

impl Permit<'_> {
    /// The system answered, whatever it said.
    pub fn succeeded(mut self) {
        self.is_over = true;
        let mut state = self.breaker.state.lock();
        match *state {
            State::HalfOpen { .. } if self.is_probe => {
                tracing::info!(system = self.breaker.name, "circuit closed");
                *state = State::Closed { failures: 0 };
            }
            State::Closed { .. } => *state = State::Closed { failures: 0 },
            // One that began before the circuit opened says nothing of now.
            State::Open { .. } | State::HalfOpen { .. } => {}
        }
    }

    /// The system did not answer.
    pub fn failed(self) {
        self.failed_at(Instant::now());
    }

    fn failed_at(mut self, now: Instant) {
        self.is_over = true;
        let mut state = self.breaker.state.lock();
        match *state {
            State::HalfOpen { times } if self.is_probe => {
                *state = self.breaker.open(times + 1, now)
            }
            State::Closed { failures } if failures + 1 >= self.breaker.settings.failures => {
                *state = self.breaker.open(1, now);
            }
            State::Closed { failures } => {
                *state = State::Closed {
                    failures: failures + 1,
                };
            }
            State::Open { .. } | State::HalfOpen { .. } => {}
        }
    }
}

impl Drop for Permit<'_> {
    /// A probe that was given up is not the last one.
    fn drop(&mut self) {
        if self.is_probe && !self.is_over {
            let mut state = self.breaker.state.lock();
            if let State::HalfOpen { times } = *state {
                let until = self.admitted_at;
                *state = State::Open { until, times };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A breaker that three failures have opened at an instant; and the instant.
    fn open() -> (Breaker, Instant) {
        let (breaker, now) = (closed(), Instant::now());
        (0..3).for_each(|_| fail(&breaker, now));
        assert_eq!(breaker.circuit(), Circuit::Open);
        (breaker, now)
    }

    fn closed() -> Breaker {
        let pause = Backoff {
            first: 10 * SECOND,
            most: 60 * SECOND,
        };
        Breaker::new("test", BreakerSettings { failures: 3, pause })
    }

    fn fail(breaker: &Breaker, now: Instant) {
        breaker.admit_at(now).expect("let through").failed_at(now);
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_does_not() {
        let (breaker, now) = (closed(), Instant::now());
        fail(&breaker, now);
        fail(&breaker, now);
        breaker.admit_at(now).expect("let through").succeeded();
        fail(&breaker, now);
        fail(&breaker, now);
        assert_eq!(breaker.circuit(), Circuit::Closed);
        fail(&breaker, now);
        let pause = breaker.admit_at(now).expect_err("nobody");
        assert!((5 * SECOND..=10 * SECOND).contains(&pause), "{pause:?}");
    }

    #[test]
    fn one_probe_is_let_through_and_closes_it() {
        let (breaker, now) = open();
        let later = now + 10 * SECOND;
        let probe = breaker.admit_at(later).expect("the probe");
        assert_eq!(breaker.circuit(), Circuit::HalfOpen);
        assert_eq!(breaker.admit_at(later).expect_err("one at a time"), PROBING);
        probe.succeeded();
        assert_eq!(breaker.circuit(), Circuit::Closed);
        breaker.admit_at(later).expect("let through").succeeded();
    }

    #[test]
    fn a_probe_that_fails_opens_it_for_longer() {
        let (breaker, now) = open();
        let later = now + 10 * SECOND;
        fail(&breaker, later);
        let pause = breaker.admit_at(later).expect_err("nobody");
        assert!((10 * SECOND..=20 * SECOND).contains(&pause), "{pause:?}");
    }

    #[test]
    fn a_probe_that_is_given_up_makes_room_for_another() {
        let (breaker, now) = open();
        let later = now + 10 * SECOND;
        drop(breaker.admit_at(later).expect("the probe"));
        assert_eq!(breaker.circuit(), Circuit::Open);
        breaker.admit_at(later).expect("another probe").succeeded();
        assert_eq!(breaker.circuit(), Circuit::Closed);
    }

    #[test]
    fn what_began_before_it_opened_says_nothing_of_now() {
        let (breaker, now) = (closed(), Instant::now());
        let (early, late) = (breaker.admit_at(now), breaker.admit_at(now));
        (0..3).for_each(|_| fail(&breaker, now));
        early.expect("let through").succeeded();
        assert_eq!(breaker.circuit(), Circuit::Open);
        let later = now + 10 * SECOND;
        let _probe = breaker.admit_at(later).expect("the probe");
        late.expect("let through").failed_at(later);
        assert_eq!(breaker.circuit(), Circuit::HalfOpen);
    }
}

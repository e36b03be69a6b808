//! How long a fulfilment waits and how often it tries. A running one keeps what it began with.
//! The rule: a hold on stock outlives the customer's part of the payment and its reconciliation.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::DecidedAt;

/// A span of time in whole milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

/// Waits that double from one try to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// Wait after the first failure.
    pub first: Millis,
    /// No wait is longer.
    pub cap: Millis,
    /// Tries until a person is asked, or the process turns back.
    pub tries: u32,
}

/// All waits of a fulfilment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    /// How long stock is held until it is confirmed.
    pub reservation_ttl: Millis,
    /// How long the customer has for his part of the payment.
    pub customer_action: Millis,
    /// When the gateway is asked what became of an operation, counted from when it became unknown.
    pub reconcile: Vec<Millis>,
    /// What a hold must have left over when customer and gateway take all of their time.
    pub margin: Millis,
    /// When unanswered commands are sent again.
    pub answer: Millis,
    /// How often they are sent.
    pub answer_tries: u32,
    /// Captures that failed.
    pub capture: Backoff,
    /// Voids and refunds that failed.
    pub undo: Backoff,
    /// Commands refused for now.
    pub resend: Backoff,
    /// When a shipment should have left after its release.
    pub dispatch: Millis,
    /// When the goods should have arrived after they left.
    pub delivery: Millis,
}

/// Why timings can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum TimingsError {
    /// Stock could expire while the payment is still being made.
    #[error("stock is held for {reservation_ttl:?}, the payment may take {needed:?}")]
    HoldTooShort {
        /// How long stock is held.
        reservation_ttl: Millis,
        /// How long customer, gateway and margin take together.
        needed: Millis,
    },
    /// The gateway would be asked never, or not in order.
    #[error("reconciliation needs at least one time, each later than the one before")]
    ReconcileOutOfOrder,
    /// Something would never be tried.
    #[error("every number of tries must be at least 1")]
    NoTries,
}

impl Timings {
    /// What the shop runs with.
    pub fn standard() -> Self {
        Self {
            reservation_ttl: Millis::minutes(30),
            customer_action: Millis::minutes(15),
            reconcile: vec![
                Millis::seconds(5),
                Millis::seconds(30),
                Millis::minutes(2),
                Millis::minutes(5),
                Millis::minutes(10),
            ],
            margin: Millis::minutes(2),
            answer: Millis::seconds(30),
            answer_tries: 5,
            // 7 waits make 6 hours, 9 make 24.
            capture: Backoff {
                first: Millis::seconds(169),
                cap: Millis::hours(24),
                tries: 8,
            },
            undo: Backoff {
                first: Millis::seconds(169),
                cap: Millis::hours(24),
                tries: 10,
            },
            resend: Backoff {
                first: Millis::seconds(1),
                cap: Millis::minutes(5),
                tries: 10,
            },
            dispatch: Millis::hours(48),
            delivery: Millis::hours(14 * 24),
        }
    }

    /// The same with every wait multiplied by `factor`; for demonstrations and tests.
    pub fn scaled(&self, factor: f64) -> Self {
        Self {
            reservation_ttl: self.reservation_ttl.scaled(factor),
            customer_action: self.customer_action.scaled(factor),
            reconcile: self
                .reconcile
                .iter()
                .map(|wait| wait.scaled(factor))
                .collect(),
            margin: self.margin.scaled(factor),
            answer: self.answer.scaled(factor),
            answer_tries: self.answer_tries,
            capture: self.capture.scaled(factor),
            undo: self.undo.scaled(factor),
            resend: self.resend.scaled(factor),
            dispatch: self.dispatch.scaled(factor),
            delivery: self.delivery.scaled(factor),
        }
    }

    /// Refuses timings under which stock could expire while its payment is still being made.
    pub fn check(&self) -> Result<(), TimingsError> {
        let in_order = self.reconcile.windows(2).all(|pair| pair[0] < pair[1]);
        let Some(last) = self.reconcile.last().filter(|_| in_order) else {
            return Err(TimingsError::ReconcileOutOfOrder);
        };
        let needed = Millis(
            self.customer_action
                .0
                .saturating_add(last.0)
                .saturating_add(self.margin.0),
        );
        if self.reservation_ttl <= needed {
            return Err(TimingsError::HoldTooShort {
                reservation_ttl: self.reservation_ttl,
                needed,
            });
        }
        if [
            self.answer_tries,
            self.capture.tries,
            self.undo.tries,
            self.resend.tries,
        ]
        .contains(&0)
        {
            return Err(TimingsError::NoTries);
        }
        Ok(())
    }

    /// Wait before the gateway is asked for the `attempt`th time, from 1; none when it has been
    /// asked often enough.
    pub(super) fn reconcile_wait(&self, attempt: u32) -> Option<Millis> {
        let index = attempt.checked_sub(1)? as usize;
        let before = index.checked_sub(1).map_or(Millis(0), |before| {
            self.reconcile.get(before).copied().unwrap_or_default()
        });
        self.reconcile
            .get(index)
            .map(|time| Millis(time.0.saturating_sub(before.0)))
    }
}

impl Default for Timings {
    fn default() -> Self {
        Self::standard()
    }
}

impl Backoff {
    /// Wait after the `failures`th failure, from 1.
    pub fn wait(&self, failures: u32) -> Millis {
        let doubled = 2u64.saturating_pow(failures.saturating_sub(1));
        Millis(self.first.0.saturating_mul(doubled)).min(self.cap)
    }

    fn scaled(self, factor: f64) -> Self {
        Self {
            first: self.first.scaled(factor),
            cap: self.cap.scaled(factor),
            tries: self.tries,
        }
    }
}

impl Millis {
    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds * 1000)
    }

    /// So many minutes.
    pub const fn minutes(minutes: u64) -> Self {
        Self::seconds(minutes * 60)
    }

    /// So many hours.
    pub const fn hours(hours: u64) -> Self {
        Self::minutes(hours * 60)
    }

    /// The instant so much later than `at`.
    pub fn after(self, at: DecidedAt) -> DecidedAt {
        let span = i64::try_from(self.0)
            .ok()
            .and_then(TimeDelta::try_milliseconds)
            .unwrap_or(TimeDelta::MAX);
        at.checked_add_signed(span).unwrap_or(DecidedAt::MAX_UTC)
    }

    // Saturates at both ends; a factor that is not a number gives 0.
    fn scaled(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor).round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_timings_hold_the_rule() {
        assert_eq!(Timings::standard().check(), Ok(()));
        assert_eq!(Timings::standard().scaled(0.001).check(), Ok(()));
    }

    #[test]
    fn a_hold_shorter_than_the_payment_may_take_is_refused() {
        let timings = Timings {
            reservation_ttl: Millis::minutes(27),
            ..Timings::standard()
        };
        let needed = Millis::minutes(27);
        assert_eq!(
            timings.check(),
            Err(TimingsError::HoldTooShort {
                reservation_ttl: needed,
                needed
            })
        );
    }

    #[test]
    fn reconciliation_has_an_order_and_tries_are_positive() {
        let standard = Timings::standard();
        let never = Timings {
            reconcile: vec![],
            ..standard.clone()
        };
        let twice = Timings {
            reconcile: vec![Millis(5), Millis(5)],
            ..standard.clone()
        };
        let no_tries = Timings {
            undo: Backoff {
                tries: 0,
                ..standard.undo
            },
            ..standard
        };
        assert_eq!(never.check(), Err(TimingsError::ReconcileOutOfOrder));
        assert_eq!(twice.check(), Err(TimingsError::ReconcileOutOfOrder));
        assert_eq!(no_tries.check(), Err(TimingsError::NoTries));
    }

    #[test]
    fn eight_captures_take_six_hours_and_ten_voids_a_day() {
        let total = |backoff: Backoff| {
            (1..backoff.tries)
                .map(|failures| backoff.wait(failures).0)
                .sum::<u64>()
        };
        let near = |sum: u64, hours| sum.abs_diff(Millis::hours(hours).0) < Millis::minutes(5).0;
        assert!(near(total(Timings::standard().capture), 6));
        assert!(near(total(Timings::standard().undo), 24));
        assert_eq!(Timings::standard().resend.wait(60), Millis::minutes(5));
    }

    #[test]
    fn reconciliation_times_count_from_the_beginning() {
        let timings = Timings::standard();
        let waits: Vec<_> = (1..=6)
            .map(|attempt| timings.reconcile_wait(attempt))
            .collect();
        let seconds = |seconds| Some(Millis::seconds(seconds));
        assert_eq!(
            waits,
            [
                seconds(5),
                seconds(25),
                seconds(90),
                seconds(180),
                seconds(300),
                None
            ]
        );
    }
}

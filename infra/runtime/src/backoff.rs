//! How long to wait before the next try: doubling from `first` up to `most`, spread at random over
//! the upper half so that many who failed together do not come back together.

use std::time::Duration;

use uuid::Uuid;

/// A rule for waiting between tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second try, at most.
    pub first: Duration,
    /// Before any try, at most.
    pub most: Duration,
}

impl Backoff {
    /// For failures of the infrastructure: from 50 ms to 10 s.
    pub const INFRASTRUCTURE: Self = Self {
        first: Duration::from_millis(50),
        most: Duration::from_secs(10),
    };

    /// How long to wait after `failures` tries that failed (from 1).
    pub fn delay(&self, failures: u32) -> Duration {
        let doubled = self
            .first
            .saturating_mul(2u32.saturating_pow(failures.saturating_sub(1)));
        let longest = doubled.min(self.most);
        longest / 2 + (longest / 2).mul_f64(chance())
    }
}

/// A number in 0..1 from the random bits of a fresh id.
fn chance() -> f64 {
    let low = Uuid::now_v7().as_u64_pair().1 as u32;
    f64::from(low) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_doubles_up_to_the_most_and_is_never_less_than_half() {
        let rule = Backoff {
            first: Duration::from_millis(10),
            most: Duration::from_millis(100),
        };
        for (failures, longest) in [(1, 10), (2, 20), (3, 40), (4, 80), (5, 100), (90, 100)] {
            let delay = rule.delay(failures);
            assert!(
                delay <= Duration::from_millis(longest),
                "{failures}: {delay:?}"
            );
            assert!(
                delay >= Duration::from_millis(longest / 2),
                "{failures}: {delay:?}"
            );
        }
    }
}

//! What may be spent on repeats: a tenth of a repeat is earned by each call, and some are in hand.
//! So a system that is ill sees a tenth more calls, not several times as many.

use parking_lot::Mutex;

/// Tenths of a repeat.
const PRICE: u32 = 10;
/// As much as is kept in hand.
const MOST: u32 = 10 * PRICE;

/// A budget for repeats, full at first.
#[derive(Debug)]
pub(super) struct Budget(Mutex<u32>);

impl Budget {
    pub(super) fn full() -> Self {
        Self(Mutex::new(MOST))
    }

    /// A call is made for the first time.
    pub(super) fn earn(&self) {
        let mut tenths = self.0.lock();
        *tenths = (*tenths + 1).min(MOST);
    }

    /// Pays for a repeat, if there is enough.
    pub(super) fn spend(&self) -> bool {
        let mut tenths = self.0.lock();
        let left = tenths.checked_sub(PRICE);
        *tenths = left.unwrap_or(*tenths);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn ten_repeats_are_in_hand_and_ten_calls_earn_one_more() {
        let budget = Budget::full();
        assert_eq!((0..99).filter(|_| budget.spend()).count(), 10);
        (0..9).for_each(|_| budget.earn());
        assert!(!budget.spend());
        budget.earn();
        assert!(budget.spend());
        assert!(!budget.spend());
    }
}

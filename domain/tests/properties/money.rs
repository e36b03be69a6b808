//! Money is neither made nor lost by being split.

use orderlog_domain::money::{Currency, Money};
use proptest::{collection::vec, prelude::*};

proptest! {
    #[test]
    fn the_parts_of_a_split_add_up_to_the_whole(
        amount in any::<i64>(),
        weights in vec(any::<u64>(), 1..30),
    ) {
        let parts = euro(amount).allocate(&weights);
        prop_assert_eq!(parts.len(), weights.len());
        let sum: i128 = parts.iter().map(|part| i128::from(part.amount_minor)).sum();
        prop_assert_eq!(sum, i128::from(amount));
    }

    #[test]
    fn no_part_is_a_whole_unit_from_its_share(
        amount in -1_000_000_i64..1_000_000,
        weights in vec(0_u64..1_000, 1..30),
    ) {
        let total: i64 = weights.iter().map(|&weight| weight as i64).sum();
        prop_assume!(total > 0);
        for (part, &weight) in euro(amount).allocate(&weights).iter().zip(&weights) {
            let off = part.amount_minor * total - amount * weight as i64;
            prop_assert!(off.abs() < total, "{} of {} for {weight} of {total}", part.amount_minor, amount);
        }
    }

    #[test]
    fn what_is_added_can_be_taken_away_again(left in any::<i64>(), right in any::<i64>()) {
        if let Ok(sum) = euro(left).checked_add(euro(right)) {
            prop_assert_eq!(sum.checked_sub(euro(right)), Ok(euro(left)));
        }
    }
}

fn euro(cents: i64) -> Money {
    Money::new(cents, Currency::from_code("EUR").expect("a currency"))
}

//! Money in minor units of one currency. Nothing here rounds in silence, uses floats, or adds up
//! different currencies; what does not fit is an error.

use std::{cmp::Reverse, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An ISO 4217 currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The currency with this three-letter code.
    pub fn from_code(code: &str) -> Result<Self, MoneyError> {
        iso_currency::Currency::from_code(code)
            .map(Self)
            .ok_or_else(|| MoneyError::UnknownCurrency {
                code: code.chars().take(8).collect(),
            })
    }

    /// Its three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Whether people pay in it: metals, funds and test codes have no minor unit.
    pub fn is_payable(self) -> bool {
        self.0.exponent().is_some()
    }

    /// How many decimal digits its minor unit has: 0 for JPY, 2 for EUR, 3 for KWD.
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Code)
    }
}

/// Reads a code where it stands, without a copy: amounts are most of what an event says.
struct Code;

impl de::Visitor<'_> for Code {
    type Value = Currency;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a currency's code")
    }

    fn visit_str<E: de::Error>(self, code: &str) -> Result<Currency, E> {
        Currency::from_code(code).map_err(E::custom)
    }
}

/// An amount in minor units (cents) of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount in the currency's minor unit.
    pub amount_minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// Why amounts could not be computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit.
    #[error("the amount is too large")]
    Overflow,
    /// Amounts of different currencies do not add up.
    #[error("{left} and {right} are different currencies")]
    CurrencyMismatch {
        /// The first currency.
        left: Currency,
        /// The other one.
        right: Currency,
    },
    /// Not a code of ISO 4217.
    #[error("{code:?} is not a currency of ISO 4217")]
    UnknownCurrency {
        /// What was given.
        code: String,
    },
}

impl Money {
    /// So many minor units of `currency`.
    pub const fn new(amount_minor: i64, currency: Currency) -> Self {
        Self {
            amount_minor,
            currency,
        }
    }

    /// Nothing.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The sum.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// The difference.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    /// So many times the amount.
    pub fn checked_mul(self, times: u32) -> Result<Self, MoneyError> {
        let amount = self
            .amount_minor
            .checked_mul(i64::from(times))
            .ok_or(MoneyError::Overflow)?;
        Ok(Self::new(amount, self.currency))
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.amount_minor == 0
    }

    /// Whether it is less than nothing.
    pub fn is_negative(self) -> bool {
        self.amount_minor < 0
    }

    /// Splits the amount by weight so that the parts add up to it: the largest remainders get the
    /// minor units that are left over, the earlier part first where they are equal. Where no part
    /// has a weight the first gets all.
    pub fn allocate(self, weights: &[u64]) -> Vec<Self> {
        let whole = self.amount_minor.unsigned_abs();
        let mut weights: Vec<u128> = weights.iter().copied().map(u128::from).collect();
        if weights.iter().all(|&weight| weight == 0) {
            weights.iter_mut().take(1).for_each(|first| *first = 1);
        }
        let total = weights.iter().sum::<u128>().max(1);
        let shares: Vec<u128> = weights
            .iter()
            .map(|&weight| u128::from(whole) * weight)
            .collect();
        let rounded_down =
            |share| u64::try_from(share / total).expect("a share is part of the whole");
        let mut parts: Vec<u64> = shares.iter().copied().map(rounded_down).collect();
        let left = whole - parts.iter().sum::<u64>();
        let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
        by_remainder.sort_by_key(|&index| Reverse(shares[index] % total));
        by_remainder
            .into_iter()
            .zip(0..left)
            .for_each(|(index, _)| parts[index] += 1);
        let signed = |part| match self.is_negative() {
            true => 0_i64.wrapping_sub_unsigned(part),
            false => 0_i64.wrapping_add_unsigned(part),
        };
        parts
            .into_iter()
            .map(|part| Self::new(signed(part), self.currency))
            .collect()
    }

    fn combine(
        self,
        other: Self,
        operation: fn(i64, i64) -> Option<i64>,
    ) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch {
                left: self.currency,
                right: other.currency,
            });
        }
        let amount =
            operation(self.amount_minor, other.amount_minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(amount, self.currency))
    }
}

/// For people: `19.99 EUR`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.exponent() as usize;
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let amount = format!(
            "{:0width$}",
            self.amount_minor.unsigned_abs(),
            width = digits + 1
        );
        let (whole, minor) = amount.split_at(amount.len() - digits);
        let point = if digits == 0 { "" } else { "." };
        write!(f, "{sign}{whole}{point}{minor} {}", self.currency)
    }
}

/// A tax as it applies to a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRate {
    /// Hundredths of a percent: 1900 is 19 %.
    pub basis_points: u32,
    /// Whether prices include it.
    pub inclusive: bool,
}

#[cfg(test)]
mod tests {
    use super::{Currency, Money, MoneyError};

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).expect("a currency")
    }

    fn euro(cents: i64) -> Money {
        Money::new(cents, currency("EUR"))
    }

    fn split(cents: i64, weights: &[u64]) -> Vec<i64> {
        euro(cents)
            .allocate(weights)
            .iter()
            .map(|part| part.amount_minor)
            .collect()
    }

    #[test]
    fn each_currency_has_its_own_digits() {
        for (amount, code, shown) in [
            (1_999, "EUR", "19.99 EUR"),
            (5, "USD", "0.05 USD"),
            (-5, "USD", "-0.05 USD"),
            (1_999, "JPY", "1999 JPY"),
            (1_999, "KWD", "1.999 KWD"),
            (1_999, "BHD", "1.999 BHD"),
            (-1_999, "TND", "-1.999 TND"),
            (i64::MIN, "EUR", "-92233720368547758.08 EUR"),
        ] {
            assert_eq!(Money::new(amount, currency(code)).to_string(), shown);
        }
    }

    #[test]
    fn money_is_stored_in_minor_units() {
        let stored = r#"{"amount_minor":1999,"currency":"EUR"}"#;
        assert_eq!(
            serde_json::to_string(&euro(1_999)).ok().as_deref(),
            Some(stored)
        );
        assert_eq!(serde_json::from_str(stored).ok(), Some(euro(1_999)));
    }

    #[test]
    fn money_is_whole_units_of_a_known_currency_and_nothing_else() {
        for text in [
            r#"{"amount_minor":19.99,"currency":"EUR"}"#,
            r#"{"amount_minor":"1999","currency":"EUR"}"#,
            r#"{"amount_minor":9223372036854775808,"currency":"EUR"}"#,
            r#"{"amount_minor":1999,"currency":"eur"}"#,
            r#"{"amount_minor":1999,"currency":"ABC"}"#,
            r#"{"amount_minor":1999}"#,
            r#"{"amount_minor":1999,"currency":"EUR","tax":1}"#,
        ] {
            assert!(serde_json::from_str::<Money>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_or_does_not_match_is_an_error() {
        assert_eq!(
            euro(i64::MAX).checked_add(euro(1)),
            Err(MoneyError::Overflow)
        );
        assert_eq!(
            euro(i64::MIN).checked_sub(euro(1)),
            Err(MoneyError::Overflow)
        );
        assert_eq!(euro(i64::MAX / 2).checked_mul(3), Err(MoneyError::Overflow));
        assert_eq!(euro(7).checked_mul(3), Ok(euro(21)));
        let (left, right) = (currency("EUR"), currency("GBP"));
        let mixed = euro(1).checked_add(Money::new(1, right));
        assert_eq!(mixed, Err(MoneyError::CurrencyMismatch { left, right }));
    }

    #[test]
    fn the_largest_remainders_get_what_is_left_over() {
        assert_eq!(split(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split(10, &[5, 3, 7]), [3, 2, 5]);
        assert_eq!(split(-100, &[1, 1, 1]), [-34, -33, -33]);
        assert_eq!(split(5, &[0, 1, 0]), [0, 5, 0]);
        assert_eq!(split(0, &[3, 4]), [0, 0]);
    }

    #[test]
    fn without_any_weight_the_first_part_gets_all() {
        assert_eq!(split(100, &[0, 0]), [100, 0]);
        assert_eq!(split(100, &[]), [0_i64; 0]);
    }

    #[test]
    fn the_largest_amounts_are_split_without_loss() {
        assert_eq!(split(i64::MIN, &[u64::MAX]), [i64::MIN]);
        assert_eq!(
            split(i64::MAX, &[u64::MAX, u64::MAX]),
            [i64::MAX / 2 + 1, i64::MAX / 2]
        );
    }

    #[test]
    fn nobody_pays_in_gold_or_in_test_money() {
        assert!(
            ["EUR", "JPY", "KWD"]
                .iter()
                .all(|code| currency(code).is_payable())
        );
        assert!(
            !["XAU", "XTS", "XXX"]
                .iter()
                .any(|code| currency(code).is_payable())
        );
    }
}

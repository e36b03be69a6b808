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
            .ok_or_else(|| MoneyError::UnknownCurrency { code: code.chars().take(8).collect() })
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
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_code(&code).map_err(de::Error::custom)
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
        Self { amount_minor, currency }
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
        let amount = self.amount_minor.checked_mul(i64::from(times)).ok_or(MoneyError::Overflow)?;
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
        let total: u128 = weights.iter().copied().map(u128::from).sum();
        let mut parts = vec![0_u64; weights.len()];
        if total == 0 {
            parts.iter_mut().take(1).for_each(|first| *first = whole);
        } else {
            let share = |index: usize| u128::from(whole) * u128::from(weights[index]);
            for (index, part) in parts.iter_mut().enumerate() {
                *part = u64::try_from(share(index) / total).expect("a share is at most the whole");
            }
            let left = whole - parts.iter().sum::<u64>();
            let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
            by_remainder.sort_by_key(|&index| Reverse(share(index) % total));
            by_remainder.into_iter().zip(0..left).for_each(|(index, _)| parts[index] += 1);
        }
        let signed = |part| match self.is_negative() {
            true => 0_i64.wrapping_sub_unsigned(part),
            false => 0_i64.wrapping_add_unsigned(part),
        };
        parts.into_iter().map(|part| Self::new(signed(part), self.currency)).collect()
    }

    fn combine(self, other: Self, operation: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency });
        }
        let amount = operation(self.amount_minor, other.amount_minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(amount, self.currency))
    }
}

/// For people: `19.99 EUR`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.exponent() as usize;
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let amount = format!("{:0width$}", self.amount_minor.unsigned_abs(), width = digits + 1);
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

//! Money and large numbers, as every field of the schema shows them.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value};
use orderlog_domain::money;
use orderlog_projections::sum::Sum;

/// A whole number of any size, as decimal digits in a string: GraphQL's `Int` ends at 32 bits, and
/// JSON readers lose digits beyond 53.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Long(pub i128);

/// A whole number of any size, as decimal digits in a string: GraphQL's `Int` ends at 32 bits, and
/// JSON readers lose digits beyond 53.
#[Scalar]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::String(digits) => digits.parse().ok(),
            Value::Number(number) => number.as_i64().map(i128::from),
            _ => None,
        };
        number
            .map(Self)
            .ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<u64> for Long {
    fn from(number: u64) -> Self {
        Self(number.into())
    }
}

/// An amount of one currency. Amounts of different currencies are never added up.
#[derive(SimpleObject)]
pub struct Money {
    /// The amount in the currency's smallest unit: 1999 is 19.99 EUR, or 1999 JPY.
    pub amount_minor: Long,
    /// ISO 4217 code.
    pub currency: String,
    /// The amount for people: `19.99 EUR`.
    pub formatted: String,
}

impl Money {
    /// A sum in the currency with this code.
    pub(crate) fn sum(sum: Sum, code: &str) -> Self {
        let one = i64::try_from(sum.0)
            .ok()
            .zip(money::Currency::from_code(code).ok());
        match one {
            Some((amount, currency)) => money::Money::new(amount, currency).into(),
            // Beyond every real amount; what is for people then shows minor units.
            None => Self {
                amount_minor: Long(sum.0),
                currency: code.to_owned(),
                formatted: format!("{} minor units of {code}", sum.0),
            },
        }
    }
}

impl From<money::Money> for Money {
    fn from(money: money::Money) -> Self {
        Self {
            amount_minor: Long(money.amount_minor.into()),
            currency: money.currency.to_string(),
            formatted: money.to_string(),
        }
    }
}

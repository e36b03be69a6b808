//! Sums of money over many orders. Wider than an amount, so that no flood of huge orders can
//! stop a total; text in JSON, because JSON's readers lose digits of large numbers.

use std::ops::AddAssign;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A sum in minor units of one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sum(pub i128);

impl AddAssign<i64> for Sum {
    fn add_assign(&mut self, amount_minor: i64) {
        self.0 += i128::from(amount_minor);
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, more: Self) {
        self.0 += more.0;
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map(Self)
            .map_err(D::Error::custom)
    }
}

//! How a story has to end: order, payment, saga and stock, as the domain model says. Invariant: whatever
//! is not said here has to be nothing.

use serde::Serialize;
use serde_json::Value;

/// States at the end, in the words of GraphQL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Ending {
    /// Status of the order.
    pub(super) order: String,
    /// Why it was rejected.
    pub(super) rejected: Option<String>,
    /// Who had it cancelled.
    pub(super) cancelled_by: Option<String>,
    /// State of its payment; none where it never came to pay.
    pub(super) payment: Option<String>,
    /// What became of the money.
    pub(super) money: Ledger,
    /// Status of the saga.
    pub(super) saga: String,
    /// Why a person has to look.
    pub(super) operator: Option<String>,
    /// The stock of its product.
    pub(super) stock: Level,
}

/// Amounts of a payment, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Ledger {
    /// Held by the gateway.
    pub(super) authorized: i64,
    /// Taken of that.
    pub(super) captured: i64,
    /// Given back of what was taken.
    pub(super) refunded: i64,
    /// Let go without having been taken.
    pub(super) voided: i64,
}

/// Stock, in pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Level {
    /// In the warehouse.
    pub(super) on_hand: i64,
    /// Promised for a time.
    pub(super) held: i64,
    /// Promised for good.
    pub(super) confirmed: i64,
}

impl Ledger {
    /// Nothing moved.
    pub(super) const NONE: Self = Self {
        authorized: 0,
        captured: 0,
        refunded: 0,
        voided: 0,
    };
}

impl Level {
    /// So many pieces, none of them promised.
    pub(super) const fn free(on_hand: i64) -> Self {
        Self {
            on_hand,
            held: 0,
            confirmed: 0,
        }
    }
}

/// What differs, a line each: `money.refunded: 2000 expected, 0 found`.
pub(super) fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", expected, found, &mut lines);
    lines
}

fn compare(at: &str, expected: &Value, found: &Value, lines: &mut Vec<String>) {
    if let (Value::Object(wanted), Value::Object(had)) = (expected, found) {
        for name in wanted
            .keys()
            .chain(had.keys().filter(|name| !wanted.contains_key(*name)))
        {
            let place = if at.is_empty() {
                name.clone()
            } else {
                format!("{at}.{name}")
            };
            let of = |fields: &serde_json::Map<String, Value>| {
                fields.get(name).cloned().unwrap_or_default()
            };
            compare(&place, &of(wanted), &of(had), lines);
        }
    } else if expected != found {
        lines.push(format!("{at}: {expected} expected, {found} found"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_named_with_its_place() {
        let expected = json!({ "order": "REJECTED", "money": { "voided": 1, "captured": 0 } });
        assert_eq!(differences(&expected, &expected), [] as [&str; 0]);
        let found = json!({ "order": "REJECTED", "money": { "voided": 0, "captured": 0 }, "x": 1 });
        assert_eq!(
            differences(&expected, &found),
            [
                "money.voided: 1 expected, 0 found",
                "x: null expected, 1 found"
            ]
        );
    }
}

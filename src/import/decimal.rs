//! Decimal text to minor units, exactly: no float is ever involved. `2.55` at two places is 255;
//! more places than the currency has are accepted only where they are zeros.

/// The amount in minor units that `text` says, at `places` decimal places.
pub(crate) fn minor_units(text: &str, places: u32) -> Result<i64, DecimalError> {
    let unreadable = || DecimalError::Unreadable {
        text: text.chars().take(40).collect(),
    };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return Err(unreadable());
    }
    if !whole
        .bytes()
        .chain(fraction.bytes())
        .all(|byte| byte.is_ascii_digit())
    {
        return Err(unreadable());
    }
    let places = places as usize;
    let (kept, cut) = fraction.split_at(fraction.len().min(places));
    if cut.bytes().any(|digit| digit != b'0') {
        return Err(DecimalError::TooPrecise { places });
    }
    let padding = std::iter::repeat_n(b'0', places - kept.len());
    let mut amount: i64 = 0;
    for digit in whole.bytes().chain(kept.bytes()).chain(padding) {
        amount = amount
            .checked_mul(10)
            .and_then(|tenfold| tenfold.checked_add(i64::from(digit - b'0')))
            .ok_or(DecimalError::TooLarge)?;
    }
    Ok(if negative { -amount } else { amount })
}

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// It is not an optional minus, digits and one point.
    #[error("`{text}` is not a decimal number")]
    Unreadable {
        /// Its beginning.
        text: String,
    },
    /// The currency has no such fraction.
    #[error("it has more than the currency's {places} decimal places")]
    TooPrecise {
        /// Decimal places of the currency.
        places: usize,
    },
    /// It does not fit.
    #[error("it is too large")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_become_minor_units_exactly() {
        for (text, places, minor) in [
            ("2.55", 2, 255),
            ("0.1", 2, 10),
            ("7", 2, 700),
            (".5", 2, 50),
            ("3.", 2, 300),
            ("-27.50", 2, -2750),
            ("1.5000", 2, 150),
            ("1500", 0, 1500),
            ("1.234", 3, 1234),
            ("90071992547409.93", 2, 9_007_199_254_740_993),
        ] {
            assert_eq!(minor_units(text, places), Ok(minor), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_does_not_fit_is_refused() {
        for text in [
            "", "-", ".", "1e3", "1,50", "+1", " 1", "--1", "1.2.3", "NaN", "١",
        ] {
            assert!(
                matches!(minor_units(text, 2), Err(DecimalError::Unreadable { .. })),
                "{text}"
            );
        }
        assert_eq!(
            minor_units("0.005", 2),
            Err(DecimalError::TooPrecise { places: 2 })
        );
        assert_eq!(
            minor_units("92233720368547758.08", 2),
            Err(DecimalError::TooLarge)
        );
    }
}

//! Stripe's minor units. They are those of ISO 4217 but for a few currencies, and some amounts that ISO
//! can say Stripe can't. Nothing is rounded: what does not fit is refused before anything is called.

use orderlog_domain::money::{Currency, Money};

/// The code of an operation that is refused for its amount.
pub(super) const CODE: &str = "amount_not_representable";

/// The amount has no counterpart on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotRepresentable;

/// The amount as Stripe counts it.
pub(super) fn to_stripe(money: Money) -> Result<i64, NotRepresentable> {
    let amount = rescale(
        money.amount_minor,
        money.currency.exponent(),
        digits(money.currency),
    )?;
    (amount % step(money.currency) == 0)
        .then_some(amount)
        .ok_or(NotRepresentable)
}

/// An amount of Stripe's, in a currency that it names in small letters.
pub(super) fn from_stripe(amount: i64, currency: &str) -> Result<Money, NotRepresentable> {
    let currency =
        Currency::from_code(&currency.to_ascii_uppercase()).map_err(|_| NotRepresentable)?;
    let amount = rescale(amount, digits(currency), currency.exponent())?;
    Ok(Money::new(amount, currency))
}

/// Decimal digits that Stripe counts in.
fn digits(currency: Currency) -> u32 {
    match currency.code() {
        "BIF" | "CLP" | "DJF" | "GNF" | "JPY" | "KMF" | "KRW" | "MGA" | "PYG" | "RWF" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 3,
        // ISK and UGX, too, though they have no decimals any more.
        _ => 2,
    }
}

/// What an amount must be a multiple of.
fn step(currency: Currency) -> i64 {
    match currency.code() {
        "ISK" | "UGX" => 100,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 10,
        _ => 1,
    }
}

fn rescale(amount: i64, from: u32, to: u32) -> Result<i64, NotRepresentable> {
    let factor = 10_i64.pow(from.abs_diff(to));
    if to >= from {
        return amount.checked_mul(factor).ok_or(NotRepresentable);
    }
    (amount % factor == 0)
        .then_some(amount / factor)
        .ok_or(NotRepresentable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount_minor: i64, code: &str) -> Money {
        Money::new(amount_minor, Currency::from_code(code).expect("a currency"))
    }

    #[test]
    fn each_currency_is_counted_as_stripe_counts_it() {
        for (amount, code, stripe) in [
            (1_999, "EUR", 1_999),
            (1_999, "JPY", 1_999),
            (1_999, "HUF", 1_999),
            // No decimals in ISO, two at Stripe.
            (5, "ISK", 500),
            (5, "UGX", 500),
            // Two decimals in ISO, none at Stripe.
            (1_900, "MGA", 19),
            // The last of three digits is always 0.
            (5_120, "KWD", 5_120),
            (10, "BHD", 10),
        ] {
            assert_eq!(to_stripe(money(amount, code)), Ok(stripe), "{code}");
            let back = from_stripe(stripe, &code.to_ascii_lowercase());
            assert_eq!(back, Ok(money(amount, code)), "{code}");
        }
    }

    #[test]
    fn what_stripe_cannot_say_is_not_rounded() {
        for (amount, code) in [(5_124, "KWD"), (1_950, "MGA"), (i64::MAX, "ISK")] {
            assert_eq!(
                to_stripe(money(amount, code)),
                Err(NotRepresentable),
                "{code}"
            );
        }
        for (amount, code) in [(550, "isk"), (1, "xyz"), (i64::MAX, "mga")] {
            assert_eq!(from_stripe(amount, code), Err(NotRepresentable), "{code}");
        }
    }
}

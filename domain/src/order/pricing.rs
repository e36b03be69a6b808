//! What a line costs: quantity x price - discount, and the tax on it. Whole minor units, checked;
//! tax is rounded half up, once per line.

use crate::money::{Money, MoneyError};

use super::RequestedLine;

/// What the customer pays for a line, and the tax in it.
pub(super) struct LinePrice {
    /// Quantity x price, less the discount; negative when the discount is too large.
    pub(super) net_of_discount: Money,
    /// The tax.
    pub(super) tax: Money,
    /// What is paid.
    pub(super) total: Money,
}

/// Prices one line. `quantity` has been found to be in range.
pub(super) fn price_line(line: &RequestedLine, quantity: u32) -> Result<LinePrice, MoneyError> {
    let net_of_discount = line
        .unit_price
        .checked_mul(quantity)?
        .checked_sub(line.discount)?;
    let tax = tax_on(net_of_discount, line.tax.basis_points, line.tax.inclusive)?;
    let total = if line.tax.inclusive {
        net_of_discount
    } else {
        net_of_discount.checked_add(tax)?
    };
    Ok(LinePrice {
        net_of_discount,
        tax,
        total,
    })
}

/// Tax contained in `amount` (inclusive), or to be added to it.
fn tax_on(amount: Money, basis_points: u32, inclusive: bool) -> Result<Money, MoneyError> {
    let rate = i128::from(basis_points);
    let whole = if inclusive { 10_000 + rate } else { 10_000 };
    let exact = i128::from(amount.amount_minor) * rate;
    let rounded = (2 * exact + whole).div_euclid(2 * whole);
    let minor = i64::try_from(rounded).map_err(|_| MoneyError::Overflow)?;
    Ok(Money::new(minor, amount.currency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::testing::eur;

    #[test]
    fn half_a_cent_of_tax_is_rounded_up() {
        assert_eq!(tax_on(eur(250), 1000, false), Ok(eur(25)));
        assert_eq!(tax_on(eur(50), 500, false), Ok(eur(3)));
        assert_eq!(tax_on(eur(49), 500, false), Ok(eur(2)));
    }

    #[test]
    fn an_inclusive_tax_is_contained_in_the_price() {
        assert_eq!(tax_on(eur(11_900), 1900, true), Ok(eur(1_900)));
        assert_eq!(tax_on(eur(100), 1900, true), Ok(eur(16)));
    }

    #[test]
    fn tax_on_the_largest_amount_does_not_wrap() {
        assert_eq!(tax_on(eur(i64::MAX), 10_000, false), Ok(eur(i64::MAX)));
        assert_eq!(
            tax_on(eur(i64::MAX), 20_000, false),
            Err(MoneyError::Overflow)
        );
    }
}

//! The price of one piece changes; orders placed before keep theirs.

use serde::{Deserialize, Serialize};

use crate::{DecidedAt, money::Money};

use super::{Product, ProductEvent, ProductRefusal, register_product::check_price};

/// Change the price of one piece.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangePrice {
    /// The new price.
    pub new: Money,
    /// When it begins to count; at once where absent or past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<DecidedAt>,
}

impl ChangePrice {
    pub(super) fn decide(
        self,
        product: &Product,
        at: DecidedAt,
    ) -> Result<Vec<ProductEvent>, ProductRefusal> {
        check_price(self.new)?;
        let listing = product.listed()?;
        let old = listing.price_at(at);
        if self.new.currency != old.currency {
            return Err(ProductRefusal::CurrencyMismatch {
                expected: old.currency,
                found: self.new.currency,
            });
        }
        if self.new == old && !listing.has_announced(at) {
            return Err(ProductRefusal::PriceUnchanged { price: old });
        }
        let effective_at = self.effective_at.unwrap_or(at).max(at);
        let sku = listing.sku.clone();
        Ok(vec![ProductEvent::ProductPriceChanged {
            sku,
            old,
            new: self.new,
            effective_at,
        }])
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        money::{Currency, Money},
        product::{ChangePrice, ProductCommand, ProductRefusal, testing::*},
    };

    fn change(new: Money, hour: Option<i64>) -> ProductCommand {
        ProductCommand::ChangePrice(ChangePrice {
            new,
            effective_at: hour.map(at),
        })
    }

    #[test]
    fn a_price_counts_at_once_unless_it_is_announced() {
        let event = |hour| vec![priced(1_999, 1_499, hour)];
        given(&[registered()])
            .when(change(euro(1_499), None))
            .then_expect_events(event(0));
        given(&[registered()])
            .when(change(euro(1_499), Some(5)))
            .then_expect_events(event(5));
        given(&[registered()])
            .when(change(euro(1_499), Some(-5)))
            .then_expect_events(event(0));
    }

    #[test]
    fn the_old_price_is_the_one_that_counts_now() {
        let due = [registered(), priced(1_999, 2_999, -1)];
        given(&due)
            .when(change(euro(10), None))
            .then_expect_events(vec![priced(2_999, 10, 0)]);
        let announced = [registered(), priced(1_999, 2_999, 1)];
        given(&announced)
            .when(change(euro(10), None))
            .then_expect_events(vec![priced(1_999, 10, 0)]);
    }

    #[test]
    fn a_price_that_is_the_same_is_no_change() {
        given(&[registered()])
            .when(change(euro(1_999), None))
            .then_expect_error(ProductRefusal::PriceUnchanged { price: euro(1_999) });
    }

    #[test]
    fn an_announcement_is_taken_back_by_the_price_of_now() {
        given(&[registered(), priced(1_999, 2_999, 1)])
            .when(change(euro(1_999), None))
            .then_expect_events(vec![priced(1_999, 1_999, 0)]);
    }

    #[test]
    fn a_product_keeps_its_currency() {
        let (expected, found) = (
            euro(0).currency,
            Currency::from_code("GBP").expect("a currency"),
        );
        given(&[registered()])
            .when(change(Money::new(1_499, found), None))
            .then_expect_error(ProductRefusal::CurrencyMismatch { expected, found });
    }

    #[test]
    fn nothing_is_cheaper_than_free() {
        given(&[registered()])
            .when(change(euro(-1), None))
            .then_expect_error(ProductRefusal::NegativePrice { price: euro(-1) });
    }

    #[test]
    fn only_a_listed_product_has_a_price_to_change() {
        given(&[])
            .when(change(euro(1), None))
            .then_expect_error(ProductRefusal::UnknownProduct);
        given(&[registered(), discontinued()])
            .when(change(euro(1), None))
            .then_expect_error(ProductRefusal::Discontinued);
    }
}

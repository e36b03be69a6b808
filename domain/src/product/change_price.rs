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
        if self.new == old {
            return Err(ProductRefusal::PriceUnchanged { price: old });
        }
        let effective_at = self.effective_at.unwrap_or(at).max(at);
        let sku = listing.sku.clone();
        Ok(vec![ProductEvent::ProductPriceChanged { sku, old, new: self.new, effective_at }])
    }
}

//! A product is no longer to be ordered.

use serde::{Deserialize, Serialize};

use super::{Product, ProductEvent, ProductRefusal};

/// Refuse new orders for a product; open ones are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiscontinueProduct {}

impl DiscontinueProduct {
    pub(super) fn decide(self, product: &Product) -> Result<Vec<ProductEvent>, ProductRefusal> {
        let sku = product.listed()?.sku.clone();
        Ok(vec![ProductEvent::ProductDiscontinued { sku }])
    }
}

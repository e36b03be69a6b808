//! A product is called otherwise.

use serde::{Deserialize, Serialize};

use super::{Product, ProductEvent, ProductRefusal, register_product::check_name};

/// Call a product otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RenameProduct {
    /// The new name.
    pub name: String,
}

impl RenameProduct {
    pub(super) fn decide(self, product: &Product) -> Result<Vec<ProductEvent>, ProductRefusal> {
        check_name(&self.name)?;
        let listing = product.listed()?;
        if listing.name == self.name {
            return Err(ProductRefusal::NameUnchanged);
        }
        Ok(vec![ProductEvent::ProductRenamed { sku: listing.sku.clone(), name: self.name }])
    }
}

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
        Ok(vec![ProductEvent::ProductRenamed {
            sku: listing.sku.clone(),
            name: self.name,
        }])
    }
}

#[cfg(test)]
mod tests {
    use crate::product::{ProductCommand, ProductEvent, ProductRefusal, RenameProduct, testing::*};

    fn rename(name: &str) -> ProductCommand {
        ProductCommand::Rename(RenameProduct {
            name: name.to_owned(),
        })
    }

    #[test]
    fn a_product_is_called_otherwise() {
        let name = "Blue mug".to_owned();
        given(&[registered()])
            .when(rename("Blue mug"))
            .then_expect_events(vec![ProductEvent::ProductRenamed { sku: sku(), name }]);
    }

    #[test]
    fn a_name_that_is_the_same_is_no_change() {
        given(&[registered()])
            .when(rename("Red mug"))
            .then_expect_error(ProductRefusal::NameUnchanged);
    }

    #[test]
    fn a_product_keeps_having_a_name() {
        given(&[registered()])
            .when(rename("  "))
            .then_expect_error(ProductRefusal::InvalidName {
                characters: 2,
                limit: 200,
            });
    }

    #[test]
    fn a_discontinued_product_keeps_its_name() {
        given(&[registered(), discontinued()])
            .when(rename("Blue mug"))
            .then_expect_error(ProductRefusal::Discontinued);
    }
}

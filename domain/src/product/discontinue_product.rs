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

#[cfg(test)]
mod tests {
    use crate::product::{DiscontinueProduct, ProductCommand, ProductRefusal, testing::*};

    fn discontinue() -> ProductCommand {
        ProductCommand::Discontinue(DiscontinueProduct {})
    }

    #[test]
    fn a_product_is_discontinued_once() {
        given(&[registered()])
            .when(discontinue())
            .then_expect_events(vec![discontinued()]);
        given(&[registered(), discontinued()])
            .when(discontinue())
            .then_expect_error(ProductRefusal::Discontinued);
    }

    #[test]
    fn what_was_never_registered_can_t_be_discontinued() {
        given(&[])
            .when(discontinue())
            .then_expect_error(ProductRefusal::UnknownProduct);
    }
}

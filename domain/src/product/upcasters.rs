//! Older forms of a product's events, and what they are today.
//!
//! - `ProductRegistered` v1 called the rate of the tax `tax`, as an order's line calls its amount.
//!   Since v2 it is `tax_rate`.

use crate::evolution::{Form, Upcaster};

pub(super) const REGISTERED: Form = Form::new("ProductRegistered", 2);

pub(super) const UPCASTERS: &[Upcaster] = &[Upcaster {
    from: Form::new("ProductRegistered", 1),
    into: &[REGISTERED],
    upcast: |fields| Ok(vec![REGISTERED.told(fields.renamed("tax", "tax_rate")?)]),
}];

#[cfg(test)]
mod tests {
    use crate::{
        evolution::decode,
        product::{ProductEvent, testing::registered},
    };

    const V1: &str = r#"{"ProductRegistered":{"sku":"MUG-1","name":"Red mug","unit_price":{"amount_minor":1999,"currency":"EUR"},"tax":{"basis_points":1900,"inclusive":true}}}"#;

    #[test]
    fn a_product_registered_long_ago_is_registered_as_today() {
        let today = decode::<ProductEvent>("ProductRegistered", 1, V1).expect("it is known");
        assert_eq!(today.as_slice(), [registered()]);
    }

    #[test]
    fn an_old_payload_under_the_new_version_is_not_taken() {
        assert!(decode::<ProductEvent>("ProductRegistered", 2, V1).is_err());
    }
}

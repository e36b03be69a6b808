//! A product enters the catalogue.

use serde::{Deserialize, Serialize};

use crate::{
    ids::Sku,
    money::{Money, TaxRate},
};

use super::{Product, ProductEvent, ProductRefusal};

const LONGEST_NAME: usize = 200;
const HIGHEST_TAX: u32 = 10_000;

/// Bring a product into the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegisterProduct {
    /// Its number.
    pub sku: Sku,
    /// What the customer reads.
    pub name: String,
    /// Price of one piece.
    pub unit_price: Money,
    /// The tax that applies to it.
    pub tax: TaxRate,
}

impl RegisterProduct {
    pub(super) fn decide(self, product: &Product) -> Result<Vec<ProductEvent>, ProductRefusal> {
        check_name(&self.name)?;
        check_price(self.unit_price)?;
        if self.tax.basis_points > HIGHEST_TAX {
            return Err(ProductRefusal::TaxOutOfRange {
                basis_points: self.tax.basis_points,
                limit: HIGHEST_TAX,
            });
        }
        if product.exists() {
            return Err(ProductRefusal::ProductExists);
        }
        let Self {
            sku,
            name,
            unit_price,
            tax,
        } = self;
        Ok(vec![ProductEvent::ProductRegistered {
            sku,
            name,
            unit_price,
            tax_rate: tax,
        }])
    }
}

pub(super) fn check_name(name: &str) -> Result<(), ProductRefusal> {
    let characters = name.chars().count();
    if name.trim().is_empty() || characters > LONGEST_NAME {
        return Err(ProductRefusal::InvalidName {
            characters,
            limit: LONGEST_NAME,
        });
    }
    Ok(())
}

pub(super) fn check_price(price: Money) -> Result<(), ProductRefusal> {
    if price.is_negative() {
        return Err(ProductRefusal::NegativePrice { price });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::product::{ProductCommand, ProductRefusal, RegisterProduct, testing::*};

    #[test]
    fn a_product_is_registered_once() {
        let command = || ProductCommand::Register(register());
        given(&[])
            .when(command())
            .then_expect_events(vec![registered()]);
        given(&[registered()])
            .when(command())
            .then_expect_error(ProductRefusal::ProductExists);
        given(&[registered(), discontinued()])
            .when(command())
            .then_expect_error(ProductRefusal::ProductExists);
    }

    #[test]
    fn a_product_may_be_free_but_not_cheaper() {
        let priced = |cents| RegisterProduct {
            unit_price: euro(cents),
            ..register()
        };
        assert!(
            given(&[])
                .when(ProductCommand::Register(priced(0)))
                .inspect_result()
                .is_ok()
        );
        given(&[])
            .when(ProductCommand::Register(priced(-1)))
            .then_expect_error(ProductRefusal::NegativePrice { price: euro(-1) });
    }

    #[test]
    fn a_product_needs_a_name_that_can_be_read() {
        for (name, characters) in [
            (String::new(), 0),
            (" ".to_owned(), 1),
            ("é".repeat(201), 201),
        ] {
            let command = ProductCommand::Register(RegisterProduct { name, ..register() });
            given(&[])
                .when(command)
                .then_expect_error(ProductRefusal::InvalidName {
                    characters,
                    limit: 200,
                });
        }
    }

    #[test]
    fn a_tax_is_at_most_the_whole_price() {
        let mut command = register();
        command.tax.basis_points = 10_001;
        given(&[])
            .when(ProductCommand::Register(command))
            .then_expect_error(ProductRefusal::TaxOutOfRange {
                basis_points: 10_001,
                limit: 10_000,
            });
    }
}

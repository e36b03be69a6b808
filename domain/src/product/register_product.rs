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
        let Self { sku, name, unit_price, tax } = self;
        Ok(vec![ProductEvent::ProductRegistered { sku, name, unit_price, tax }])
    }
}

pub(super) fn check_name(name: &str) -> Result<(), ProductRefusal> {
    let characters = name.chars().count();
    if name.trim().is_empty() || characters > LONGEST_NAME {
        return Err(ProductRefusal::InvalidName { characters, limit: LONGEST_NAME });
    }
    Ok(())
}

pub(super) fn check_price(price: Money) -> Result<(), ProductRefusal> {
    if price.is_negative() {
        return Err(ProductRefusal::NegativePrice { price });
    }
    Ok(())
}

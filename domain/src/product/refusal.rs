//! Why a product refuses a command.

use serde::{Deserialize, Serialize};

use crate::{
    money::{Currency, Money},
    refusal::{Refusal, RefusalClass},
};

/// A refused command, with what the sender needs to know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ProductRefusal {
    /// The catalogue has it already.
    #[error("the product exists already")]
    ProductExists,
    /// The catalogue does not have it.
    #[error("there is no such product")]
    UnknownProduct,
    /// It was taken out of the catalogue.
    #[error("the product is discontinued")]
    Discontinued,
    /// The new price is the old one.
    #[error("the price is {price} already")]
    PriceUnchanged {
        /// The price.
        price: Money,
    },
    /// The new name is the old one.
    #[error("the product has this name already")]
    NameUnchanged,
    /// A product keeps its currency.
    #[error("the product is priced in {expected}, not in {found}")]
    CurrencyMismatch {
        /// The product's currency.
        expected: Currency,
        /// The currency sent.
        found: Currency,
    },
    /// Prices are not negative.
    #[error("the price {price} is negative")]
    NegativePrice {
        /// The price sent.
        price: Money,
    },
    /// A name is 1 to 200 characters.
    #[error("a name has 1 to {limit} characters, this one has {characters}")]
    InvalidName {
        /// Characters sent.
        characters: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// A tax is at most 100 %.
    #[error("a tax of {basis_points} basis points is more than {limit}")]
    TaxOutOfRange {
        /// Hundredths of a percent sent.
        basis_points: u32,
        /// The most that is allowed.
        limit: u32,
    },
}

impl Refusal for ProductRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::ProductExists => "product.exists",
            Self::UnknownProduct => "product.unknown",
            Self::Discontinued => "product.discontinued",
            Self::PriceUnchanged { .. } => "product.price_unchanged",
            Self::NameUnchanged => "product.name_unchanged",
            Self::CurrencyMismatch { .. } => "product.currency_mismatch",
            Self::NegativePrice { .. } => "product.negative_price",
            Self::InvalidName { .. } => "product.invalid_name",
            Self::TaxOutOfRange { .. } => "product.tax_out_of_range",
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::UnknownProduct => RefusalClass::NotFound,
            Self::ProductExists | Self::Discontinued => RefusalClass::State,
            Self::PriceUnchanged { .. } | Self::NameUnchanged | Self::CurrencyMismatch { .. } => {
                RefusalClass::Rule
            }
            Self::NegativePrice { .. } | Self::InvalidName { .. } | Self::TaxOutOfRange { .. } => {
                RefusalClass::Malformed
            }
        }
    }
}

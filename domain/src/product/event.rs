//! Facts of a product in the catalogue.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    evolution::{Evolving, Form, Upcaster, version_today},
    ids::Sku,
    money::{Money, TaxRate},
};

use super::upcasters::{REGISTERED, UPCASTERS};

/// What has happened to a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ProductEvent {
    /// The product entered the catalogue.
    ProductRegistered {
        /// The product's number.
        sku: Sku,
        /// What the customer reads.
        name: String,
        /// Price of one piece.
        unit_price: Money,
        /// The tax that applies to it.
        tax_rate: TaxRate,
    },
    /// The price of one piece changed; orders placed before keep theirs.
    ProductPriceChanged {
        /// The product's number.
        sku: Sku,
        /// The price until now.
        old: Money,
        /// The price from now on.
        new: Money,
        /// When the new price begins to count.
        effective_at: DecidedAt,
    },
    /// The product is called otherwise.
    ProductRenamed {
        /// The product's number.
        sku: Sku,
        /// The new name.
        name: String,
    },
    /// New orders for the product are refused from now on; open ones are kept.
    ProductDiscontinued {
        /// The product's number.
        sku: Sku,
    },
}

impl DomainEvent for ProductEvent {
    fn event_type(&self) -> String {
        match self {
            Self::ProductRegistered { .. } => "ProductRegistered",
            Self::ProductPriceChanged { .. } => "ProductPriceChanged",
            Self::ProductRenamed { .. } => "ProductRenamed",
            Self::ProductDiscontinued { .. } => "ProductDiscontinued",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        version_today::<Self>(&self.event_type()).to_string()
    }
}

impl Evolving for ProductEvent {
    const CHANGED: &'static [Form] = &[REGISTERED];
    const UPCASTERS: &'static [Upcaster] = UPCASTERS;
}

//! A product of the catalogue: its name and the price of one piece. Orders copy both when they are
//! placed, so that nothing here changes an order. Each command is a file of its own.

mod change_price;
mod discontinue_product;
mod event;
mod refusal;
mod register_product;
mod rename_product;
#[cfg(test)]
mod testing;
mod upcasters;

use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    ids::Sku,
    money::{Money, TaxRate},
};

pub use change_price::ChangePrice;
pub use discontinue_product::DiscontinueProduct;
pub use event::ProductEvent;
pub use refusal::ProductRefusal;
pub use register_product::RegisterProduct;
pub use rename_product::RenameProduct;

/// What can be asked of a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ProductCommand {
    /// Bring it into the catalogue.
    Register(RegisterProduct),
    /// Change the price of one piece.
    ChangePrice(ChangePrice),
    /// Call it otherwise.
    Rename(RenameProduct),
    /// Refuse new orders for it.
    Discontinue(DiscontinueProduct),
}

/// The state of a product.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Product {
    /// Not in the catalogue.
    #[default]
    Unknown,
    /// To be ordered.
    Listed(Listing),
    /// No longer to be ordered.
    Discontinued(Listing),
}

/// What the catalogue says of a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// Its number.
    pub sku: Sku,
    /// What the customer reads.
    pub name: String,
    /// Price of one piece.
    pub unit_price: Money,
    /// The tax that applies to it.
    pub tax: TaxRate,
    /// A price that is announced and does not count yet.
    pub announced: Option<(Money, DecidedAt)>,
}

impl Listing {
    /// The price of one piece at an instant.
    pub fn price_at(&self, at: DecidedAt) -> Money {
        match self.announced {
            Some((price, effective_at)) if effective_at <= at => price,
            Some(_) | None => self.unit_price,
        }
    }

    /// Whether another price is announced for later.
    pub fn has_announced(&self, at: DecidedAt) -> bool {
        self.announced
            .is_some_and(|(_, effective_at)| effective_at > at)
    }
}

impl Aggregate for Product {
    const TYPE: &'static str = "product";
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Error = ProductRefusal;
    type Services = DecidedAt;

    async fn handle(
        &mut self,
        command: ProductCommand,
        at: &DecidedAt,
        sink: &EventSink<Self>,
    ) -> Result<(), ProductRefusal> {
        for event in self.decide(command, *at)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: ProductEvent) {
        match event {
            ProductEvent::ProductRegistered {
                sku,
                name,
                unit_price,
                tax_rate: tax,
            } => {
                *self = Self::Listed(Listing {
                    sku,
                    name,
                    unit_price,
                    tax,
                    announced: None,
                });
            }
            ProductEvent::ProductPriceChanged {
                old,
                new,
                effective_at,
                ..
            } => {
                self.edit(|listing| {
                    listing.unit_price = old;
                    listing.announced = Some((new, effective_at));
                });
            }
            ProductEvent::ProductRenamed { name, .. } => self.edit(|listing| listing.name = name),
            ProductEvent::ProductDiscontinued { .. } => {
                if let Self::Listed(listing) = self.clone() {
                    *self = Self::Discontinued(listing);
                }
            }
        }
    }
}

impl Product {
    /// What the command brings about, or why it is refused.
    pub fn decide(
        &self,
        command: ProductCommand,
        at: DecidedAt,
    ) -> Result<Vec<ProductEvent>, ProductRefusal> {
        match command {
            ProductCommand::Register(command) => command.decide(self),
            ProductCommand::ChangePrice(command) => command.decide(self, at),
            ProductCommand::Rename(command) => command.decide(self),
            ProductCommand::Discontinue(command) => command.decide(self),
        }
    }

    /// Whether it was ever registered.
    pub fn exists(&self) -> bool {
        self.listing().is_some()
    }

    /// What the catalogue says of it.
    pub fn listing(&self) -> Option<&Listing> {
        match self {
            Self::Unknown => None,
            Self::Listed(listing) | Self::Discontinued(listing) => Some(listing),
        }
    }

    /// The state's name.
    pub fn state_name(&self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Listed(_) => "Listed",
            Self::Discontinued(_) => "Discontinued",
        }
    }

    /// Names of the commands that the state allows.
    pub fn allowed_commands(&self, _at: DecidedAt) -> Vec<&'static str> {
        match self {
            Self::Unknown => vec!["RegisterProduct"],
            Self::Listed(_) => vec!["ChangePrice", "RenameProduct", "DiscontinueProduct"],
            Self::Discontinued(_) => vec![],
        }
    }

    /// The listing of a product that can be ordered and changed.
    fn listed(&self) -> Result<&Listing, ProductRefusal> {
        match self {
            Self::Unknown => Err(ProductRefusal::UnknownProduct),
            Self::Listed(listing) => Ok(listing),
            Self::Discontinued(_) => Err(ProductRefusal::Discontinued),
        }
    }

    fn edit(&mut self, change: impl FnOnce(&mut Listing)) {
        match self {
            Self::Unknown => {}
            Self::Listed(listing) | Self::Discontinued(listing) => change(listing),
        }
    }
}

//! The catalogue: one row per product. Next: `query-api` shows it; prices of placed orders are
//! facts of the order and never read from here.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use orderlog_domain::{
    fact::Fact,
    ids::Sku,
    money::{Money, TaxRate},
    product::ProductEvent,
};
use orderlog_runtime::{
    projection::{Arity, Column, ColumnValue, Definition, FoldError, Occurred, Projection},
    read_model::{Page, ReadModel},
    read_store::{ReadError, ReadStore},
};
use serde::{Deserialize, Serialize};

use crate::{
    folding::{existing, stream_id, text},
    paging::{Filter, Paging},
};

/// Name of the projection.
pub const NAME: &str = "products";

/// A product as the catalogue shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// Its number.
    pub sku: Sku,
    /// What the customer reads.
    pub name: String,
    /// Price of one piece, unless an announced one counts already.
    pub unit_price: Money,
    /// The latest change of the price.
    pub announced: Option<Announced>,
    /// How often the price has changed.
    pub price_changes: u32,
    /// The tax that applies.
    pub tax: TaxRate,
    /// Whether new orders for it are refused.
    pub discontinued: bool,
    /// When it entered the catalogue.
    pub registered_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Version of the product.
    pub version: u64,
}

/// A price that counts from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// Price of one piece.
    pub price: Money,
    /// When it begins to count.
    pub from: DateTime<Utc>,
}

impl Product {
    /// Price of one piece at an instant. Which price counts depends on when it is asked, so a row
    /// keeps both.
    pub fn price_at(&self, at: DateTime<Utc>) -> Money {
        self.announced
            .filter(|new| new.from <= at)
            .map_or(self.unit_price, |new| new.price)
    }
}

/// The fold of [`Product`] rows, keyed by sku.
pub struct Products;

impl Projection<Fact> for Products {
    type Row = Product;

    fn definition(&self) -> Definition {
        Definition {
            name: NAME,
            version: "1".to_owned(),
            columns: COLUMNS,
        }
    }

    fn keys(&self, event: &Occurred<'_, Fact>) -> Vec<String> {
        match event.fact {
            Fact::Product(_) => vec![stream_id(event.recorded).to_owned()],
            Fact::Stock(_)
            | Fact::Payment(_)
            | Fact::Order(_)
            | Fact::Fulfilment(_)
            | Fact::Notification(_)
            | Fact::Contact(_)
            | Fact::Webhook(_) => vec![],
        }
    }

    fn apply(
        &self,
        _key: &str,
        row: &mut Option<Product>,
        event: &Occurred<'_, Fact>,
    ) -> Result<(), FoldError> {
        let Fact::Product(fact) = event.fact else {
            return Ok(());
        };
        let at = event.recorded.occurred_at;
        if let ProductEvent::ProductRegistered {
            sku,
            name,
            unit_price,
            tax_rate,
        } = fact
        {
            *row = Some(Product {
                sku: sku.clone(),
                name: name.clone(),
                unit_price: *unit_price,
                announced: None,
                price_changes: 0,
                tax: *tax_rate,
                discontinued: false,
                registered_at: at,
                updated_at: at,
                version: event.recorded.version,
            });
            return Ok(());
        }
        let row = existing(NAME, row, event.recorded)?;
        match fact {
            ProductEvent::ProductRegistered { .. } => {}
            ProductEvent::ProductPriceChanged {
                old,
                new,
                effective_at,
                ..
            } => {
                row.unit_price = *old;
                row.announced = Some(Announced {
                    price: *new,
                    from: *effective_at,
                });
                row.price_changes += 1;
            }
            ProductEvent::ProductRenamed { name, .. } => row.name.clone_from(name),
            ProductEvent::ProductDiscontinued { .. } => row.discontinued = true,
        }
        row.updated_at = at;
        row.version = event.recorded.version;
        Ok(())
    }

    fn columns(&self, row: &Product) -> Vec<ColumnValue> {
        vec![
            text(&row.sku),
            text(&row.name),
            discontinued(row.discontinued),
        ]
    }
}

const COLUMNS: &[Column] = &[
    Column {
        name: "sku",
        arity: Arity::One,
    },
    Column {
        name: "name",
        arity: Arity::One,
    },
    Column {
        name: "discontinued",
        arity: Arity::One,
    },
];

fn discontinued(yes: bool) -> ColumnValue {
    ColumnValue::Integer(i64::from(yes))
}

/// Finds [`Product`] rows.
pub type ProductRows = ReadModel<Product>;

/// The rows in `store`.
pub fn rows(store: Arc<dyn ReadStore>) -> ProductRows {
    ReadModel::new(store, NAME)
}

/// The product `sku`.
pub async fn by_sku(rows: &ProductRows, sku: &Sku) -> Result<Option<Product>, ReadError> {
    rows.get(&sku.to_string()).await
}

/// Products by sku; only those discontinued or only those on sale, where asked.
pub async fn page(
    rows: &ProductRows,
    only_discontinued: Option<bool>,
    paging: Paging,
) -> Result<Page<Product>, ReadError> {
    let filter = Filter::default().is("discontinued", only_discontinued.map(discontinued));
    rows.page(&paging.query(filter, "sku", false)).await
}

#[cfg(test)]
mod tests;

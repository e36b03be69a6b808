//! The catalogue.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use orderlog_projections::{products, stock_levels};

use super::{
    money::{Long, Money},
    stock::StockLevel,
};
use crate::{
    failure::unread,
    freshness::fresh,
    paging::{Rows, connection, paging, weight},
};

/// A product as the catalogue shows it.
pub struct Product(pub(crate) products::Product);

/// A product as the catalogue shows it. Prices of placed orders are facts of those orders.
#[Object]
impl Product {
    /// Its number.
    async fn sku(&self) -> &str {
        self.0.sku.as_str()
    }

    /// What the customer reads.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Price of one piece now.
    async fn unit_price(&self) -> Money {
        self.0.price_at(Utc::now()).into()
    }

    /// A price that does not count yet.
    async fn announced_price(&self) -> Option<AnnouncedPrice> {
        let announced = self
            .0
            .announced
            .filter(|announced| announced.from > Utc::now())?;
        Some(AnnouncedPrice {
            price: announced.price.into(),
            from: announced.from,
        })
    }

    /// How often the price has changed.
    async fn price_changes(&self) -> u32 {
        self.0.price_changes
    }

    /// The tax rate in hundredths of a percent.
    async fn tax_basis_points(&self) -> u32 {
        self.0.tax.basis_points
    }

    /// Whether the price holds the tax already.
    async fn tax_inclusive(&self) -> bool {
        self.0.tax.inclusive
    }

    /// Whether new orders for it are refused.
    async fn discontinued(&self) -> bool {
        self.0.discontinued
    }

    /// When it entered the catalogue.
    async fn registered_at(&self) -> DateTime<Utc> {
        self.0.registered_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Its version, as REST's `ETag` has it.
    async fn version(&self) -> Long {
        self.0.version.into()
    }

    /// Its stock in each warehouse.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn stock(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<StockLevel>> {
        let paging = paging(first, after)?;
        let rows = fresh(context, stock_levels::rows).await?;
        let filter = stock_levels::StockFilter {
            sku: Some(self.0.sku.clone()),
            ..Default::default()
        };
        let page = stock_levels::page(&rows, &filter, paging)
            .await
            .map_err(unread)?;
        Ok(connection(page, StockLevel))
    }
}

/// A price that counts from an instant on.
#[derive(SimpleObject)]
pub struct AnnouncedPrice {
    /// Price of one piece.
    pub price: Money,
    /// When it begins to count.
    pub from: DateTime<Utc>,
}

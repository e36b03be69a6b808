//! Products and their stock.

use async_graphql::{Context, InputObject, Object, Result};
use orderlog_domain::ids::{Sku, WarehouseId};
use orderlog_projections::{products, stock_levels};

use super::argument;
use crate::{
    failure::unread,
    freshness::fresh,
    objects::{product::Product, stock::StockLevel},
    paging::{Rows, connection, paging, weight},
};

#[derive(Default)]
pub(super) struct Catalogue;

/// Which stock levels are wanted; all of what is said must hold.
#[derive(InputObject, Default)]
struct StockFilter {
    /// Of this product.
    sku: Option<String>,
    /// In this warehouse.
    warehouse: Option<String>,
    /// Only those that are low, or only those that are not.
    low: Option<bool>,
}

#[Object]
impl Catalogue {
    /// The product with this number.
    async fn product(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its number.")] sku: String,
    ) -> Result<Option<Product>> {
        let sku = argument("sku", Sku::parse(sku))?;
        let rows = fresh(context, products::rows).await?;
        Ok(products::by_sku(&rows, &sku)
            .await
            .map_err(unread)?
            .map(Product))
    }

    /// Products, by number.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn products(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Only discontinued ones, or only those on sale.")] discontinued: Option<
            bool,
        >,
    ) -> Result<Rows<Product>> {
        let paging = paging(first, after)?;
        let rows = fresh(context, products::rows).await?;
        let page = products::page(&rows, discontinued, paging)
            .await
            .map_err(unread)?;
        Ok(connection(page, Product))
    }

    /// The stock of a product in a warehouse.
    async fn stock(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The product's number.")] sku: String,
        #[graphql(desc = "The warehouse.", default = "main")] warehouse: String,
    ) -> Result<Option<StockLevel>> {
        let sku = argument("sku", Sku::parse(sku))?;
        let warehouse = argument("warehouse", WarehouseId::parse(warehouse))?;
        let rows = fresh(context, stock_levels::rows).await?;
        Ok(stock_levels::of(&rows, &sku, &warehouse)
            .await
            .map_err(unread)?
            .map(StockLevel))
    }

    /// Stock levels, by product.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn stock_levels(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Which ones; all unless said.")] filter: Option<StockFilter>,
    ) -> Result<Rows<StockLevel>> {
        let paging = paging(first, after)?;
        let filter = filter.unwrap_or_default().parsed()?;
        let rows = fresh(context, stock_levels::rows).await?;
        let page = stock_levels::page(&rows, &filter, paging)
            .await
            .map_err(unread)?;
        Ok(connection(page, StockLevel))
    }
}

impl StockFilter {
    fn parsed(self) -> Result<stock_levels::StockFilter> {
        let warehouse = self.warehouse.map(WarehouseId::parse).transpose();
        Ok(stock_levels::StockFilter {
            sku: argument("filter.sku", self.sku.map(Sku::parse).transpose())?,
            warehouse: argument("filter.warehouse", warehouse)?,
            low: self.low,
        })
    }
}

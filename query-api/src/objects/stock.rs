//! What is on the shelf and what can still be promised.

use async_graphql::{Context, Object, Result};
use chrono::{DateTime, Utc};
use orderlog_domain::stock::BackorderPolicy;
use orderlog_projections::{products, stock_levels};

use super::{money::Long, product::Product};
use crate::{failure::unread, freshness::fresh};

/// The stock of one product in one warehouse, in pieces.
pub struct StockLevel(pub(crate) stock_levels::StockLevel);

/// The stock of one product in one warehouse, in pieces.
#[Object]
impl StockLevel {
    /// The product's number.
    async fn sku(&self) -> &str {
        self.0.sku.as_str()
    }

    /// The product.
    async fn product(&self, context: &Context<'_>) -> Result<Option<Product>> {
        let rows = fresh(context, products::rows).await?;
        Ok(products::by_sku(&rows, &self.0.sku)
            .await
            .map_err(unread)?
            .map(Product))
    }

    /// The warehouse.
    async fn warehouse(&self) -> &str {
        self.0.warehouse.as_str()
    }

    /// On the shelf.
    async fn on_hand(&self) -> Long {
        Long(self.0.on_hand.into())
    }

    /// Spoken for, and free again unless confirmed in time.
    async fn held(&self) -> Long {
        Long(self.0.held.into())
    }

    /// Spoken for, until it leaves or is released.
    async fn confirmed(&self) -> Long {
        Long(self.0.confirmed.into())
    }

    /// What can still be promised: on hand, less held, confirmed and safety stock.
    async fn available(&self) -> Long {
        Long(self.0.available().into())
    }

    /// Never promised.
    async fn safety_stock(&self) -> u32 {
        self.0.safety_stock
    }

    /// Stock is low when no more than this can be promised.
    async fn low_stock_at(&self) -> u32 {
        self.0.low_stock_at
    }

    /// Whether so little can be promised that more should be ordered.
    async fn low(&self) -> bool {
        self.0.is_low()
    }

    /// How many pieces more than there are may be promised.
    async fn backorder_limit(&self) -> u32 {
        match self.0.backorder {
            BackorderPolicy::Deny => 0,
            BackorderPolicy::Allow { limit } => limit,
        }
    }

    /// Pieces promised that are not there, as the last count found.
    async fn missing(&self) -> Long {
        Long(self.0.missing.into())
    }

    /// Reservations that are held or confirmed.
    async fn reservations(&self) -> u32 {
        self.0.reservations
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Its version, as REST's `ETag` has it.
    async fn version(&self) -> Long {
        self.0.version.into()
    }
}

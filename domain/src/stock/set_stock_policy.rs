//! Other limits apply to a stock item.

use serde::{Deserialize, Serialize};

use super::{BackorderPolicy, StockEvent, StockItem, StockRefusal, register_stock_item::check_limits};

/// Apply other limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetStockPolicy {
    /// Pieces that are never promised to anybody.
    pub safety_stock: u32,
    /// A level that is worth a warning.
    pub low_stock_at: u32,
    /// Whether more may be promised than there is.
    pub backorder: BackorderPolicy,
}

impl SetStockPolicy {
    pub(super) fn decide(self, item: &StockItem) -> Result<Vec<StockEvent>, StockRefusal> {
        let Self { safety_stock, low_stock_at, backorder } = self;
        check_limits(safety_stock, low_stock_at, backorder)?;
        let policy = item.registered()?;
        let unchanged = (policy.safety_stock, policy.low_stock_at, policy.backorder)
            == (safety_stock, low_stock_at, backorder);
        if unchanged {
            return Ok(vec![]);
        }
        let sku = policy.sku.clone();
        Ok(vec![StockEvent::StockPolicyChanged { sku, safety_stock, low_stock_at, backorder }])
    }
}

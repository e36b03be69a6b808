//! The warehouse keeps a product from now on.

use serde::{Deserialize, Serialize};

use crate::ids::{Sku, WarehouseId};

use super::{BackorderPolicy, StockEvent, StockItem, StockRefusal};

/// No limit and no movement is larger, so that sums never overflow.
pub(super) const MOST_PIECES: u32 = 1_000_000_000;

/// Keep the product in the warehouse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegisterStockItem {
    /// The product.
    pub sku: Sku,
    /// The warehouse.
    pub warehouse: WarehouseId,
    /// Pieces that are never promised to anybody.
    pub safety_stock: u32,
    /// A level that is worth a warning.
    pub low_stock_at: u32,
    /// Whether more may be promised than there is.
    pub backorder: BackorderPolicy,
}

impl RegisterStockItem {
    pub(super) fn decide(self, item: &StockItem) -> Result<Vec<StockEvent>, StockRefusal> {
        check_limits(self.safety_stock, self.low_stock_at, self.backorder)?;
        if item.exists() {
            return Err(StockRefusal::AlreadyRegistered);
        }
        let Self {
            sku,
            warehouse,
            safety_stock,
            low_stock_at,
            backorder,
        } = self;
        Ok(vec![StockEvent::StockItemRegistered {
            sku,
            warehouse,
            safety_stock,
            low_stock_at,
            backorder,
        }])
    }
}

pub(super) fn check_limits(
    safety_stock: u32,
    low_stock_at: u32,
    backorder: BackorderPolicy,
) -> Result<(), StockRefusal> {
    let limit = match backorder {
        BackorderPolicy::Deny => 0,
        BackorderPolicy::Allow { limit } => limit,
    };
    let found = safety_stock.max(low_stock_at).max(limit);
    if found > MOST_PIECES {
        return Err(StockRefusal::InvalidPolicy {
            found,
            limit: MOST_PIECES,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{
        ids::WarehouseId,
        stock::{BackorderPolicy, RegisterStockItem, StockCommand, StockRefusal, testing::*},
    };

    fn register(safety_stock: u32, backorder: BackorderPolicy) -> StockCommand {
        let warehouse = WarehouseId::main();
        let low_stock_at = 2;
        StockCommand::Register(RegisterStockItem {
            sku: sku(),
            warehouse,
            safety_stock,
            low_stock_at,
            backorder,
        })
    }

    #[test]
    fn a_stock_item_is_registered_once() {
        let backorder = BackorderPolicy::Allow { limit: 3 };
        given(&[])
            .when(register(1, backorder))
            .then_expect_events(vec![registered(1, backorder)]);
        given(&[&stocked(1)])
            .when(register(1, backorder))
            .then_expect_error(StockRefusal::AlreadyRegistered);
    }

    #[test]
    fn limits_are_within_reason() {
        let refusal = |found| StockRefusal::InvalidPolicy {
            found,
            limit: 1_000_000_000,
        };
        given(&[])
            .when(register(u32::MAX, BackorderPolicy::Deny))
            .then_expect_error(refusal(u32::MAX));
        given(&[])
            .when(register(
                0,
                BackorderPolicy::Allow {
                    limit: 1_000_000_001,
                },
            ))
            .then_expect_error(refusal(1_000_000_001));
    }
}

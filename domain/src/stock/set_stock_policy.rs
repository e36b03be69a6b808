//! Other limits apply to a stock item.

use serde::{Deserialize, Serialize};

use super::{
    BackorderPolicy, StockEvent, StockItem, StockRefusal, register_stock_item::check_limits,
};

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
        let Self {
            safety_stock,
            low_stock_at,
            backorder,
        } = self;
        check_limits(safety_stock, low_stock_at, backorder)?;
        let policy = item.registered()?;
        let unchanged = (policy.safety_stock, policy.low_stock_at, policy.backorder)
            == (safety_stock, low_stock_at, backorder);
        if unchanged {
            return Ok(vec![]);
        }
        let sku = policy.sku.clone();
        Ok(vec![StockEvent::StockPolicyChanged {
            sku,
            safety_stock,
            low_stock_at,
            backorder,
        }])
    }
}

#[cfg(test)]
mod tests {
    use crate::stock::{
        BackorderPolicy, SetStockPolicy, StockCommand, StockEvent, StockRefusal, testing::*,
    };

    fn set(safety_stock: u32) -> StockCommand {
        let backorder = BackorderPolicy::Deny;
        StockCommand::SetPolicy(SetStockPolicy {
            safety_stock,
            low_stock_at: 2,
            backorder,
        })
    }

    #[test]
    fn other_limits_apply() {
        given(&[&stocked(1)]).when(set(1)).then_expect_events(vec![
            StockEvent::StockPolicyChanged {
                sku: sku(),
                safety_stock: 1,
                low_stock_at: 2,
                backorder: BackorderPolicy::Deny,
            },
        ]);
    }

    #[test]
    fn the_same_limits_are_no_change() {
        given(&[&stocked(1)])
            .when(set(0))
            .then_expect_events(vec![]);
    }

    #[test]
    fn what_is_not_kept_has_no_limits() {
        given(&[])
            .when(set(0))
            .then_expect_error(StockRefusal::NotRegistered);
    }
}

//! A count corrects the level. Physical truth wins: a count that contradicts promises is recorded
//! and raises a shortfall, it is not refused.

use serde::{Deserialize, Serialize};

use crate::ids::ReservationId;

use super::{
    StockEvent, StockItem, StockRefusal, receive_stock::check_text, register_stock_item::MOST_PIECES,
};

const LONGEST_ID: usize = 100;
const LONGEST_REASON: usize = 500;

/// Correct the level after a count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdjustStock {
    /// The correction.
    pub adjustment_id: String,
    /// How many more (or fewer).
    pub delta: i64,
    /// Why.
    pub reason: String,
    /// Refuse unless so many pieces are there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_on_hand: Option<i64>,
}

impl AdjustStock {
    pub(super) fn decide(self, item: &StockItem) -> Result<Vec<StockEvent>, StockRefusal> {
        if self.reason.trim().is_empty() {
            return Err(StockRefusal::ReasonRequired);
        }
        check_text("reason", &self.reason, LONGEST_REASON)?;
        check_text("adjustment_id", &self.adjustment_id, LONGEST_ID)?;
        if self.delta == 0 || self.delta.unsigned_abs() > u64::from(MOST_PIECES) {
            return Err(StockRefusal::InvalidQuantity { quantity: self.delta, limit: MOST_PIECES });
        }
        let sku = item.registered()?.sku.clone();
        match self.expected_on_hand {
            Some(expected) if expected != item.on_hand => {
                return Err(StockRefusal::OnHandMismatch { expected, actual: item.on_hand });
            }
            Some(_) | None => {}
        }
        let on_hand = item.on_hand + self.delta;
        if on_hand < 0 {
            return Err(StockRefusal::WouldGoNegative { on_hand: item.on_hand, delta: self.delta });
        }
        let Self { adjustment_id, delta, reason, .. } = self;
        let adjusted =
            StockEvent::StockAdjusted { sku: sku.clone(), adjustment_id, delta, reason, on_hand };
        let missing = item.present() - on_hand;
        if missing <= 0 {
            return Ok(vec![adjusted]);
        }
        let reservations = at_risk(item, missing);
        Ok(vec![adjusted, StockEvent::StockShortfallDetected { sku, missing, reservations }])
    }
}

/// The latest promises that together make up what is missing; what waits for a delivery is not
/// at risk.
fn at_risk(item: &StockItem, missing: i64) -> Vec<ReservationId> {
    let mut promises: Vec<_> = item.reservations.iter().filter(|(_, held)| held.present() > 0).collect();
    promises.sort_by_key(|(_, held)| std::cmp::Reverse(held.serial));
    let mut left = missing;
    promises
        .into_iter()
        .take_while(|(_, held)| {
            let needed = left > 0;
            left -= i64::from(held.present());
            needed
        })
        .map(|(id, _)| *id)
        .collect()
}

//! A count corrects the level. Physical truth wins: a count that contradicts promises is recorded
//! and raises a shortfall, it is not refused.

use serde::{Deserialize, Serialize};

use crate::ids::ReservationId;

use super::{
    StockEvent, StockItem, StockRefusal, receive_stock::check_text,
    register_stock_item::MOST_PIECES,
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
            return Err(StockRefusal::InvalidQuantity {
                quantity: self.delta,
                limit: MOST_PIECES,
            });
        }
        let sku = item.registered()?.sku.clone();
        match self.expected_on_hand {
            Some(expected) if expected != item.on_hand => {
                return Err(StockRefusal::OnHandMismatch {
                    expected,
                    actual: item.on_hand,
                });
            }
            Some(_) | None => {}
        }
        let on_hand = item.on_hand + self.delta;
        if on_hand < 0 {
            return Err(StockRefusal::WouldGoNegative {
                on_hand: item.on_hand,
                delta: self.delta,
            });
        }
        let Self {
            adjustment_id,
            delta,
            reason,
            ..
        } = self;
        let adjusted = StockEvent::StockAdjusted {
            sku: sku.clone(),
            adjustment_id,
            delta,
            reason,
            on_hand,
        };
        let missing = item.present() - on_hand;
        if missing <= 0 {
            return Ok(vec![adjusted]);
        }
        let reservations = at_risk(item, missing);
        Ok(vec![
            adjusted,
            StockEvent::StockShortfallDetected {
                sku,
                missing,
                reservations,
            },
        ])
    }
}

/// The latest promises that together make up what is missing; what waits for a delivery is not
/// at risk.
fn at_risk(item: &StockItem, missing: i64) -> Vec<ReservationId> {
    let mut promises: Vec<_> = item
        .reservations
        .iter()
        .filter(|(_, held)| held.present() > 0)
        .collect();
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

#[cfg(test)]
mod tests {
    use crate::stock::{AdjustStock, StockCommand, StockEvent, StockRefusal, testing::*};

    fn adjust(delta: i64) -> AdjustStock {
        let (adjustment_id, reason) = ("count".to_owned(), "counted".to_owned());
        AdjustStock {
            adjustment_id,
            delta,
            reason,
            expected_on_hand: None,
        }
    }

    fn shortfall(missing: i64, holds: &[u128]) -> StockEvent {
        let reservations = holds.iter().map(|hold| reservation(*hold)).collect();
        StockEvent::StockShortfallDetected {
            sku: sku(),
            missing,
            reservations,
        }
    }

    #[test]
    fn a_count_corrects_the_level() {
        given(&[&stocked(3)])
            .when(StockCommand::Adjust(adjust(-2)))
            .then_expect_events(vec![adjusted(-2, 1)]);
    }

    #[test]
    fn a_count_that_contradicts_promises_is_recorded_and_names_the_latest() {
        given(&[
            &stocked(6),
            &[reserved(7, 2, 0), reserved(6, 2, 0), reserved(5, 2, 0)],
        ])
        .when(StockCommand::Adjust(adjust(-3)))
        .then_expect_events(vec![adjusted(-3, 3), shortfall(3, &[5, 6])]);
    }

    #[test]
    fn a_shortfall_lasts_until_all_is_found_again() {
        let short = [reserved(1, 4, 0), adjusted(-3, 1)];
        given(&[&stocked(4), &short])
            .when(StockCommand::Adjust(adjust(1)))
            .then_expect_events(vec![adjusted(1, 2), shortfall(2, &[1])]);
        given(&[&stocked(4), &short])
            .when(StockCommand::Adjust(adjust(3)))
            .then_expect_events(vec![adjusted(3, 4)]);
    }

    #[test]
    fn what_waits_for_a_delivery_is_not_missing() {
        given(&[&backordering(2, 9), &[reserved(1, 1, 0), reserved(2, 3, 2)]])
            .when(StockCommand::Adjust(adjust(-1)))
            .then_expect_events(vec![adjusted(-1, 1), shortfall(1, &[2])]);
        given(&[&backordering(2, 9), &[reserved(1, 1, 0)]])
            .when(StockCommand::Adjust(adjust(-1)))
            .then_expect_events(vec![adjusted(-1, 1)]);
    }

    #[test]
    fn a_sender_may_count_on_a_level() {
        let counting = |expected| {
            let expected_on_hand = Some(expected);
            StockCommand::Adjust(AdjustStock {
                expected_on_hand,
                ..adjust(1)
            })
        };
        given(&[&stocked(3)])
            .when(counting(3))
            .then_expect_events(vec![adjusted(1, 4)]);
        given(&[&stocked(3)])
            .when(counting(4))
            .then_expect_error(StockRefusal::OnHandMismatch {
                expected: 4,
                actual: 3,
            });
    }

    #[test]
    fn no_shelf_holds_less_than_nothing() {
        given(&[&stocked(3)])
            .when(StockCommand::Adjust(adjust(-4)))
            .then_expect_error(StockRefusal::WouldGoNegative {
                on_hand: 3,
                delta: -4,
            });
    }

    #[test]
    fn a_correction_needs_a_reason_and_an_amount() {
        let silent = AdjustStock {
            reason: " ".to_owned(),
            ..adjust(1)
        };
        given(&[&stocked(3)])
            .when(StockCommand::Adjust(silent))
            .then_expect_error(StockRefusal::ReasonRequired);
        for delta in [0, i64::MIN, i64::MAX] {
            let limit = 1_000_000_000;
            given(&[&stocked(3)])
                .when(StockCommand::Adjust(adjust(delta)))
                .then_expect_error(StockRefusal::InvalidQuantity {
                    quantity: delta,
                    limit,
                });
        }
    }
}

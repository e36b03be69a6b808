//! Pieces arrive at the warehouse; promises that wait for them are filled, oldest first.

use serde::{Deserialize, Serialize};

use super::{StockEvent, StockItem, StockRefusal, register_stock_item::MOST_PIECES};

const LONGEST_ID: usize = 100;

/// Say that pieces arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReceiveStock {
    /// The receipt.
    pub receipt_id: String,
    /// How many.
    pub quantity: u32,
}

impl ReceiveStock {
    pub(super) fn decide(self, item: &StockItem) -> Result<Vec<StockEvent>, StockRefusal> {
        check_text("receipt_id", &self.receipt_id, LONGEST_ID)?;
        check_quantity(self.quantity)?;
        let sku = &item.registered()?.sku;
        let mut events = vec![StockEvent::StockReceived {
            sku: sku.clone(),
            receipt_id: self.receipt_id,
            quantity: self.quantity,
            on_hand: item.on_hand + i64::from(self.quantity),
        }];
        let mut waiting: Vec<_> = item
            .reservations
            .iter()
            .filter(|(_, held)| held.backordered > 0)
            .collect();
        waiting.sort_by_key(|(_, held)| held.serial);
        // What was set free since, or is missing by count, counts too.
        let mut left = (item.spare() + i64::from(self.quantity)).max(0);
        for (id, held) in waiting {
            let quantity = held
                .backordered
                .min(u32::try_from(left).unwrap_or(u32::MAX));
            if quantity == 0 {
                break;
            }
            left -= i64::from(quantity);
            events.push(StockEvent::BackorderFilled {
                sku: sku.clone(),
                reservation_id: *id,
                order_id: held.order_id,
                quantity,
            });
        }
        Ok(events)
    }
}

pub(super) fn check_quantity(quantity: u32) -> Result<(), StockRefusal> {
    if (1..=MOST_PIECES).contains(&quantity) {
        Ok(())
    } else {
        Err(StockRefusal::InvalidQuantity {
            quantity: i64::from(quantity),
            limit: MOST_PIECES,
        })
    }
}

pub(super) fn check_text(field: &str, text: &str, limit: usize) -> Result<(), StockRefusal> {
    let characters = text.chars().count();
    if text.trim().is_empty() || characters > limit {
        return Err(StockRefusal::InvalidText {
            field: field.to_owned(),
            characters,
            limit,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::stock::{ReceiveStock, StockCommand, StockRefusal, testing::*};

    fn receive(quantity: u32) -> StockCommand {
        StockCommand::Receive(ReceiveStock {
            receipt_id: "receipt".to_owned(),
            quantity,
        })
    }

    #[test]
    fn what_arrives_is_on_hand() {
        given(&[&stocked(3)])
            .when(receive(4))
            .then_expect_events(vec![received(4, 7)]);
    }

    #[test]
    fn the_oldest_promise_is_filled_first() {
        given(&[&backordering(1, 9), &[reserved(5, 3, 2), reserved(4, 3, 3)]])
            .when(receive(4))
            .then_expect_events(vec![received(4, 5), filled(5, 2), filled(4, 2)]);
    }

    #[test]
    fn what_was_set_free_in_between_fills_too() {
        given(&[
            &backordering(2, 9),
            &[reserved(1, 2, 0), reserved(2, 2, 2), released(1, 2)],
        ])
        .when(receive(1))
        .then_expect_events(vec![received(1, 3), filled(2, 2)]);
    }

    #[test]
    fn what_is_missing_by_count_is_not_promised_to_others() {
        given(&[
            &backordering(2, 9),
            &[reserved(1, 2, 0), reserved(2, 2, 2), adjusted(-1, 1)],
        ])
        .when(receive(1))
        .then_expect_events(vec![received(1, 2)]);
    }

    #[test]
    fn a_receipt_is_of_something_and_has_an_id() {
        let limit = 1_000_000_000;
        given(&[&stocked(3)])
            .when(receive(0))
            .then_expect_error(StockRefusal::InvalidQuantity { quantity: 0, limit });
        let nameless = ReceiveStock {
            receipt_id: String::new(),
            quantity: 1,
        };
        let field = "receipt_id".to_owned();
        given(&[&stocked(3)])
            .when(StockCommand::Receive(nameless))
            .then_expect_error(StockRefusal::InvalidText {
                field,
                characters: 0,
                limit: 100,
            });
    }

    #[test]
    fn what_is_not_kept_does_not_arrive() {
        given(&[])
            .when(receive(1))
            .then_expect_error(StockRefusal::NotRegistered);
    }
}

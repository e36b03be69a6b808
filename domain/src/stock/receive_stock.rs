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
        let mut waiting: Vec<_> =
            item.reservations.iter().filter(|(_, held)| held.backordered > 0).collect();
        waiting.sort_by_key(|(_, held)| held.serial);
        // What was set free since, or is missing by count, counts too.
        let mut left = (item.spare() + i64::from(self.quantity)).max(0);
        for (id, held) in waiting {
            let quantity = held.backordered.min(u32::try_from(left).unwrap_or(u32::MAX));
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
        Err(StockRefusal::InvalidQuantity { quantity: i64::from(quantity), limit: MOST_PIECES })
    }
}

pub(super) fn check_text(field: &str, text: &str, limit: usize) -> Result<(), StockRefusal> {
    let characters = text.chars().count();
    if text.trim().is_empty() || characters > limit {
        return Err(StockRefusal::InvalidText { field: field.to_owned(), characters, limit });
    }
    Ok(())
}

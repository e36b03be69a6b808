//! Facts of stock that name an order, in words. The others are no part of any order's story.

use orderlog_domain::{
    ids::{OrderId, ReservationId},
    stock::{ReleaseReason, StockEvent},
};

use super::{Told, told};

/// The order that the fact names, and what is held for it.
pub(super) fn hold(fact: &StockEvent) -> Option<(OrderId, ReservationId)> {
    use StockEvent as E;
    match fact {
        E::StockReserved {
            order_id,
            reservation_id,
            ..
        }
        | E::StockReservationConfirmed {
            order_id,
            reservation_id,
            ..
        }
        | E::StockCommitted {
            order_id,
            reservation_id,
            ..
        }
        | E::StockReservationReleased {
            order_id,
            reservation_id,
            ..
        }
        | E::StockReservationExpired {
            order_id,
            reservation_id,
            ..
        }
        | E::ReservationTombstoned {
            order_id,
            reservation_id,
            ..
        }
        | E::BackorderFilled {
            order_id,
            reservation_id,
            ..
        } => Some((*order_id, *reservation_id)),
        E::StockItemRegistered { .. }
        | E::StockPolicyChanged { .. }
        | E::StockReceived { .. }
        | E::StockAdjusted { .. }
        | E::StockShortfallDetected { .. }
        | E::LowStockReached { .. } => None,
    }
}

pub(super) fn tell(fact: &StockEvent) -> Option<Told> {
    use StockEvent as E;
    Some(match fact {
        E::StockReserved {
            sku,
            quantity,
            backordered,
            expires_at,
            ..
        } => {
            let held = told(format!("{sku} held"))
                .text("sku", sku)
                .number("quantity", *quantity);
            let held = held.instant("until", *expires_at);
            if *backordered > 0 {
                held.number("backordered", *backordered)
            } else {
                held
            }
        }
        E::StockReservationConfirmed { sku, .. } => {
            told(format!("{sku} held for good")).text("sku", sku)
        }
        E::StockCommitted {
            sku,
            quantity,
            shipment_id,
            ..
        } => told(format!("{sku} left the warehouse"))
            .text("sku", sku)
            .number("quantity", *quantity)
            .text("shipment", shipment_id),
        E::StockReservationReleased {
            sku,
            quantity,
            reason,
            ..
        } => told(format!("{sku} set free"))
            .text("sku", sku)
            .number("quantity", *quantity)
            .text("reason", why(reason)),
        E::StockReservationExpired { sku, quantity, .. } => {
            told(format!("The hold on {sku} ran out"))
                .text("sku", sku)
                .number("quantity", *quantity)
        }
        E::ReservationTombstoned { sku, .. } => {
            told(format!("{sku} will not be held any more")).text("sku", sku)
        }
        E::BackorderFilled { sku, quantity, .. } => told(format!("{sku} has come in"))
            .text("sku", sku)
            .number("quantity", *quantity),
        E::StockItemRegistered { .. }
        | E::StockPolicyChanged { .. }
        | E::StockReceived { .. }
        | E::StockAdjusted { .. }
        | E::StockShortfallDetected { .. }
        | E::LowStockReached { .. } => return None,
    })
}

fn why(reason: &ReleaseReason) -> &'static str {
    match reason {
        ReleaseReason::OrderRejected => "order rejected",
        ReleaseReason::OrderCancelled => "order cancelled",
        ReleaseReason::Replanned => "planned anew",
    }
}

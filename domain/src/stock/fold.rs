//! What each fact makes of a stock item. Instants come from the events alone, so that every reader
//! forgets the same closed reservations at the same event.

use chrono::TimeDelta;

use crate::{DecidedAt, ids::ReservationId};

use super::{Closed, Phase, Reservation, StockEvent, StockItem, StockPolicy};

/// How long a closed reservation is remembered: longer than any saga sends commands for it.
const REMEMBERED: TimeDelta = TimeDelta::days(45);

impl StockItem {
    pub(super) fn fold(&mut self, event: StockEvent) {
        match event {
            StockEvent::StockItemRegistered {
                sku,
                warehouse,
                safety_stock,
                low_stock_at,
                backorder,
            } => {
                self.policy = Some(StockPolicy {
                    sku,
                    warehouse,
                    safety_stock,
                    low_stock_at,
                    backorder,
                });
            }
            StockEvent::StockPolicyChanged {
                safety_stock,
                low_stock_at,
                backorder,
                ..
            } => {
                if let Some(policy) = &mut self.policy {
                    policy.safety_stock = safety_stock;
                    policy.low_stock_at = low_stock_at;
                    policy.backorder = backorder;
                }
            }
            StockEvent::StockReceived { on_hand, .. }
            | StockEvent::StockAdjusted { on_hand, .. } => {
                self.on_hand = on_hand;
            }
            StockEvent::StockShortfallDetected { .. } | StockEvent::LowStockReached { .. } => {}
            StockEvent::StockReserved {
                reservation_id,
                order_id,
                quantity,
                backordered,
                expires_at,
                ..
            } => {
                self.promised += i64::from(quantity);
                self.made += 1;
                let serial = self.made;
                let phase = Phase::Held { expires_at };
                self.reservations.insert(
                    reservation_id,
                    Reservation {
                        order_id,
                        quantity,
                        backordered,
                        phase,
                        serial,
                    },
                );
            }
            StockEvent::StockReservationConfirmed { reservation_id, .. } => {
                if let Some(held) = self.reservations.get_mut(&reservation_id) {
                    held.phase = Phase::Confirmed;
                }
            }
            StockEvent::StockCommitted {
                reservation_id,
                quantity,
                on_hand,
                committed_at,
                ..
            } => {
                self.on_hand = on_hand;
                self.commit(reservation_id, quantity, committed_at);
                self.sweep(committed_at);
            }
            StockEvent::StockReservationReleased {
                reservation_id,
                released_at,
                ..
            }
            | StockEvent::ReservationTombstoned {
                reservation_id,
                released_at,
                ..
            } => {
                self.close(reservation_id, Closed::Released { at: released_at });
                self.sweep(released_at);
            }
            StockEvent::StockReservationExpired {
                reservation_id,
                expired_at,
                ..
            } => {
                self.close(reservation_id, Closed::Expired { at: expired_at });
                self.sweep(expired_at);
            }
            StockEvent::BackorderFilled {
                reservation_id,
                quantity,
                ..
            } => {
                if let Some(held) = self.reservations.get_mut(&reservation_id) {
                    held.backordered = held.backordered.saturating_sub(quantity);
                }
            }
        }
    }

    fn commit(&mut self, id: ReservationId, quantity: u32, at: DecidedAt) {
        let Some(held) = self.reservations.get_mut(&id) else {
            return;
        };
        held.quantity -= quantity.min(held.quantity);
        self.promised -= i64::from(quantity);
        if held.quantity == 0 {
            self.reservations.remove(&id);
            self.closed.insert(id, Closed::Committed { at });
        }
    }

    fn close(&mut self, id: ReservationId, how: Closed) {
        if let Some(held) = self.reservations.remove(&id) {
            self.promised -= i64::from(held.quantity);
        }
        self.closed.insert(id, how);
    }

    /// Forgets what was closed long ago, once a day of the item's own time: a busy item closes
    /// thousands of reservations, and each decision works on a copy of the state.
    fn sweep(&mut self, now: DecidedAt) {
        if self
            .swept_at
            .is_some_and(|last| now - last < TimeDelta::days(1))
        {
            return;
        }
        self.swept_at = Some(now);
        let recent = |(_, closed): &(ReservationId, Closed)| now - closed.at() < REMEMBERED;
        self.closed = std::mem::take(&mut self.closed)
            .into_iter()
            .filter(recent)
            .collect();
    }
}

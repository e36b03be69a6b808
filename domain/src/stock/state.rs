//! The state of a stock item: what is there, what is promised to whom, and which promises are
//! closed. Closed ones are remembered for a while, so that a late command can't revive them.

use chrono::TimeDelta;
use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    ids::{OrderId, ReservationId, Sku, WarehouseId},
};

use super::{BackorderPolicy, StockEvent, StockRefusal};

/// How long a closed reservation is remembered: longer than any saga sends commands for it.
const REMEMBERED: TimeDelta = TimeDelta::days(45);

/// One product's stock in one warehouse. Quantities are pieces. The maps share structure with their
/// copies: a decision works on a copy, and a hot product has many thousand reservations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StockItem {
    /// Product, warehouse and limits; absent until registered.
    pub policy: Option<StockPolicy>,
    /// Pieces in the warehouse.
    pub on_hand: i64,
    /// Promises that count, by id.
    pub reservations: OrdMap<ReservationId, Reservation>,
    /// Promises that are over, by id.
    pub closed: OrdMap<ReservationId, Closed>,
    /// Pieces promised and not yet gone; the sum over `reservations`.
    promised: i64,
    /// Promises made so far.
    made: u64,
    /// When reservations were last forgotten.
    swept_at: Option<DecidedAt>,
}

/// What a stock item is and how far it may go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StockPolicy {
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

/// A promise to an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    /// To which order.
    pub order_id: OrderId,
    /// How many.
    pub quantity: u32,
    /// How many of them are still to arrive.
    pub backordered: u32,
    /// How firm it is.
    pub phase: Phase,
    /// Its place among the promises of this item, oldest first.
    pub serial: u64,
}

/// How firm a promise is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Until an instant.
    Held {
        /// That instant.
        expires_at: DecidedAt,
    },
    /// For good.
    Confirmed,
}

/// How a promise ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Closed {
    /// Given up, or called off before it was made.
    Released {
        /// When.
        at: DecidedAt,
    },
    /// It ran out.
    Expired {
        /// When.
        at: DecidedAt,
    },
    /// The pieces left the warehouse.
    Committed {
        /// When.
        at: DecidedAt,
    },
}

impl Closed {
    /// When it ended.
    pub fn at(self) -> DecidedAt {
        match self {
            Self::Released { at } | Self::Expired { at } | Self::Committed { at } => at,
        }
    }
}

impl StockItem {
    /// Whether the warehouse keeps the product.
    pub fn exists(&self) -> bool {
        self.policy.is_some()
    }

    /// Pieces that can be promised; negative when promises exceed what there is.
    pub fn available(&self) -> i64 {
        let safety = self.policy.as_ref().map_or(0, |policy| i64::from(policy.safety_stock));
        self.on_hand - self.promised - safety
    }

    /// Pieces promised for a time.
    pub fn held(&self) -> i64 {
        self.sum(|phase| matches!(phase, Phase::Held { .. }))
    }

    /// Pieces promised for good.
    pub fn confirmed(&self) -> i64 {
        self.sum(|phase| phase == Phase::Confirmed)
    }

    /// The state's name.
    pub fn state_name(&self) -> &'static str {
        if self.exists() { "Registered" } else { "Unknown" }
    }

    /// Names of the commands that the state allows.
    pub fn allowed_commands(&self, _at: DecidedAt) -> Vec<&'static str> {
        if self.exists() {
            vec!["SetStockPolicy", "ReceiveStock", "AdjustStock", "Reserve"]
        } else {
            vec!["RegisterStockItem"]
        }
    }

    pub(super) fn registered(&self) -> Result<&StockPolicy, StockRefusal> {
        self.policy.as_ref().ok_or(StockRefusal::NotRegistered)
    }

    /// How many pieces may be promised beyond what there is.
    pub(super) fn backorder_limit(&self) -> i64 {
        match self.policy.as_ref().map(|policy| policy.backorder) {
            Some(BackorderPolicy::Allow { limit }) => i64::from(limit),
            Some(BackorderPolicy::Deny) | None => 0,
        }
    }

    pub(super) fn fold(&mut self, event: StockEvent) {
        match event {
            StockEvent::StockItemRegistered { sku, warehouse, safety_stock, low_stock_at, backorder } => {
                self.policy = Some(StockPolicy { sku, warehouse, safety_stock, low_stock_at, backorder });
            }
            StockEvent::StockPolicyChanged { safety_stock, low_stock_at, backorder, .. } => {
                if let Some(policy) = &mut self.policy {
                    policy.safety_stock = safety_stock;
                    policy.low_stock_at = low_stock_at;
                    policy.backorder = backorder;
                }
            }
            StockEvent::StockReceived { on_hand, .. } | StockEvent::StockAdjusted { on_hand, .. } => {
                self.on_hand = on_hand;
            }
            StockEvent::StockShortfallDetected { .. } | StockEvent::LowStockReached { .. } => {}
            StockEvent::StockReserved { reservation_id, order_id, quantity, backordered, expires_at, .. } => {
                self.promised += i64::from(quantity);
                self.made += 1;
                let serial = self.made;
                let phase = Phase::Held { expires_at };
                self.reservations
                    .insert(reservation_id, Reservation { order_id, quantity, backordered, phase, serial });
            }
            StockEvent::StockReservationConfirmed { reservation_id, .. } => {
                if let Some(held) = self.reservations.get_mut(&reservation_id) {
                    held.phase = Phase::Confirmed;
                }
            }
            StockEvent::StockCommitted { reservation_id, quantity, on_hand, committed_at, .. } => {
                self.on_hand = on_hand;
                self.commit(reservation_id, quantity, committed_at);
                self.sweep(committed_at);
            }
            StockEvent::StockReservationReleased { reservation_id, released_at, .. }
            | StockEvent::ReservationTombstoned { reservation_id, released_at, .. } => {
                self.close(reservation_id, Closed::Released { at: released_at });
                self.sweep(released_at);
            }
            StockEvent::StockReservationExpired { reservation_id, expired_at, .. } => {
                self.close(reservation_id, Closed::Expired { at: expired_at });
                self.sweep(expired_at);
            }
            StockEvent::BackorderFilled { reservation_id, quantity, .. } => {
                if let Some(held) = self.reservations.get_mut(&reservation_id) {
                    held.backordered = held.backordered.saturating_sub(quantity);
                }
            }
        }
    }

    fn commit(&mut self, id: ReservationId, quantity: u32, at: DecidedAt) {
        let Some(held) = self.reservations.get_mut(&id) else { return };
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
        if self.swept_at.is_some_and(|last| now - last < TimeDelta::days(1)) {
            return;
        }
        self.swept_at = Some(now);
        let recent = |(_, closed): &(ReservationId, Closed)| now - closed.at() < REMEMBERED;
        self.closed = std::mem::take(&mut self.closed).into_iter().filter(recent).collect();
    }

    fn sum(&self, wanted: impl Fn(Phase) -> bool) -> i64 {
        self.reservations
            .values()
            .filter(|held| wanted(held.phase))
            .map(|held| i64::from(held.quantity))
            .sum()
    }
}

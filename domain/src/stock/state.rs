//! The state of a stock item: what is there, what is promised to whom, and which promises are
//! closed. Closed ones are remembered for a while, so that a late command can't revive them.

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::{
    DecidedAt,
    ids::{OrderId, ReservationId, Sku, WarehouseId},
};

use super::{BackorderPolicy, StockRefusal};

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
    pub(super) promised: i64,
    /// Promises made so far.
    pub(super) made: u64,
    /// When reservations were last forgotten.
    pub(super) swept_at: Option<DecidedAt>,
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

impl Reservation {
    /// How many of the pieces do not wait for a delivery.
    pub fn present(&self) -> u32 {
        self.quantity - self.backordered
    }
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
        let safety = self
            .policy
            .as_ref()
            .map_or(0, |policy| i64::from(policy.safety_stock));
        self.on_hand - self.promised - safety
    }

    /// Pieces promised and said to be there, less those that wait for a delivery.
    pub(super) fn present(&self) -> i64 {
        self.reservations
            .values()
            .map(|held| i64::from(held.present()))
            .sum()
    }

    /// Pieces that no promise needs; negative when some that were said to be there are not.
    pub(super) fn spare(&self) -> i64 {
        self.available() + self.promised - self.present()
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
        if self.exists() {
            "Registered"
        } else {
            "Unknown"
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

    fn sum(&self, wanted: impl Fn(Phase) -> bool) -> i64 {
        self.reservations
            .values()
            .filter(|held| wanted(held.phase))
            .map(|held| i64::from(held.quantity))
            .sum()
    }
}

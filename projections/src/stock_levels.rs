//! What is on the shelf, what is spoken for and what can still be promised: one row per product
//! and warehouse. Invariant: `available = on_hand - held - confirmed - safety_stock`. Quantities
//! of holds are kept only while they may still expire, so that a row stays small.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use orderlog_domain::{
    fact::Fact,
    ids::{ReservationId, Sku, WarehouseId},
    stock::{BackorderPolicy, StockEvent},
};
use orderlog_runtime::{
    projection::{Arity, Column, ColumnValue, Definition, FoldError, Occurred, Projection},
    read_model::{Page, ReadModel},
    read_store::{ReadError, ReadStore},
};
use serde::{Deserialize, Serialize};

use crate::{
    folding::{existing, stream_id, text},
    paging::{Filter, Paging},
};

/// Name of the projection.
pub const NAME: &str = "stock_levels";

/// The stock of one product in one warehouse, in pieces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StockLevel {
    /// The product.
    pub sku: Sku,
    /// The warehouse.
    pub warehouse: WarehouseId,
    /// On the shelf.
    pub on_hand: i64,
    /// Spoken for, and free again unless confirmed in time.
    pub held: i64,
    /// Spoken for, until it leaves or is released.
    pub confirmed: i64,
    /// Never promised.
    pub safety_stock: u32,
    /// Stock is low when no more than this can be promised.
    pub low_stock_at: u32,
    /// Whether more may be promised than there is.
    pub backorder: BackorderPolicy,
    /// Pieces promised that are not there: what the last count found missing.
    pub missing: i64,
    /// Reservations that are held or confirmed.
    pub reservations: u32,
    /// Quantities of the reservations that may still expire.
    pub holds: BTreeMap<ReservationId, u32>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Version of the stock item.
    pub version: u64,
}

impl StockLevel {
    /// What can still be promised.
    pub fn available(&self) -> i64 {
        self.on_hand - self.held - self.confirmed - i64::from(self.safety_stock)
    }

    /// Whether so little can be promised that more should be ordered.
    pub fn is_low(&self) -> bool {
        self.available() <= i64::from(self.low_stock_at)
    }

    fn registered(fact: &StockEvent, at: DateTime<Utc>) -> Option<Self> {
        let StockEvent::StockItemRegistered {
            sku,
            warehouse,
            safety_stock,
            low_stock_at,
            backorder,
        } = fact
        else {
            return None;
        };
        Some(Self {
            sku: sku.clone(),
            warehouse: warehouse.clone(),
            on_hand: 0,
            held: 0,
            confirmed: 0,
            safety_stock: *safety_stock,
            low_stock_at: *low_stock_at,
            backorder: *backorder,
            missing: 0,
            reservations: 0,
            holds: BTreeMap::new(),
            updated_at: at,
            version: 1,
        })
    }

    fn change(&mut self, fact: &StockEvent) {
        use StockEvent as E;
        match fact {
            E::StockItemRegistered { .. } => {}
            E::StockPolicyChanged {
                safety_stock,
                low_stock_at,
                backorder,
                ..
            } => {
                self.safety_stock = *safety_stock;
                self.low_stock_at = *low_stock_at;
                self.backorder = *backorder;
            }
            E::StockReceived { on_hand, .. } | E::StockAdjusted { on_hand, .. } => {
                self.on_hand = *on_hand;
                self.missing = 0;
            }
            E::StockShortfallDetected { missing, .. } => self.missing = *missing,
            E::LowStockReached { .. }
            | E::ReservationTombstoned { .. }
            | E::BackorderFilled { .. } => {}
            E::StockReserved {
                reservation_id,
                quantity,
                ..
            } => {
                self.reservations += 1;
                self.held += i64::from(*quantity);
                self.holds.insert(*reservation_id, *quantity);
            }
            E::StockReservationConfirmed { reservation_id, .. } => {
                let quantity = self.holds.remove(reservation_id).map_or(0, i64::from);
                self.held -= quantity;
                self.confirmed += quantity;
            }
            E::StockCommitted {
                quantity, on_hand, ..
            } => {
                self.on_hand = *on_hand;
                self.confirmed -= i64::from(*quantity);
                self.reservations = self.reservations.saturating_sub(1);
            }
            E::StockReservationReleased {
                reservation_id,
                quantity,
                ..
            }
            | E::StockReservationExpired {
                reservation_id,
                quantity,
                ..
            } => {
                match self.holds.remove(reservation_id) {
                    Some(held) => self.held -= i64::from(held),
                    None => self.confirmed -= i64::from(*quantity),
                }
                self.reservations = self.reservations.saturating_sub(1);
            }
        }
    }
}

/// The fold of [`StockLevel`] rows, keyed as their streams are: `{sku}-{warehouse}`.
pub struct StockLevels;

impl Projection<Fact> for StockLevels {
    type Row = StockLevel;

    fn definition(&self) -> Definition {
        Definition {
            name: NAME,
            version: "1".to_owned(),
            columns: COLUMNS,
        }
    }

    fn keys(&self, event: &Occurred<'_, Fact>) -> Vec<String> {
        match event.fact {
            Fact::Stock(_) => vec![stream_id(event.recorded).to_owned()],
            Fact::Product(_)
            | Fact::Payment(_)
            | Fact::Order(_)
            | Fact::Fulfilment(_)
            | Fact::Notification(_)
            | Fact::Contact(_)
            | Fact::Webhook(_) => vec![],
        }
    }

    fn apply(
        &self,
        _key: &str,
        row: &mut Option<StockLevel>,
        event: &Occurred<'_, Fact>,
    ) -> Result<(), FoldError> {
        let Fact::Stock(fact) = event.fact else {
            return Ok(());
        };
        let at = event.recorded.occurred_at;
        if matches!(fact, StockEvent::StockItemRegistered { .. }) {
            *row = StockLevel::registered(fact, at);
            return Ok(());
        }
        // A tombstone may be the first event of a stream that was never registered.
        if matches!(fact, StockEvent::ReservationTombstoned { .. }) && row.is_none() {
            return Ok(());
        }
        let row = existing(NAME, row, event.recorded)?;
        row.change(fact);
        row.updated_at = at;
        row.version = event.recorded.version;
        Ok(())
    }

    fn columns(&self, row: &StockLevel) -> Vec<ColumnValue> {
        vec![
            text(&row.sku),
            text(&row.warehouse),
            ColumnValue::Integer(row.available()),
            low(row.is_low()),
        ]
    }
}

const COLUMNS: &[Column] = &[
    Column {
        name: "sku",
        arity: Arity::One,
    },
    Column {
        name: "warehouse",
        arity: Arity::One,
    },
    Column {
        name: "available",
        arity: Arity::One,
    },
    Column {
        name: "low",
        arity: Arity::One,
    },
];

fn low(yes: bool) -> ColumnValue {
    ColumnValue::Integer(i64::from(yes))
}

/// Finds [`StockLevel`] rows.
pub type StockRows = ReadModel<StockLevel>;

/// The rows in `store`.
pub fn rows(store: Arc<dyn ReadStore>) -> StockRows {
    ReadModel::new(store, NAME)
}

/// Which stock levels are wanted; what is empty does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StockFilter {
    /// Of this product.
    pub sku: Option<Sku>,
    /// In this warehouse.
    pub warehouse: Option<WarehouseId>,
    /// Only those that are low, or only those that are not.
    pub low: Option<bool>,
}

/// The stock of `sku` in `warehouse`.
pub async fn of(
    rows: &StockRows,
    sku: &Sku,
    warehouse: &WarehouseId,
) -> Result<Option<StockLevel>, ReadError> {
    rows.get(&format!("{sku}-{warehouse}")).await
}

/// The stock levels that match, by sku.
pub async fn page(
    rows: &StockRows,
    filter: &StockFilter,
    paging: Paging,
) -> Result<Page<StockLevel>, ReadError> {
    let conditions = Filter::default()
        .is("sku", filter.sku.as_ref().map(text))
        .is("warehouse", filter.warehouse.as_ref().map(text))
        .is("low", filter.low.map(low));
    rows.page(&paging.query(conditions, "sku", false)).await
}

#[cfg(test)]
mod tests;

//! The fold: where in the log the story of an order stands. A row belongs to one partition, so there is
//! one for the order's own events, and one for each hold of stock, whose events are the stock's.
//! Invariant: positions are in order and each is there once, however late an event is folded.

use orderlog_domain::{fact::Fact, ids::OrderId, order::OrderEvent, stock::StockEvent};
use orderlog_log::event::Position;
use orderlog_runtime::projection::{
    Arity, Column, ColumnValue, Definition, FoldError, Occurred, Projection,
};
use serde::{Deserialize, Serialize};

use super::{
    NAME, ORDER,
    telling::{Part, part},
};
use crate::folding::{text, unfit};

/// Where a part of an order's story stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// The order.
    pub order_id: OrderId,
    /// Of the events, oldest first.
    pub positions: Vec<Position>,
}

/// The fold of [`Places`], keyed by order id, and by the hold where stock was held.
pub struct Timeline;

impl Projection<Fact> for Timeline {
    type Row = Places;

    fn definition(&self) -> Definition {
        Definition {
            name: NAME,
            version: "2".to_owned(),
            columns: COLUMNS,
        }
    }

    fn keys(&self, event: &Occurred<'_, Fact>) -> Vec<String> {
        match part(event.fact) {
            Part::Partition => vec![event.recorded.partition_key.clone()],
            Part::Hold(order, hold) => vec![format!("{order}/{hold}")],
            Part::None => vec![],
        }
    }

    fn begins(&self, _key: &str, event: &Occurred<'_, Fact>) -> bool {
        matches!(
            event.fact,
            Fact::Order(OrderEvent::OrderPlaced { .. })
                | Fact::Stock(
                    StockEvent::StockReserved { .. } | StockEvent::ReservationTombstoned { .. }
                )
        )
    }

    fn apply(
        &self,
        key: &str,
        row: &mut Option<Places>,
        event: &Occurred<'_, Fact>,
    ) -> Result<(), FoldError> {
        let position = event.recorded.position;
        let Some(places) = row else {
            let order = key.split_once('/').map_or(key, |(order, _)| order);
            let order = order.parse();
            *row = Some(Places {
                order_id: order.map_err(|error| unfit(NAME, event.recorded, error))?,
                positions: vec![position],
            });
            return Ok(());
        };
        // What was parked is folded behind later ones; and one event may say several things.
        if let Err(place) = places.positions.binary_search(&position) {
            places.positions.insert(place, position);
        }
        Ok(())
    }

    fn columns(&self, row: &Places) -> Vec<ColumnValue> {
        vec![text(row.order_id)]
    }
}

pub(super) const COLUMNS: &[Column] = &[Column {
    name: ORDER,
    arity: Arity::One,
}];

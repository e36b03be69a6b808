//! What each customer has ordered in all, per currency. Orders of one customer belong to many
//! partitions, so a customer is many slices, one per slot of partition keys; slices are added up
//! when read.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use orderlog_domain::{fact::Fact, ids::CustomerId, order::OrderEvent};
use orderlog_runtime::{
    projection::{Arity, Column, ColumnValue, Definition, FoldError, Occurred, Projection},
    read_model::{PageQuery, ReadModel},
    read_store::{ReadError, ReadStore},
    source::{SLOTS, slot_of},
};
use serde::{Deserialize, Serialize};

use crate::{folding::text, paging::Filter, sum::Sum};

/// Name of the projection.
pub const NAME: &str = "customers";

/// What a customer has ordered; a stored row holds the orders of one slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// The customer.
    pub customer_id: CustomerId,
    /// Orders placed.
    pub orders: u64,
    /// Orders and their totals, by currency code.
    pub ordered: BTreeMap<String, Ordered>,
    /// When the first order was placed.
    pub first_order_at: DateTime<Utc>,
    /// When the latest order was placed.
    pub last_order_at: DateTime<Utc>,
}

/// What was ordered in one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ordered {
    /// Orders placed.
    pub orders: u64,
    /// Their totals, minor units.
    pub total: Sum,
}

/// The fold of [`Customer`] rows, keyed by customer and slot.
pub struct Customers;

impl Projection<Fact> for Customers {
    type Row = Customer;

    fn definition(&self) -> Definition {
        Definition {
            name: NAME,
            version: "1".to_owned(),
            columns: COLUMNS,
        }
    }

    fn keys(&self, event: &Occurred<'_, Fact>) -> Vec<String> {
        let Fact::Order(OrderEvent::OrderPlaced { customer_id, .. }) = event.fact else {
            return vec![];
        };
        vec![format!(
            "{customer_id}/{:02}",
            slot_of(&event.recorded.partition_key)
        )]
    }

    fn apply(
        &self,
        _key: &str,
        row: &mut Option<Customer>,
        event: &Occurred<'_, Fact>,
    ) -> Result<(), FoldError> {
        let Fact::Order(OrderEvent::OrderPlaced {
            customer_id,
            total,
            placed_at,
            ..
        }) = event.fact
        else {
            return Ok(());
        };
        let row = row.get_or_insert_with(|| Customer::new(customer_id.clone(), *placed_at));
        row.orders += 1;
        let ordered = row.ordered.entry(total.currency.to_string()).or_default();
        ordered.orders += 1;
        ordered.total += total.amount_minor;
        row.first_order_at = row.first_order_at.min(*placed_at);
        row.last_order_at = row.last_order_at.max(*placed_at);
        Ok(())
    }

    fn columns(&self, row: &Customer) -> Vec<ColumnValue> {
        vec![text(&row.customer_id)]
    }
}

const COLUMNS: &[Column] = &[Column {
    name: "customer_id",
    arity: Arity::One,
}];

impl Customer {
    fn new(customer_id: CustomerId, at: DateTime<Utc>) -> Self {
        let ordered = BTreeMap::new();
        Self {
            customer_id,
            orders: 0,
            ordered,
            first_order_at: at,
            last_order_at: at,
        }
    }

    fn add(&mut self, slice: &Self) {
        self.orders += slice.orders;
        for (currency, more) in &slice.ordered {
            let ordered = self.ordered.entry(currency.clone()).or_default();
            ordered.orders += more.orders;
            ordered.total += more.total;
        }
        self.first_order_at = self.first_order_at.min(slice.first_order_at);
        self.last_order_at = self.last_order_at.max(slice.last_order_at);
    }
}

/// Finds [`Customer`] rows.
pub type CustomerRows = ReadModel<Customer>;

/// The rows in `store`.
pub fn rows(store: Arc<dyn ReadStore>) -> CustomerRows {
    ReadModel::new(store, NAME)
}

/// The customer `id`, if there ever was an order of theirs.
pub async fn by_id(rows: &CustomerRows, id: &CustomerId) -> Result<Option<Customer>, ReadError> {
    let query = PageQuery {
        filter: Filter::default()
            .is("customer_id", Some(text(id)))
            .conditions(),
        order_by: "customer_id",
        descending: false,
        after: None,
        limit: SLOTS as usize,
    };
    let slices = rows
        .page(&query)
        .await?
        .rows
        .into_iter()
        .map(|found| found.row);
    Ok(slices.reduce(|mut customer, slice| {
        customer.add(&slice);
        customer
    }))
}

#[cfg(test)]
mod tests;

//! What was sold each day, in the shop's time zone, per currency; never summed across currencies.
//! A day is many slices, one per slot of partition keys, so that each row is fed by one partition
//! however many partitions there are; slices are added up when read.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use orderlog_domain::{fact::Fact, money::Money, order::OrderEvent, payment::PaymentEvent};
use orderlog_runtime::{
    projection::{Arity, Column, ColumnValue, Definition, FoldError, Occurred, Projection},
    read_model::{PageQuery, ReadModel},
    read_store::{ReadError, ReadStore},
    source::slot_of,
};
use serde::{Deserialize, Serialize};

use crate::{folding::text, paging::Filter, sum::Sum};

/// Name of the projection.
pub const NAME: &str = "daily_sales";

/// Sales of one day; a stored row holds those of one slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DailySales {
    /// The day, in the shop's time zone.
    pub date: NaiveDate,
    /// Orders placed.
    pub placed: u64,
    /// Orders confirmed.
    pub confirmed: u64,
    /// Orders that the shop could not honour.
    pub rejected: u64,
    /// Orders cancelled.
    pub cancelled: u64,
    /// Orders that arrived whole.
    pub completed: u64,
    /// Money by currency code.
    pub amounts: BTreeMap<String, Amounts>,
}

/// Money of one day in one currency, minor units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// Orders placed in this currency.
    pub orders: u64,
    /// Totals of the orders placed.
    pub gross: Sum,
    /// Taken from customers.
    pub captured: Sum,
    /// Given back to customers.
    pub refunded: Sum,
}

/// The fold of [`DailySales`] rows, keyed by day and slot.
pub struct Sales {
    /// The zone whose midnight begins a day.
    pub zone: Tz,
}

impl Projection<Fact> for Sales {
    type Row = DailySales;

    fn definition(&self) -> Definition {
        Definition {
            name: NAME,
            version: format!("1 {}", self.zone),
            columns: COLUMNS,
        }
    }

    fn keys(&self, event: &Occurred<'_, Fact>) -> Vec<String> {
        if !counts(event.fact) {
            return vec![];
        }
        let day = self.day(event.recorded.occurred_at);
        vec![format!(
            "{day}/{:02}",
            slot_of(&event.recorded.partition_key)
        )]
    }

    fn apply(
        &self,
        _key: &str,
        row: &mut Option<DailySales>,
        event: &Occurred<'_, Fact>,
    ) -> Result<(), FoldError> {
        let day = self.day(event.recorded.occurred_at);
        row.get_or_insert_with(|| DailySales::empty(day))
            .count(event.fact);
        Ok(())
    }

    fn columns(&self, row: &DailySales) -> Vec<ColumnValue> {
        vec![text(row.date)]
    }
}

const COLUMNS: &[Column] = &[Column {
    name: "date",
    arity: Arity::One,
}];

impl Sales {
    fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }
}

fn counts(fact: &Fact) -> bool {
    match fact {
        Fact::Order(fact) => matches!(
            fact,
            OrderEvent::OrderPlaced { .. }
                | OrderEvent::OrderConfirmed { .. }
                | OrderEvent::OrderRejected { .. }
                | OrderEvent::OrderCancelled { .. }
                | OrderEvent::OrderCompleted { .. }
        ),
        Fact::Payment(fact) => matches!(
            fact,
            PaymentEvent::PaymentCaptured { .. } | PaymentEvent::PaymentRefunded { .. }
        ),
        Fact::Product(_)
        | Fact::Stock(_)
        | Fact::Fulfilment(_)
        | Fact::Notification(_)
        | Fact::Contact(_)
        | Fact::Webhook(_) => false,
    }
}

impl DailySales {
    /// A day without sales.
    pub fn empty(date: NaiveDate) -> Self {
        let amounts = BTreeMap::new();
        Self {
            date,
            placed: 0,
            confirmed: 0,
            rejected: 0,
            cancelled: 0,
            completed: 0,
            amounts,
        }
    }

    fn count(&mut self, fact: &Fact) {
        match fact {
            Fact::Order(OrderEvent::OrderPlaced { total, .. }) => {
                self.placed += 1;
                let amounts = self.amounts_in(total);
                amounts.orders += 1;
                amounts.gross += total.amount_minor;
            }
            Fact::Order(OrderEvent::OrderConfirmed { .. }) => self.confirmed += 1,
            Fact::Order(OrderEvent::OrderRejected { .. }) => self.rejected += 1,
            Fact::Order(OrderEvent::OrderCancelled { .. }) => self.cancelled += 1,
            Fact::Order(OrderEvent::OrderCompleted { .. }) => self.completed += 1,
            Fact::Payment(PaymentEvent::PaymentCaptured { amount, .. }) => {
                self.amounts_in(amount).captured += amount.amount_minor;
            }
            Fact::Payment(PaymentEvent::PaymentRefunded { amount, .. }) => {
                self.amounts_in(amount).refunded += amount.amount_minor;
            }
            // Everything else is kept out by `counts`.
            Fact::Order(_)
            | Fact::Payment(_)
            | Fact::Product(_)
            | Fact::Stock(_)
            | Fact::Fulfilment(_)
            | Fact::Notification(_)
            | Fact::Contact(_)
            | Fact::Webhook(_) => {}
        }
    }

    fn amounts_in(&mut self, money: &Money) -> &mut Amounts {
        self.amounts.entry(money.currency.to_string()).or_default()
    }

    fn add(&mut self, slice: &Self) {
        self.placed += slice.placed;
        self.confirmed += slice.confirmed;
        self.rejected += slice.rejected;
        self.cancelled += slice.cancelled;
        self.completed += slice.completed;
        for (currency, more) in &slice.amounts {
            let amounts = self.amounts.entry(currency.clone()).or_default();
            amounts.orders += more.orders;
            amounts.gross += more.gross;
            amounts.captured += more.captured;
            amounts.refunded += more.refunded;
        }
    }
}

/// Finds [`DailySales`] rows.
pub type SalesRows = ReadModel<DailySales>;

/// The rows in `store`.
pub fn rows(store: Arc<dyn ReadStore>) -> SalesRows {
    ReadModel::new(store, NAME)
}

/// The days from `from` to `to`, both included, oldest first; days without sales are left out.
pub async fn between(
    rows: &SalesRows,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<DailySales>, ReadError> {
    let Some(behind) = to.succ_opt() else {
        return Ok(vec![]);
    };
    let range = Filter::default()
        .from("date", Some(text(from)))
        .below("date", Some(text(behind)));
    let mut query = PageQuery {
        filter: range.conditions(),
        order_by: "date",
        descending: false,
        after: None,
        limit: 1000,
    };
    let mut days: Vec<DailySales> = vec![];
    loop {
        let page = rows.page(&query).await?;
        query.after = page.rows.last().map(|found| found.cursor.clone());
        for slice in page.rows.iter().map(|found| &found.row) {
            match days.last_mut() {
                Some(day) if day.date == slice.date => day.add(slice),
                _ => days.push(slice.clone()),
            }
        }
        if !page.more {
            return Ok(days);
        }
    }
}

#[cfg(test)]
mod tests;

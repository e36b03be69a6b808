//! Everything that happened to an order, told in its order: one row per event of the order itself,
//! its payments, its fulfilment, its notifications, and of the stock that was held for it. Rows are
//! never changed once written. Next: `order_timeline/telling.rs` puts each fact into words.

mod telling;

use std::{fmt, sync::Arc};

use chrono::{DateTime, SecondsFormat, Utc};
use orderlog_domain::{fact::Fact, ids::OrderId, money::Money};
use orderlog_log::event::RecordedEvent;
use orderlog_runtime::{
    projection::{Arity, Column, ColumnValue, Definition, FoldError, Occurred, Projection},
    read_model::{Page, ReadModel},
    read_store::{ReadError, ReadStore},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::telling::Part;
pub(crate) use self::telling::{for_what, why_a_person, why_undone};
use crate::{
    folding::{text, unfit},
    paging::{Filter, Paging},
};

/// Name of the projection.
pub const NAME: &str = "order_timeline";

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// The order.
    pub order_id: OrderId,
    /// Place of the event in the log.
    pub position: u64,
    /// The event.
    pub event_id: Uuid,
    /// Its type.
    pub event_type: String,
    /// What it happened to.
    pub source: Source,
    /// What happened, for people.
    pub title: String,
    /// What is to be known about it.
    pub facts: Vec<Detail>,
    /// Who asked for it.
    pub actor: String,
    /// The command that did it.
    pub command_id: Uuid,
    /// What led to that command: another command or an event.
    pub causation_id: Uuid,
    /// The first request of the chain.
    pub correlation_id: Uuid,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// What an entry happened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// The order itself.
    Order,
    /// One of its payments.
    Payment,
    /// Stock held for it.
    Stock,
    /// The process that carries it through.
    Fulfilment,
    /// Something that its customer is told.
    Notification,
}

impl TimelineEntry {
    /// What is told of an event of `order_id`; nothing where it is no part of any order's story.
    pub(crate) fn told(order_id: OrderId, recorded: &RecordedEvent, fact: &Fact) -> Option<Self> {
        let (source, told) = telling::tell(fact)?;
        let entry = Self::of(order_id, recorded, source, told.title, told.facts);
        Some(Self {
            event_type: fact.event_type(),
            ..entry
        })
    }

    /// What the same event says beside it; one that was recorded in an older form may say several things.
    fn tell_also(&mut self, told: Self) {
        self.title = format!("{}; {}", self.title, told.title);
        self.facts.extend(told.facts);
    }

    /// An entry in these words.
    pub(crate) fn of(
        order_id: OrderId,
        recorded: &RecordedEvent,
        source: Source,
        title: String,
        facts: Vec<Detail>,
    ) -> Self {
        Self {
            order_id,
            position: recorded.position,
            event_id: recorded.event_id,
            event_type: recorded.event_type.clone(),
            source,
            title,
            facts,
            actor: recorded.actor.clone(),
            command_id: recorded.command_id,
            causation_id: recorded.causation_id,
            correlation_id: recorded.correlation_id,
            occurred_at: recorded.occurred_at,
        }
    }
}

/// The order whose story the event is part of.
pub(crate) fn order_of(recorded: &RecordedEvent, fact: &Fact) -> Option<OrderId> {
    match telling::part(fact) {
        Part::OfPartition => recorded.partition_key.parse().ok(),
        Part::Of(order) => Some(order),
        Part::OfNone => None,
    }
}

/// A fact in words; nothing where it is no part of any order's story.
pub(crate) fn words(fact: &Fact) -> Option<(String, Vec<Detail>)> {
    let (_, told) = telling::tell(fact)?;
    Some((told.title, told.facts))
}

/// Something to be known about an entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// What it is, in lower case: `amount`, `carrier`.
    pub name: String,
    /// Its value.
    pub value: DetailValue,
}

/// The value of a [`Detail`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum DetailValue {
    /// Words, a code or an id.
    Text(String),
    /// A number.
    Number(i64),
    /// An amount.
    Money(Money),
    /// An instant.
    Instant(DateTime<Utc>),
}

impl fmt::Display for DetailValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Money(money) => money.fmt(f),
            Self::Instant(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true)),
        }
    }
}

/// The fold of [`TimelineEntry`] rows, keyed by order id and position.
pub struct Timeline;

impl Projection<Fact> for Timeline {
    type Row = TimelineEntry;

    fn definition(&self) -> Definition {
        Definition {
            name: NAME,
            version: "1".to_owned(),
            columns: COLUMNS,
        }
    }

    fn keys(&self, event: &Occurred<'_, Fact>) -> Vec<String> {
        let key = |order: &dyn std::fmt::Display| {
            vec![format!("{order}/{:020}", event.recorded.position)]
        };
        match telling::part(event.fact) {
            Part::OfPartition => key(&event.recorded.partition_key),
            Part::Of(order) => key(&order),
            Part::OfNone => vec![],
        }
    }

    /// Every event has an entry of its own.
    fn begins(&self, _key: &str, _event: &Occurred<'_, Fact>) -> bool {
        true
    }

    fn apply(
        &self,
        key: &str,
        row: &mut Option<TimelineEntry>,
        event: &Occurred<'_, Fact>,
    ) -> Result<(), FoldError> {
        let order = key.split_once('/').map_or(key, |(order, _)| order);
        let order = order.parse();
        let order = order.map_err(|error| unfit(NAME, event.recorded, error))?;
        let told = TimelineEntry::told(order, event.recorded, event.fact);
        match (row.as_mut(), told) {
            (Some(entry), Some(told)) => entry.tell_also(told),
            (None, told) => *row = told,
            (Some(_), None) => {}
        }
        Ok(())
    }

    fn columns(&self, row: &TimelineEntry) -> Vec<ColumnValue> {
        let position = i64::try_from(row.position).unwrap_or(i64::MAX);
        vec![text(row.order_id), ColumnValue::Integer(position)]
    }
}

const COLUMNS: &[Column] = &[
    Column {
        name: "order_id",
        arity: Arity::One,
    },
    Column {
        name: "position",
        arity: Arity::One,
    },
];

/// Finds [`TimelineEntry`] rows.
pub type TimelineRows = ReadModel<TimelineEntry>;

/// The rows in `store`.
pub fn rows(store: Arc<dyn ReadStore>) -> TimelineRows {
    ReadModel::new(store, NAME)
}

/// What happened to an order, oldest first.
pub async fn of_order(
    rows: &TimelineRows,
    order_id: OrderId,
    paging: Paging,
) -> Result<Page<TimelineEntry>, ReadError> {
    let filter = Filter::default().is("order_id", Some(text(order_id)));
    rows.page(&paging.query(filter, "position", false)).await
}

#[cfg(test)]
mod tests;

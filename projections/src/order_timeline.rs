//! Everything that happened to an order, told in its order: to the order itself, its payments, its
//! fulfilment, its notifications, and the stock that was held for it. The rows only say where in the
//! log it stands; the log is the one place that has it, and it is put into words when it is read.
//! Next: `places` is the fold, `reading` finds the entries, `telling` has the words.

mod places;
mod reading;
mod telling;

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use orderlog_domain::{fact::Fact, ids::OrderId, money::Money};
use orderlog_log::event::RecordedEvent;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::telling::Part;
pub(crate) use self::telling::{for_what, why_a_person, why_undone};
pub use self::{
    places::{Places, Timeline},
    reading::{PlacesRows, TimelineError, of_order, rows},
};

/// Name of the projection.
pub const NAME: &str = "order_timeline";
/// The column that rows are found by.
const ORDER: &str = "order_id";

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
        Part::Partition => recorded.partition_key.parse().ok(),
        Part::Hold(order, _) => Some(order),
        Part::None => None,
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

#[cfg(test)]
mod tests;

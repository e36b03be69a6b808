//! Puts facts into words: a short title for people, and what is to be known beside it as typed
//! values. One file per kind of fact. Invariant: the words depend on the fact alone.

mod fulfilment;
mod notification;
mod order;
mod payment;
mod stock;

use chrono::{DateTime, Utc};
pub(crate) use fulfilment::{for_what, why_a_person, why_undone};

use orderlog_domain::{
    fact::Fact,
    ids::{OrderId, ReservationId},
    money::Money,
};

use super::{Detail, DetailValue, Source};

/// Whose story a fact is part of.
pub(super) enum Part {
    /// That of the order which the event's partition key names.
    Partition,
    /// That of this order, as far as it is about this stock held for it.
    Hold(OrderId, ReservationId),
    /// Nobody's.
    None,
}

/// Whose story the fact is part of; cheap, for every event asks.
pub(super) fn part(fact: &Fact) -> Part {
    match fact {
        Fact::Order(_) | Fact::Payment(_) | Fact::Notification(_) => Part::Partition,
        Fact::Fulfilment(fact) if fulfilment::is_told(fact) => Part::Partition,
        Fact::Fulfilment(_) | Fact::Product(_) | Fact::Contact(_) | Fact::Webhook(_) => Part::None,
        Fact::Stock(fact) => match stock::hold(fact) {
            Some((order, hold)) => Part::Hold(order, hold),
            None => Part::None,
        },
    }
}

/// What is told of `fact`; nothing where it is no part of any order's story.
pub(super) fn tell(fact: &Fact) -> Option<(Source, Told)> {
    match fact {
        Fact::Order(fact) => Some((Source::Order, order::tell(fact))),
        Fact::Payment(fact) => Some((Source::Payment, payment::tell(fact))),
        Fact::Stock(fact) => stock::tell(fact).map(|told| (Source::Stock, told)),
        Fact::Fulfilment(fact) => fulfilment::tell(fact).map(|told| (Source::Fulfilment, told)),
        Fact::Notification(fact) => Some((Source::Notification, notification::tell(fact))),
        Fact::Product(_) | Fact::Contact(_) | Fact::Webhook(_) => None,
    }
}

/// A title and what belongs to it.
pub(super) struct Told {
    pub(super) title: String,
    pub(super) facts: Vec<Detail>,
}

fn told(title: impl Into<String>) -> Told {
    Told {
        title: title.into(),
        facts: vec![],
    }
}

impl Told {
    fn text(self, name: &str, value: impl std::fmt::Display) -> Self {
        self.with(name, DetailValue::Text(value.to_string()))
    }

    fn optional(self, name: &str, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    fn number(self, name: &str, value: impl Into<i64>) -> Self {
        self.with(name, DetailValue::Number(value.into()))
    }

    fn count(self, name: &str, things: usize) -> Self {
        self.with(
            name,
            DetailValue::Number(i64::try_from(things).unwrap_or(i64::MAX)),
        )
    }

    fn money(self, name: &str, value: Money) -> Self {
        self.with(name, DetailValue::Money(value))
    }

    fn instant(self, name: &str, value: DateTime<Utc>) -> Self {
        self.with(name, DetailValue::Instant(value))
    }

    fn with(mut self, name: &str, value: DetailValue) -> Self {
        self.facts.push(Detail {
            name: name.to_owned(),
            value,
        });
        self
    }
}

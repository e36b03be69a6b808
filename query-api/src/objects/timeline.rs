//! What happened to an order, told for people and for programs.

use async_graphql::{Enum, Object, SimpleObject, Union};
use chrono::{DateTime, Utc};
use orderlog_projections::order_timeline::{self, DetailValue};
use uuid::Uuid;

use super::money::{Long, Money};

/// One thing that happened to an order.
pub struct TimelineEntry(pub(crate) order_timeline::TimelineEntry);

/// One thing that happened to an order.
#[Object]
impl TimelineEntry {
    /// Place of the event in the log.
    async fn position(&self) -> Long {
        self.0.position.into()
    }

    /// The event.
    async fn event_id(&self) -> Uuid {
        self.0.event_id
    }

    /// Its type, such as `OrderPlaced`.
    async fn event_type(&self) -> &str {
        &self.0.event_type
    }

    /// What it happened to.
    async fn source(&self) -> Source {
        self.0.source.into()
    }

    /// What happened, for people.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// What is to be known about it.
    async fn facts(&self) -> Vec<TimelineFact> {
        self.0.facts.iter().map(TimelineFact::of).collect()
    }

    /// Who asked for it.
    async fn actor(&self) -> &str {
        &self.0.actor
    }

    /// The command that did it.
    async fn command_id(&self) -> Uuid {
        self.0.command_id
    }

    /// What led to that command: another command, or an event.
    async fn causation_id(&self) -> Uuid {
        self.0.causation_id
    }

    /// The first request of the chain.
    async fn correlation_id(&self) -> Uuid {
        self.0.correlation_id
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at
    }
}

/// What an entry of a timeline happened to.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "TimelineSource", remote = "order_timeline::Source")]
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

/// Something to be known about an entry of a timeline.
#[derive(SimpleObject)]
pub struct TimelineFact {
    /// What it is: `amount`, `carrier`.
    pub name: String,
    /// Its value as text, for people.
    pub text: String,
    /// Its value.
    pub value: FactValue,
}

/// The value of a fact.
#[derive(Union)]
#[graphql(name = "TimelineFactValue")]
pub enum FactValue {
    /// Words, a code or an id.
    Text(TextFact),
    /// A number.
    Number(NumberFact),
    /// An amount.
    Money(Money),
    /// An instant.
    Instant(InstantFact),
}

/// Words, a code or an id.
#[derive(SimpleObject)]
pub struct TextFact {
    /// The words.
    pub text: String,
}

/// A number.
#[derive(SimpleObject)]
pub struct NumberFact {
    /// The number.
    pub number: Long,
}

/// An instant.
#[derive(SimpleObject)]
pub struct InstantFact {
    /// The instant.
    pub at: DateTime<Utc>,
}

impl TimelineFact {
    fn of(detail: &order_timeline::Detail) -> Self {
        let (text, value) = match &detail.value {
            DetailValue::Text(text) => (
                text.clone(),
                FactValue::Text(TextFact { text: text.clone() }),
            ),
            DetailValue::Number(number) => (
                number.to_string(),
                FactValue::Number(NumberFact {
                    number: Long((*number).into()),
                }),
            ),
            DetailValue::Money(money) => (money.to_string(), FactValue::Money((*money).into())),
            DetailValue::Instant(at) => {
                (at.to_rfc3339(), FactValue::Instant(InstantFact { at: *at }))
            }
        };
        Self {
            name: detail.name.clone(),
            text,
            value,
        }
    }
}

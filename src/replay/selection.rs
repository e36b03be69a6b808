//! Which events are wanted. What is cheap to see is looked at first; a payload is parsed only where a
//! condition asks for it.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use orderlog_domain::ids::CustomerId;
use orderlog_log::event::RecordedEvent;
use serde_json::Value;
use uuid::Uuid;
use wildmatch::WildMatch;

use super::{Asked, ReplayError, condition::Condition};

/// Which events are wanted.
pub(super) struct Selection {
    types: Vec<WildMatch>,
    pub(super) streams: BTreeSet<String>,
    correlation: Option<Uuid>,
    customer: Option<Customer>,
    actors: Vec<WildMatch>,
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    conditions: Vec<Condition>,
}

/// A customer, and the orders of his that were met so far.
struct Customer {
    id: String,
    contact: String,
    orders: HashSet<String>,
}

impl Selection {
    pub(super) fn of(asked: &Asked) -> Result<Self, ReplayError> {
        let patterns = |texts: &[String]| texts.iter().map(|text| WildMatch::new(text)).collect();
        let conditions = asked.conditions.iter().map(|text| text.parse());
        Ok(Self {
            types: patterns(&asked.types),
            streams: asked.streams.iter().cloned().collect(),
            correlation: parsed("--correlation", asked.correlation.as_ref(), |text| {
                text.parse::<Uuid>()
            })?,
            customer: parsed("--customer", asked.customer.as_ref(), |text| {
                CustomerId::parse(text)
            })?
            .map(|id| Customer::new(&id)),
            actors: patterns(&asked.actors),
            since: parsed("--since", asked.since.as_ref(), instant)?,
            until: parsed("--until", asked.until.as_ref(), instant)?,
            conditions: conditions
                .collect::<Result<_, String>>()
                .map_err(ReplayError::Asked)?,
        })
    }

    /// Whether events that are not wanted must be seen, too.
    pub(super) fn needs_all(&self) -> bool {
        self.customer.is_some()
    }

    /// Whether the event is wanted. Every event of the log up to the last must be shown to it in order
    /// where a customer is asked for.
    pub(super) fn takes(&mut self, event: &RecordedEvent) -> Result<bool, ReplayError> {
        let payload = || {
            serde_json::from_str(&event.data).map_err(|error| ReplayError::Payload {
                position: event.position,
                error,
            })
        };
        if let Some(customer) = &mut self.customer
            && !customer.has(event, payload)?
        {
            return Ok(false);
        }
        let any = |patterns: &[WildMatch], text: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(text))
        };
        let taken = any(&self.types, &event.event_type)
            && any(&self.actors, &event.actor)
            && (self.streams.is_empty() || self.streams.contains(&event.stream))
            && self.correlation.is_none_or(|id| event.correlation_id == id)
            && self.since.is_none_or(|since| event.occurred_at >= since)
            && self.until.is_none_or(|until| event.occurred_at < until);
        if !taken || self.conditions.is_empty() {
            return Ok(taken);
        }
        let payload = payload()?;
        Ok(self
            .conditions
            .iter()
            .all(|condition| condition.holds(&payload)))
    }
}

impl Customer {
    fn new(id: &CustomerId) -> Self {
        Self {
            contact: format!("contact-{id}"),
            id: id.to_string(),
            orders: HashSet::new(),
        }
    }

    /// What belongs to an order is in its partition; of the stock's streams, what names the order.
    fn has(
        &mut self,
        event: &RecordedEvent,
        payload: impl Fn() -> Result<Value, ReplayError>,
    ) -> Result<bool, ReplayError> {
        if event.event_type == "OrderPlaced" && event.data.contains(&self.id) {
            let payload = payload()?;
            if field(&payload, "customer_id") == Some(&self.id) {
                self.orders.insert(event.partition_key.clone());
            }
        }
        Ok(match event.category() {
            "contact" => event.stream == self.contact,
            "stock" if !self.orders.is_empty() && event.data.contains("order_id") => {
                field(&payload()?, "order_id").is_some_and(|order| self.orders.contains(order))
            }
            _ => self.orders.contains(&event.partition_key),
        })
    }
}

/// A field of an event: its payload is an object of one field, its type.
fn field<'a>(payload: &'a Value, name: &str) -> Option<&'a str> {
    payload.as_object()?.values().next()?.get(name)?.as_str()
}

fn parsed<T, E: std::fmt::Display>(
    flag: &str,
    text: Option<&String>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, ReplayError> {
    text.map(|text| {
        parse(text).map_err(|error| ReplayError::Asked(format!("{flag} {text:?}: {error}")))
    })
    .transpose()
}

pub(super) fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.to_utc())
        .map_err(|_| "it is no instant; write it as 2026-11-21T10:00:00Z".to_owned())
}

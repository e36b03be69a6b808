//! What other teams are told: a projection of the log into events with a form of their own, which
//! changes only with its version. Each depends on one fact alone, so that it is the same however often
//! it is told. No type of the domain is in a payload: another fact inside is no other form outside.
//! `docs/asyncapi.yaml` is the contract. Next: the runtime's `Announcer` publishes them.

mod inventory_updated;
mod notification_sent;
mod order_created;
mod payment_failed;
mod payment_successful;

use orderlog_domain::{fact::Fact, money};
use orderlog_runtime::{kafka::Announcement, projection::Occurred};
use serde::Serialize;

pub use self::{
    inventory_updated::{InventoryChange, InventoryUpdated},
    notification_sent::NotificationSent,
    order_created::{OrderCreated, OrderedLine},
    payment_failed::{PaymentFailed, PaymentStage},
    payment_successful::PaymentSuccessful,
};

/// The topics, less the prefix that all of them have.
pub const TOPICS: [&str; 5] = [
    OrderCreated::TOPIC,
    PaymentSuccessful::TOPIC,
    PaymentFailed::TOPIC,
    InventoryUpdated::TOPIC,
    NotificationSent::TOPIC,
];

/// Something that other teams are told.
pub trait PublicEvent: Serialize + Sized {
    /// Its topic.
    const TOPIC: &'static str;
    /// Its type as a CloudEvent, with the version of its form.
    const TYPE: &'static str;

    /// What is told of a fact, if it is one for this topic.
    fn of(event: &Occurred<'_, Fact>) -> Option<Self>;

    /// What the record is about: those of one such key come in order.
    fn key(&self) -> String;
}

/// What other teams are told of a fact, if anything.
pub fn announcement(event: &Occurred<'_, Fact>) -> Result<Option<Announcement>, serde_json::Error> {
    match event.fact {
        Fact::Order(_) => told::<OrderCreated>(event),
        Fact::Payment(_) => match told::<PaymentSuccessful>(event)? {
            None => told::<PaymentFailed>(event),
            successful => Ok(successful),
        },
        Fact::Stock(_) => told::<InventoryUpdated>(event),
        Fact::Notification(_) => told::<NotificationSent>(event),
        Fact::Product(_) | Fact::Fulfilment(_) | Fact::Contact(_) | Fact::Webhook(_) => Ok(None),
    }
}

fn told<E: PublicEvent>(
    event: &Occurred<'_, Fact>,
) -> Result<Option<Announcement>, serde_json::Error> {
    let Some(told) = E::of(event) else {
        return Ok(None);
    };
    Ok(Some(Announcement {
        topic: E::TOPIC,
        key: told.key(),
        event_type: E::TYPE,
        data: serde_json::to_string(&told)?,
    }))
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Money {
    /// In the currency's minor unit, such as cents.
    pub amount_minor: i64,
    /// Code of ISO 4217.
    pub currency: &'static str,
}

impl From<money::Money> for Money {
    fn from(money: money::Money) -> Self {
        Self {
            amount_minor: money.amount_minor,
            currency: money.currency.code(),
        }
    }
}

#[cfg(test)]
mod tests;

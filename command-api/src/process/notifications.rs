//! Tells customers, through channels. Each channel has work rows of its own kind, so that one that is
//! down delays only itself; the notification's id is the idempotency key, so that a message sent twice
//! after a crash can be told to be the same. Next: `attempt` carries a row out; `work` says which rows
//! there are; `log`, `mail` and `webhook` are the channels.

mod attempt;
mod log;
pub mod mail;
pub mod webhook;
mod work;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use orderlog_domain::notification::{Channel, Message, WithheldReason};

pub use attempt::Notifications;
pub use log::LogChannel;
pub(super) use work::deliveries;
pub use work::{LOG, MAIL, WEBHOOK};

/// Pauses between attempts: the schedule that Standard Webhooks recommends, about three days.
pub const PAUSES: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
];

/// Tells somebody something, outside.
#[async_trait]
pub trait NotificationChannel: Send + Sync + 'static {
    /// Sends the message; the same one again is the same message.
    async fn send(&self, outgoing: &Outgoing<'_>) -> Result<(), Unsent>;
}

/// A message on its way.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// What is said, to whom; its id is the idempotency key.
    pub message: &'a Message,
    /// The channel, with the endpoint where it has several.
    pub channel: Channel,
    /// Now.
    pub at: DateTime<Utc>,
}

/// Why a message was not sent. What is said of it is recorded for ever: nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsent {
    /// It may go better later.
    #[error("{0}")]
    Failed(String),
    /// It will go no better later.
    #[error("{0}")]
    Refused(String),
    /// The receiver wants nothing any more, ever.
    #[error("{0}")]
    Gone(String),
    /// The receiver has enough to do; this was no attempt.
    #[error("the receiver is busy")]
    Busy,
    /// It is not to be sent.
    #[error("withheld: {0:?}")]
    Withheld(WithheldReason),
}

/// A channel that the system was not told how to use.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotConfigured;

#[async_trait]
impl NotificationChannel for NotConfigured {
    async fn send(&self, _: &Outgoing<'_>) -> Result<(), Unsent> {
        Err(Unsent::Withheld(WithheldReason::NotConfigured))
    }
}

//! The work rows of notifications: one for each channel that an event says a message goes through.

use orderlog_domain::{
    fact::Fact,
    ids::NotificationId,
    notification::{Channel, NotificationEvent},
};
use orderlog_log::event::RecordedEvent;
use serde::{Deserialize, Serialize};

use crate::process::rows;

/// Kind of the rows that go to the program's own log.
pub const LOG: &str = "notification";
/// Kind of the rows that become mails.
pub const MAIL: &str = "mail";
/// Kind of the rows that become webhooks.
pub const WEBHOOK: &str = "webhook";

/// A message that is to go through a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::process) struct DeliveryWork {
    /// The notification.
    pub notification_id: NotificationId,
    /// The channel; rows of earlier builds knew the log alone.
    #[serde(default = "log")]
    pub channel: Channel,
}

fn log() -> Channel {
    Channel::Log
}

impl DeliveryWork {
    /// Which handler it is for.
    pub(in crate::process) fn kind(&self) -> &'static str {
        match self.channel {
            Channel::Log => LOG,
            Channel::Email => MAIL,
            Channel::Webhook(_) => WEBHOOK,
        }
    }

    /// What tells it from others of the same event.
    pub(in crate::process) fn name(&self) -> String {
        match self.channel {
            Channel::Log => LOG.to_owned(),
            Channel::Email => MAIL.to_owned(),
            Channel::Webhook(_) => self.channel.to_string(),
        }
    }
}

/// The channels that the event sends a message through. Whether it is to go through the log, which
/// is asked for before the route is known, the handler sees.
pub(in crate::process) fn deliveries(event: &RecordedEvent, fact: &Fact) -> Vec<DeliveryWork> {
    let Fact::Notification(fact) = fact else {
        return vec![];
    };
    let channels = match fact {
        NotificationEvent::NotificationRequested { .. } => vec![Channel::Log],
        NotificationEvent::NotificationRouted { deliver, .. } => {
            let others = deliver.iter().filter(|it| **it != Channel::Log);
            others.copied().collect()
        }
        NotificationEvent::NotificationReplayed { channels, .. } => channels.clone(),
        NotificationEvent::NotificationSent { .. }
        | NotificationEvent::NotificationFailed { .. }
        | NotificationEvent::NotificationGivenUp { .. }
        | NotificationEvent::NotificationWithheld { .. } => vec![],
    };
    let Ok(notification_id) = rows::aggregate_id(event).parse() else {
        return vec![];
    };
    let work = |channel| DeliveryWork {
        notification_id,
        channel,
    };
    channels.into_iter().map(work).collect()
}

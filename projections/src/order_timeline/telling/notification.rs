//! A notification's facts in words.

use orderlog_domain::notification::NotificationEvent;

use super::{Told, told};

pub(super) fn tell(fact: &NotificationEvent) -> Told {
    use NotificationEvent as E;
    match fact {
        E::NotificationRequested { text, .. } => {
            told("The customer is to be told").text("text", text)
        }
        E::NotificationSent { channel, .. } => {
            told("The customer was told").text("channel", channel)
        }
        E::NotificationFailed {
            channel, reason, ..
        } => told("The customer could not be told")
            .text("channel", channel)
            .text("reason", reason),
    }
}

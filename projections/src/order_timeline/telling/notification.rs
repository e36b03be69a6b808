//! A notification's facts in words.

use orderlog_domain::notification::{Channel, NotificationEvent, Withheld};

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
        E::NotificationRouted {
            deliver, withheld, ..
        } => told("How the customer is to be told was decided")
            .text("channels", listed(deliver.iter().copied()))
            .optional("withheld", not_through(withheld)),
        E::NotificationGivenUp { channel, .. } => {
            told("Telling the customer was given up").text("channel", channel)
        }
        E::NotificationWithheld {
            channel, reason, ..
        } => told("The customer is not told after all")
            .text("channel", channel)
            .text("reason", reason.public_name()),
        E::NotificationReplayed { channels, .. } => told("The customer is to be told once more")
            .text("channels", listed(channels.iter().copied())),
    }
}

fn not_through(withheld: &[Withheld]) -> Option<String> {
    (!withheld.is_empty()).then(|| listed(withheld.iter().map(|it| it.channel)))
}

fn listed(channels: impl Iterator<Item = Channel>) -> String {
    let channels: Vec<_> = channels.map(|channel| channel.to_string()).collect();
    channels.join(", ")
}

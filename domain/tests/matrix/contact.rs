//! What a customer may have said, and what he may say.

use chrono::DateTime;
use orderlog_domain::{
    contact::{Contact, ContactCommand, EmailAddress, Preferences, SetPreferences},
    ids::CustomerId,
};

use crate::{Asked, Life};

pub(crate) fn lives() -> Vec<Life<Contact>> {
    let life = |name, commands: Vec<ContactCommand>| Life {
        name,
        commands: commands
            .into_iter()
            .map(|command| (DateTime::UNIX_EPOCH, command))
            .collect(),
        now: DateTime::UNIX_EPOCH,
    };
    vec![
        life("Never said anything", vec![]),
        life("Wants mails", vec![set(Some("ann@example.com"), true)]),
        life("Wants nothing", vec![set(None, false)]),
    ]
}

pub(crate) fn commands() -> Vec<Asked<ContactCommand>> {
    [
        ("mails", set(Some("ann@example.com"), true)),
        ("nothing", set(None, false)),
        ("mails to nowhere", set(None, true)),
    ]
    .map(|(variant, says)| Asked {
        command: "SetPreferences",
        variant,
        says,
    })
    .into()
}

fn set(email: Option<&str>, wanted: bool) -> ContactCommand {
    ContactCommand::SetPreferences(SetPreferences {
        customer_id: CustomerId::parse("c-17").expect("a customer id"),
        preferences: Preferences {
            email: email.map(|text| EmailAddress::parse(text).expect("an address")),
            by_email: wanted,
            by_webhook: wanted,
        },
    })
}

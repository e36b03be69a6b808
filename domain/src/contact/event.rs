//! Facts of one contact.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use crate::{
    evolution::{Evolving, version_today},
    ids::CustomerId,
};

use super::EmailAddress;

/// What has happened to a contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ContactEvent {
    /// The customer said what he wants; whatever he said before does not count any more.
    PreferencesSet {
        /// The customer.
        customer_id: CustomerId,
        /// Where mails go.
        email: Option<EmailAddress>,
        /// Whether he wants mails.
        by_email: bool,
        /// Whether endpoints may hear of his orders.
        by_webhook: bool,
    },
}

impl DomainEvent for ContactEvent {
    fn event_type(&self) -> String {
        match self {
            Self::PreferencesSet { .. } => "PreferencesSet",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        version_today::<Self>(&self.event_type()).to_string()
    }
}

impl Evolving for ContactEvent {}

//! The customer says how he wants to be told.

use serde::{Deserialize, Serialize};

use crate::ids::CustomerId;

use super::{Contact, ContactEvent, ContactRefusal, Preferences};

/// Say all that the customer wants, anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetPreferences {
    /// The customer.
    pub customer_id: CustomerId,
    /// What he wants.
    pub preferences: Preferences,
}

impl SetPreferences {
    pub(super) fn decide(self, contact: &Contact) -> Result<Vec<ContactEvent>, ContactRefusal> {
        let Self {
            customer_id,
            preferences,
        } = self;
        if preferences.by_email && preferences.email.is_none() {
            return Err(ContactRefusal::NoAddress);
        }
        if contact.preferences.as_ref() == Some(&preferences) {
            return Ok(vec![]);
        }
        let Preferences {
            email,
            by_email,
            by_webhook,
        } = preferences;
        Ok(vec![ContactEvent::PreferencesSet {
            customer_id,
            email,
            by_email,
            by_webhook,
        }])
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use cqrs_es::test::TestFramework;

    use super::*;
    use crate::contact::{ContactCommand, EmailAddress};

    fn set(email: Option<&str>, by_email: bool) -> ContactCommand {
        let preferences = Preferences {
            email: email.and_then(|text| EmailAddress::parse(text).ok()),
            by_email,
            by_webhook: true,
        };
        ContactCommand::SetPreferences(SetPreferences {
            customer_id: customer(),
            preferences,
        })
    }

    fn was_set(email: &str) -> ContactEvent {
        ContactEvent::PreferencesSet {
            customer_id: customer(),
            email: EmailAddress::parse(email).ok(),
            by_email: true,
            by_webhook: true,
        }
    }

    fn customer() -> CustomerId {
        CustomerId::parse("c-17").expect("a customer id")
    }

    fn given(history: &[ContactEvent]) -> cqrs_es::test::AggregateTestExecutor<Contact> {
        TestFramework::with(DateTime::UNIX_EPOCH).given(history.to_vec())
    }

    #[test]
    fn the_last_word_counts() {
        given(&[])
            .when(set(Some("ann@example.com"), true))
            .then_expect_events(vec![was_set("ann@example.com")]);
        given(&[was_set("ann@example.com")])
            .when(set(Some("ann@example.org"), true))
            .then_expect_events(vec![was_set("ann@example.org")]);
    }

    #[test]
    fn the_same_word_again_is_no_news() {
        given(&[was_set("ann@example.com")])
            .when(set(Some("ann@example.com"), true))
            .then_expect_events(vec![]);
    }

    #[test]
    fn mails_need_an_address() {
        given(&[])
            .when(set(None, true))
            .then_expect_error(ContactRefusal::NoAddress);
    }
}

//! Which channels a message goes through: what the customer wants, as far as the system can do it.
//! What is wanted and can't be done is named, never left out in silence. Pure.

use serde::{Deserialize, Serialize};

use crate::{
    contact::Preferences,
    ids::{CustomerId, EndpointId},
    webhook::Webhooks,
};

use super::{Channel, NotificationKind, Withheld, WithheldReason};

/// The channels of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routes {
    /// Those that it goes through.
    pub deliver: Vec<Channel>,
    /// Those that it does not go through, and why.
    pub withheld: Vec<Withheld>,
}

/// Which channels the system was told how to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Available {
    /// It knows an SMTP server.
    pub email: bool,
    /// It can sign webhooks.
    pub webhook: bool,
}

impl Routes {
    /// Through the log alone: so goes what nobody has said anything about.
    pub fn log_alone() -> Self {
        Self {
            deliver: vec![Channel::Log],
            withheld: vec![],
        }
    }

    pub(super) fn is_log_alone(&self) -> bool {
        self.deliver == [Channel::Log] && self.withheld.is_empty()
    }

    fn add(&mut self, channel: Channel, withheld: Option<WithheldReason>) {
        match withheld {
            None => self.deliver.push(channel),
            Some(reason) => self.withheld.push(Withheld { channel, reason }),
        }
    }
}

/// The channels of a message of this kind to a customer with these preferences, if he ever said any.
pub fn route(
    customer: &CustomerId,
    kind: NotificationKind,
    said: Option<&Preferences>,
    webhooks: &Webhooks,
    available: Available,
) -> Routes {
    let wishes = said.cloned().unwrap_or_default();
    let mut routes = Routes {
        deliver: vec![],
        withheld: vec![],
    };
    let nothing = !wishes.by_email && !wishes.by_webhook;
    routes.add(Channel::Log, withheld(!nothing, true));
    if said.is_some() {
        let email = withheld(wishes.by_email, available.email);
        routes.add(Channel::Email, email);
    }
    for endpoint in endpoints(customer, kind, webhooks) {
        let webhook = withheld(wishes.by_webhook, available.webhook);
        routes.add(Channel::Webhook(endpoint), webhook);
    }
    routes
}

fn withheld(wanted: bool, available: bool) -> Option<WithheldReason> {
    match (wanted, available) {
        (false, _) => Some(WithheldReason::TurnedOff),
        (true, false) => Some(WithheldReason::NotConfigured),
        (true, true) => None,
    }
}

fn endpoints(
    customer: &CustomerId,
    kind: NotificationKind,
    webhooks: &Webhooks,
) -> impl Iterator<Item = EndpointId> {
    let wants = move |(_, endpoint): &(&EndpointId, &crate::webhook::Endpoint)| {
        endpoint.is_enabled() && endpoint.wants(customer, kind)
    };
    webhooks.endpoints.iter().filter(wants).map(|(id, _)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contact::EmailAddress, webhook::testing as hooks};

    const ALL: Available = Available {
        email: true,
        webhook: true,
    };

    fn customer() -> CustomerId {
        CustomerId::parse("c-17").expect("a customer id")
    }

    fn said(by_email: bool, by_webhook: bool) -> Preferences {
        let email = EmailAddress::parse("ann@example.com").ok();
        Preferences {
            email,
            by_email,
            by_webhook,
        }
    }

    fn routed(said: Option<Preferences>, webhooks: &Webhooks, available: Available) -> Routes {
        let kind = NotificationKind::OrderConfirmed;
        route(&customer(), kind, said.as_ref(), webhooks, available)
    }

    #[test]
    fn who_said_nothing_is_told_through_the_log_alone() {
        let routes = routed(None, &Webhooks::default(), Available::default());
        assert_eq!(routes, Routes::log_alone());
    }

    #[test]
    fn wishes_are_followed_as_far_as_the_system_can() {
        let webhooks = hooks::registered();
        let webhook = Channel::Webhook(hooks::endpoint());
        let routes = routed(Some(said(true, true)), &webhooks, ALL);
        assert_eq!(routes.deliver, [Channel::Log, Channel::Email, webhook]);
        assert_eq!(routes.withheld, []);

        let routes = routed(Some(said(true, true)), &webhooks, Available::default());
        assert_eq!(routes.deliver, [Channel::Log]);
        let reason = WithheldReason::NotConfigured;
        let channels = [Channel::Email, webhook];
        assert_eq!(
            routes.withheld,
            channels.map(|channel| Withheld { channel, reason })
        );
    }

    #[test]
    fn who_wants_nothing_gets_nothing_and_that_is_said() {
        let routes = routed(Some(said(false, false)), &hooks::registered(), ALL);
        assert_eq!(routes.deliver, []);
        let reason = WithheldReason::TurnedOff;
        let webhook = Channel::Webhook(hooks::endpoint());
        let channels = [Channel::Log, Channel::Email, webhook];
        assert_eq!(
            routes.withheld,
            channels.map(|channel| Withheld { channel, reason })
        );
    }

    #[test]
    fn an_endpoint_hears_of_its_own_kinds_and_customers_alone() {
        let webhooks = hooks::registered_for(&[NotificationKind::OrderRejected], None);
        assert_eq!(routed(None, &webhooks, ALL), Routes::log_alone());
        let other = CustomerId::parse("c-18").ok();
        let webhooks = hooks::registered_for(&[], other);
        assert_eq!(routed(None, &webhooks, ALL), Routes::log_alone());
        let webhooks = hooks::registered_for(&[], Some(customer()));
        assert_eq!(routed(None, &webhooks, ALL).deliver.len(), 2);
    }
}

//! An endpoint, and what may have become of it.

use chrono::DateTime;
use cqrs_es::{
    Aggregate,
    test::{AggregateTestExecutor, TestFramework},
};
use uuid::Uuid;

use crate::{
    ids::{CustomerId, EndpointId},
    notification::NotificationKind,
};

use super::{
    DisableEndpoint, DisabledBecause, EnableEndpoint, RegisterEndpoint, WebhookCommand,
    WebhookEvent, WebhookUrl, Webhooks,
};

pub(super) fn given(history: &[WebhookEvent]) -> AggregateTestExecutor<Webhooks> {
    TestFramework::with(DateTime::UNIX_EPOCH).given(history.to_vec())
}

/// The endpoint that is registered.
pub(crate) fn endpoint() -> EndpointId {
    EndpointId(Uuid::from_u128(4))
}

/// One endpoint that hears of everything.
pub(crate) fn registered() -> Webhooks {
    registered_for(&[], None)
}

/// One endpoint that hears of these kinds and this customer.
pub(crate) fn registered_for(kinds: &[NotificationKind], customer: Option<CustomerId>) -> Webhooks {
    let mut webhooks = Webhooks::default();
    webhooks.apply(WebhookEvent::EndpointRegistered {
        endpoint_id: endpoint(),
        url: url(),
        kinds: kinds.to_vec(),
        customer_id: customer,
    });
    webhooks
}

pub(super) fn register(endpoint_id: EndpointId) -> WebhookCommand {
    WebhookCommand::Register(RegisterEndpoint {
        endpoint_id,
        url: url(),
        kinds: vec![],
        customer_id: None,
    })
}

pub(super) fn disable() -> WebhookCommand {
    WebhookCommand::Disable(DisableEndpoint {
        endpoint_id: endpoint(),
        because: DisabledBecause::Gone,
    })
}

pub(super) fn enable() -> WebhookCommand {
    WebhookCommand::Enable(EnableEndpoint {
        endpoint_id: endpoint(),
    })
}

pub(super) fn was_registered(endpoint_id: EndpointId) -> WebhookEvent {
    WebhookEvent::EndpointRegistered {
        endpoint_id,
        url: url(),
        kinds: vec![],
        customer_id: None,
    }
}

pub(super) fn was_disabled() -> WebhookEvent {
    WebhookEvent::EndpointDisabled {
        endpoint_id: endpoint(),
        because: DisabledBecause::Gone,
    }
}

fn url() -> WebhookUrl {
    WebhookUrl::parse("https://example.com/hooks").expect("a URL")
}

//! An endpoint is switched off or on, or forgotten: three commands that name it and say no more.

use serde::{Deserialize, Serialize};

use crate::ids::EndpointId;

use super::{DisabledBecause, WebhookEvent, WebhookRefusal, Webhooks};

/// Send nothing to an endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DisableEndpoint {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// Why.
    pub because: DisabledBecause,
}

/// Send to an endpoint again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnableEndpoint {
    /// The endpoint.
    pub endpoint_id: EndpointId,
}

/// Forget an endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoveEndpoint {
    /// The endpoint.
    pub endpoint_id: EndpointId,
}

impl DisableEndpoint {
    pub(super) fn decide(self, webhooks: &Webhooks) -> Result<Vec<WebhookEvent>, WebhookRefusal> {
        let Self {
            endpoint_id,
            because,
        } = self;
        let enabled = webhooks.endpoint(endpoint_id)?.is_enabled();
        let disabled = WebhookEvent::EndpointDisabled {
            endpoint_id,
            because,
        };
        Ok(enabled.then_some(disabled).into_iter().collect())
    }
}

impl EnableEndpoint {
    pub(super) fn decide(self, webhooks: &Webhooks) -> Result<Vec<WebhookEvent>, WebhookRefusal> {
        let endpoint_id = self.endpoint_id;
        let enabled = webhooks.endpoint(endpoint_id)?.is_enabled();
        let event = WebhookEvent::EndpointEnabled { endpoint_id };
        Ok((!enabled).then_some(event).into_iter().collect())
    }
}

impl RemoveEndpoint {
    pub(super) fn decide(self, webhooks: &Webhooks) -> Result<Vec<WebhookEvent>, WebhookRefusal> {
        let endpoint_id = self.endpoint_id;
        webhooks.endpoint(endpoint_id)?;
        Ok(vec![WebhookEvent::EndpointRemoved { endpoint_id }])
    }
}

#[cfg(test)]
mod tests {
    use crate::webhook::{WebhookCommand, WebhookEvent, WebhookRefusal, testing::*};

    use super::*;

    #[test]
    fn an_endpoint_is_switched_off_and_on_once() {
        let on = was_registered(endpoint());
        let off = was_disabled();
        given(std::slice::from_ref(&on))
            .when(disable())
            .then_expect_events(vec![off.clone()]);
        given(&[on.clone(), off.clone()])
            .when(disable())
            .then_expect_events(vec![]);
        let endpoint_id = endpoint();
        let enabled = WebhookEvent::EndpointEnabled { endpoint_id };
        given(&[on.clone(), off])
            .when(enable())
            .then_expect_events(vec![enabled]);
        given(&[on]).when(enable()).then_expect_events(vec![]);
    }

    #[test]
    fn a_removed_endpoint_is_unknown() {
        let endpoint_id = endpoint();
        let removed = WebhookEvent::EndpointRemoved { endpoint_id };
        let remove = || WebhookCommand::Remove(RemoveEndpoint { endpoint_id });
        let on = was_registered(endpoint_id);
        given(std::slice::from_ref(&on))
            .when(remove())
            .then_expect_events(vec![removed.clone()]);
        for command in [remove(), enable(), disable()] {
            given(&[on.clone(), removed.clone()])
                .when(command)
                .then_expect_error(WebhookRefusal::EndpointNotFound);
        }
    }
}

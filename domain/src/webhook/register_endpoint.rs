//! Webhooks are to go to one more endpoint.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{CustomerId, EndpointId},
    notification::NotificationKind,
};

use super::{WebhookEvent, WebhookRefusal, WebhookUrl, Webhooks};

/// The most endpoints that a shop has: each of them gets every message that it wants to hear of.
pub const MOST_ENDPOINTS: usize = 100;

/// Send webhooks to one more endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegisterEndpoint {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// Where it is.
    pub url: WebhookUrl,
    /// What it hears of; of everything where empty.
    pub kinds: Vec<NotificationKind>,
    /// The only customer that it hears of.
    pub customer_id: Option<CustomerId>,
}

impl RegisterEndpoint {
    pub(super) fn decide(self, webhooks: &Webhooks) -> Result<Vec<WebhookEvent>, WebhookRefusal> {
        let Self {
            endpoint_id,
            url,
            mut kinds,
            customer_id,
        } = self;
        if webhooks.endpoints.contains_key(&endpoint_id) {
            return Ok(vec![]);
        }
        if webhooks.endpoints.len() >= MOST_ENDPOINTS {
            let limit = MOST_ENDPOINTS;
            return Err(WebhookRefusal::TooManyEndpoints { limit });
        }
        kinds.sort();
        kinds.dedup();
        Ok(vec![WebhookEvent::EndpointRegistered {
            endpoint_id,
            url,
            kinds,
            customer_id,
        }])
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::webhook::testing::*;

    #[test]
    fn an_endpoint_is_registered_once() {
        given(&[])
            .when(register(endpoint()))
            .then_expect_events(vec![was_registered(endpoint())]);
        given(&[was_registered(endpoint())])
            .when(register(endpoint()))
            .then_expect_events(vec![]);
    }

    #[test]
    fn there_is_an_end_to_endpoints() {
        let all: Vec<_> = (1..=MOST_ENDPOINTS)
            .map(|nth| was_registered(EndpointId(Uuid::from_u128(nth as u128))))
            .collect();
        let limit = MOST_ENDPOINTS;
        given(&all)
            .when(register(EndpointId(Uuid::nil())))
            .then_expect_error(WebhookRefusal::TooManyEndpoints { limit });
    }
}

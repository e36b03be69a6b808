//! Another secret signs an endpoint's webhooks. The one before it signs as well for a day, so that
//! the receiver can change his in peace.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{DecidedAt, ids::EndpointId};

use super::{WebhookEvent, WebhookRefusal, Webhooks};

/// How long a secret signs beside its successor.
pub const OVERLAP: TimeDelta = TimeDelta::hours(24);

/// Sign with another secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RotateSecret {
    /// The endpoint.
    pub endpoint_id: EndpointId,
}

impl RotateSecret {
    pub(super) fn decide(
        self,
        webhooks: &Webhooks,
        at: DecidedAt,
    ) -> Result<Vec<WebhookEvent>, WebhookRefusal> {
        let endpoint_id = self.endpoint_id;
        let endpoint = webhooks.endpoint(endpoint_id)?;
        Ok(vec![WebhookEvent::EndpointSecretRotated {
            endpoint_id,
            generation: endpoint.generation + 1,
            previous_until: at + OVERLAP,
        }])
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use cqrs_es::Aggregate;

    use super::*;
    use crate::webhook::{WebhookCommand, testing::*};

    #[test]
    fn two_secrets_sign_for_a_day() {
        let endpoint_id = endpoint();
        let now = DateTime::UNIX_EPOCH;
        let rotated = WebhookEvent::EndpointSecretRotated {
            endpoint_id,
            generation: 2,
            previous_until: now + OVERLAP,
        };
        given(&[was_registered(endpoint_id)])
            .when(WebhookCommand::RotateSecret(RotateSecret { endpoint_id }))
            .then_expect_events(vec![rotated.clone()]);
        let mut webhooks = registered();
        let signing = |webhooks: &Webhooks, at| webhooks.endpoints[&endpoint_id].signing(at);
        assert_eq!(signing(&webhooks, now), [1]);
        webhooks.apply(rotated);
        assert_eq!(signing(&webhooks, now), [2, 1]);
        assert_eq!(signing(&webhooks, now + OVERLAP), [2]);
    }
}

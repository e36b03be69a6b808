//! Why the endpoints refuse a command.

use serde::{Deserialize, Serialize};

use crate::refusal::{Refusal, RefusalClass};

/// A refused command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum WebhookRefusal {
    /// There is no such endpoint.
    #[error("there is no such webhook endpoint")]
    EndpointNotFound,
    /// There are enough endpoints.
    #[error("there are {limit} webhook endpoints, and no more are allowed; remove one first")]
    TooManyEndpoints {
        /// So many are allowed.
        limit: usize,
    },
}

impl Refusal for WebhookRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::EndpointNotFound => "webhook.endpoint_not_found",
            Self::TooManyEndpoints { .. } => "webhook.too_many_endpoints",
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::EndpointNotFound => RefusalClass::NotFound,
            Self::TooManyEndpoints { .. } => RefusalClass::Rule,
        }
    }
}

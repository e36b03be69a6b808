//! Where a message may go, under the name that events, requests and rows give it: `log`, `email`,
//! `webhook:{endpoint}`. Invariant: what is printed is read back as the same channel.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::ids::EndpointId;

/// A way to tell somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Channel {
    /// The program's own log.
    Log,
    /// A mail to the customer.
    Email,
    /// A request to an endpoint.
    Webhook(EndpointId),
}

/// A text that names no channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no channel (log, email or webhook:ENDPOINT)")]
pub struct InvalidChannel {
    found: String,
}

const WEBHOOK: &str = "webhook:";

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log => f.write_str("log"),
            Self::Email => f.write_str("email"),
            Self::Webhook(endpoint) => write!(f, "{WEBHOOK}{endpoint}"),
        }
    }
}

impl FromStr for Channel {
    type Err = InvalidChannel;

    fn from_str(text: &str) -> Result<Self, InvalidChannel> {
        let endpoint = || text.strip_prefix(WEBHOOK)?.parse().ok();
        match text {
            "log" => Ok(Self::Log),
            "email" => Ok(Self::Email),
            _ => endpoint().map(Self::Webhook).ok_or_else(|| InvalidChannel {
                found: text.chars().take(80).collect(),
            }),
        }
    }
}

impl From<Channel> for String {
    fn from(channel: Channel) -> Self {
        channel.to_string()
    }
}

impl TryFrom<String> for Channel {
    type Error = InvalidChannel;

    fn try_from(text: String) -> Result<Self, InvalidChannel> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_channel_is_read_as_it_is_printed() {
        let webhook = Channel::Webhook(EndpointId(Uuid::from_u128(7)));
        for channel in [Channel::Log, Channel::Email, webhook] {
            assert_eq!(channel.to_string().parse(), Ok(channel));
        }
        for text in ["", "Log", "mail", "webhook:", "webhook:7"] {
            assert!(text.parse::<Channel>().is_err(), "{text}");
        }
    }
}

//! Reading one's own writes: a command answers a token, a later read that carries it waits until
//! what it reads has passed that point, or says that it is behind. Opaque to clients.

use axum::http::{HeaderName, StatusCode};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::problem::Problem;

/// Name of the header, of responses to commands and of requests to read.
pub const HEADER: HeaderName = HeaderName::from_static("consistency-token");

/// A point of the log, in the partition in which it arrives at readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyToken {
    /// The position that a reader must have passed.
    pub position: u64,
    /// The partition in which that position arrives.
    pub partition_key: String,
}

/// The text is not a token of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a consistency token; send it as it was received")]
pub struct InvalidToken;

impl ConsistencyToken {
    /// The token as text.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{FORMAT}.{}.{}", self.position, self.partition_key))
    }

    /// The token in this text.
    pub fn decode(text: &str) -> Result<Self, InvalidToken> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text.trim())
            .map_err(|_| InvalidToken)?;
        let plain = String::from_utf8(bytes).map_err(|_| InvalidToken)?;
        let mut parts = plain.splitn(3, '.');
        let (Some(FORMAT), Some(position), Some(partition_key)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidToken);
        };
        let position = position.parse().map_err(|_| InvalidToken)?;
        Ok(Self {
            position,
            partition_key: partition_key.to_owned(),
        })
    }
}

const FORMAT: &str = "1";

impl From<InvalidToken> for Problem {
    fn from(error: InvalidToken) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "consistency.token_invalid").detail(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_journey() {
        for partition_key in [
            "0190a5e4-0000-7000-8000-000000000001",
            "stock-BANK CHARGES.1-main",
            "",
        ] {
            let token = ConsistencyToken {
                position: u64::MAX,
                partition_key: partition_key.to_owned(),
            };
            assert_eq!(ConsistencyToken::decode(&token.encode()), Ok(token));
        }
    }

    #[test]
    fn foreign_text_is_no_token() {
        for text in [
            "",
            "x",
            "AAAA",
            "%%%",
            &URL_SAFE_NO_PAD.encode("1.-1.x"),
            &URL_SAFE_NO_PAD.encode("2.1.x"),
            &URL_SAFE_NO_PAD.encode("1.7"),
        ] {
            assert_eq!(ConsistencyToken::decode(text), Err(InvalidToken), "{text}");
        }
    }
}

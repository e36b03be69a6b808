//! The key from which every endpoint's secret derives, and signing with one, as Standard Webhooks has
//! it. The key comes from the configuration and the secret is computed when it is needed: neither is
//! ever in the log, which is for ever.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use orderlog_domain::ids::EndpointId;
use sha2::Sha256;

/// The key from which secrets derive.
#[derive(Clone)]
pub struct WebhookKey(Arc<[u8]>);

/// A text that is no key. It is not repeated: it may be one all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key of 32 bytes or more in base64; openssl rand -base64 32 makes one")]
pub struct InvalidKey;

/// Bytes that a key must have at least.
const SHORTEST: usize = 32;

/// Keys are not shown.
impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookKey(hidden)")
    }
}

impl WebhookKey {
    /// The key in this text.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| InvalidKey)?;
        match bytes.len() >= SHORTEST {
            true => Ok(Self(bytes.into())),
            false => Err(InvalidKey),
        }
    }

    /// The endpoint's secret of this generation.
    pub(crate) fn secret(&self, endpoint: EndpointId, generation: u32) -> Secret {
        let name = format!("orderlog webhook secret\n{endpoint}\n{generation}");
        Secret(authenticated(&self.0, &[name.as_bytes()]))
    }
}

/// What signs the webhooks of one endpoint.
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    /// As the receiver is given it.
    pub(crate) fn shown(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    /// The signature of a webhook with this id, sent at this second with this body.
    pub(crate) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let timestamp = timestamp.to_string();
        let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        format!("v1,{}", STANDARD.encode(authenticated(&self.0, &parts)))
    }
}

fn authenticated(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // A key may have any length, so this cannot fail; should it ever, nothing verifies.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use uuid::Uuid;

    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn a_signature_is_the_one_that_the_specification_s_libraries_make() {
        let secret = Secret(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        assert_eq!(secret.shown(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        assert_eq!(
            secret.sign(id, 1_614_265_330, br#"{"test": 2432232314}"#),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn every_endpoint_and_generation_has_a_secret_of_its_own() {
        let key = WebhookKey::parse(&STANDARD.encode([7; 32])).unwrap();
        let other = WebhookKey::parse(&STANDARD.encode([8; 32])).unwrap();
        let [one, two] = [1, 2].map(|id| EndpointId(Uuid::from_u128(id)));
        let secrets = [
            key.secret(one, 1),
            key.secret(one, 2),
            key.secret(two, 1),
            other.secret(one, 1),
        ];
        let shown: std::collections::BTreeSet<_> = secrets.iter().map(Secret::shown).collect();
        assert_eq!(shown.len(), 4);
        assert!(shown.contains(&key.secret(one, 1).shown()));
    }

    #[test]
    fn a_short_key_is_none() {
        for text in ["", "%%%", "c2hvcnQ=", &STANDARD.encode([7; 31])] {
            assert_eq!(WebhookKey::parse(text).err(), Some(InvalidKey), "{text}");
        }
    }
}

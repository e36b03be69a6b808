//! The `Idempotency-Key` of a request: the same key with the same content is the same command,
//! however often it is sent. A structured field's quoted string; a bare one is tolerated.

use axum::http::{HeaderMap, HeaderName, StatusCode};
use uuid::Uuid;

use crate::problem::Problem;

/// Name of the request header.
pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Name of the response header that marks the answer to a repeated request.
pub const REPLAY_HEADER: HeaderName = HeaderName::from_static("idempotent-replay");

/// The most characters that a key may have.
pub const MAX_LENGTH: usize = 255;

/// Root of the ids made from keys; drawn once.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f2d_9a6e_0d0b_4c1a_9d57_3c7e_14ab_52f0);

/// The key that a client gave to its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key in these headers; a problem where it is missing or malformed.
    pub fn required(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut values = headers.get_all(HEADER).iter();
        let Some(value) = values.next() else {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency.key_missing")
                .detail("send an Idempotency-Key, such as a new UUID for each command; a retry repeats the key"));
        };
        if values.next().is_some() {
            return Err(invalid("there is more than one Idempotency-Key"));
        }
        let text = value
            .to_str()
            .map_err(|_| invalid("the key is not printable ASCII"))?;
        Self::parse(text.trim()).map_err(invalid)
    }

    /// The id of the command that bears this key. A random or time-ordered UUID is the id itself;
    /// any other key is hashed together with `scope`, so that two senders' keys never meet. Other
    /// kinds of UUID are hashed too: the system derives such ids, and nobody may claim them first.
    pub fn command_id(&self, scope: &str) -> Uuid {
        match Uuid::try_parse(&self.0) {
            Ok(id) if matches!(id.get_version_num(), 4 | 7) => id,
            Ok(_) | Err(_) => Uuid::new_v5(&NAMESPACE, format!("{scope}\n{}", self.0).as_bytes()),
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let key = match text.strip_prefix('"') {
            Some(rest) => quoted(rest)?,
            None if text.contains(['"', ',', ';', ' ']) => {
                return Err("a bare key has no quotes, commas, semicolons or spaces");
            }
            None => text.to_owned(),
        };
        match key.len() {
            0 => Err("the key is empty"),
            1..=MAX_LENGTH => Ok(Self(key)),
            _ => Err("the key has more than 255 characters"),
        }
    }
}

/// The string of a structured field (RFC 9651) behind its opening quote.
fn quoted(rest: &str) -> Result<String, &'static str> {
    let mut key = String::with_capacity(rest.len());
    let mut letters = rest.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if letters.as_str().is_empty() => return Ok(key),
            '"' => return Err("something follows the closing quote"),
            '\\' => match letters.next() {
                Some(escaped @ ('"' | '\\')) => key.push(escaped),
                Some(_) | None => return Err("a backslash escapes only a quote or a backslash"),
            },
            ' '..='~' => key.push(letter),
            _ => return Err("the key is not printable ASCII"),
        }
    }
    Err("the closing quote is missing")
}

fn invalid(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "idempotency.key_invalid").detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Result<IdempotencyKey, String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().expect("a header value"));
        }
        IdempotencyKey::required(&headers).map_err(|problem| problem.document().code.to_string())
    }

    #[test]
    fn a_key_is_a_quoted_string_or_a_bare_one() {
        for (sent, meant) in [
            ("\"a b\"", "a b"),
            ("abc", "abc"),
            (r#""a\"b\\c""#, r#"a"b\c"#),
            (" x ", "x"),
        ] {
            assert_eq!(of(&[sent]), Ok(IdempotencyKey(meant.to_owned())), "{sent}");
        }
    }

    #[test]
    fn a_key_that_is_missing_or_malformed_is_refused() {
        assert_eq!(of(&[]), Err("idempotency.key_missing".to_owned()));
        let long = "x".repeat(256);
        for sent in [
            "",
            "\"\"",
            "\"a",
            "\"a\"b",
            "a b",
            "a\"b",
            r#""\x""#,
            long.as_str(),
        ] {
            assert_eq!(
                of(&[sent]),
                Err("idempotency.key_invalid".to_owned()),
                "{sent}"
            );
        }
        assert_eq!(of(&["a", "b"]), Err("idempotency.key_invalid".to_owned()));
    }

    #[test]
    fn only_random_and_time_ordered_uuids_are_command_ids_themselves() {
        for (uuid, itself) in [
            ("9c4a1e0e-7a0b-4b59-8a6e-3a1f4d8f1b2c", true),
            ("01980000-0000-7000-8000-000000000001", true),
            ("01980000-0000-8000-8000-000000000001", false),
            ("74738ff5-5367-5958-9aee-98fffdcd1876", false),
            ("00000000-0000-0000-0000-000000000000", false),
        ] {
            let key = IdempotencyKey(uuid.to_owned());
            assert_eq!(
                key.command_id("anyone").to_string() == uuid,
                itself,
                "{uuid}"
            );
        }
        let key = IdempotencyKey("order-17".to_owned());
        assert_eq!(key.command_id("ann"), key.command_id("ann"));
        assert_ne!(key.command_id("ann"), key.command_id("bob"));
    }
}

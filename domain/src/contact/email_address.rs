//! An address for mails: parsed once, and free of whatever could end a header or begin another one.
//! Narrower than RFC 5321, and all that people have: ASCII, no quotes, no comments.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An address for mails. It is personal: `Debug` shows its domain alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EmailAddress(String);

/// A text that is no address. It does not repeat the text, which may be somebody's all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address such as ann@example.com")]
pub struct InvalidEmailAddress;

impl EmailAddress {
    /// The text as an address, if it is one.
    pub fn parse(text: &str) -> Result<Self, InvalidEmailAddress> {
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmailAddress)?;
        let fits = text.len() <= 254 && is_local(local) && is_domain(domain);
        fits.then(|| Self(text.to_owned()))
            .ok_or(InvalidEmailAddress)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_local(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    (1..=64).contains(&text.len())
        && text
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(letter))
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.split('.').all(label)
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self.0.rsplit_once('@').map_or("", |(_, domain)| domain);
        write!(f, "EmailAddress(..@{domain})")
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmailAddress;

    fn from_str(text: &str) -> Result<Self, InvalidEmailAddress> {
        Self::parse(text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmailAddress;

    fn try_from(text: String) -> Result<Self, InvalidEmailAddress> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::EmailAddress;

    #[test]
    fn an_address_is_what_people_have() {
        for text in ["ann@example.com", "a.b+c@mail.example", "o'neil@localhost"] {
            assert!(EmailAddress::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_could_end_a_header_is_no_address() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@.com",
            "a..b@example.com",
            "ann@exa mple.com",
            "ann@example.com\r\nBcc: bob@example.com",
            "Ann <ann@example.com>",
            "ann@example.com,bob@example.com",
            "ann@-example.com",
            long.as_str(),
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_is_not_shown_by_accident() {
        let address = EmailAddress::parse("ann@example.com").expect("an address");
        assert_eq!(format!("{address:?}"), "EmailAddress(..@example.com)");
    }
}

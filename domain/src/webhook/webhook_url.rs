//! Where an endpoint is: `https`, or `http` on this very machine, for development. Whether the address
//! behind a name may be called at all is known only when it is resolved, and decided then.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// The address of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct WebhookUrl(Url);

/// A text that is no address of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// It is no URL.
    #[error("not a URL such as https://example.com/hooks")]
    NotAUrl,
    /// Anybody could read along.
    #[error("the URL must begin with https://; http:// is taken on this very machine alone")]
    NotHttps,
    /// It holds a password.
    #[error("the URL must not hold a user or a password: webhooks are signed instead")]
    WithPassword,
    /// It is too long.
    #[error("the URL has more than {LONGEST} characters")]
    TooLong,
}

/// The most characters of a URL.
const LONGEST: usize = 2_000;

impl WebhookUrl {
    /// The text as an address, if it is one.
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        if text.len() > LONGEST {
            return Err(InvalidUrl::TooLong);
        }
        let mut url = Url::parse(text).map_err(|_| InvalidUrl::NotAUrl)?;
        match (url.scheme(), url.host()) {
            (_, None) => return Err(InvalidUrl::NotAUrl),
            ("https", Some(_)) => {}
            ("http", Some(host)) if is_this_machine(&host) => {}
            (_, Some(_)) => return Err(InvalidUrl::NotHttps),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidUrl::WithPassword);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host, where it is an address and no name.
    pub fn ip(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        }
    }
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<WebhookUrl> for String {
    fn from(url: WebhookUrl) -> Self {
        url.0.into()
    }
}

impl TryFrom<String> for WebhookUrl {
    type Error = InvalidUrl;

    fn try_from(text: String) -> Result<Self, InvalidUrl> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_behind_https_or_on_this_machine() {
        for (text, address) in [
            ("https://example.com/hooks?a=b", None),
            ("http://localhost:8080/", None),
            ("http://127.0.0.1:8080/", Some("127.0.0.1")),
            ("https://[::1]/", Some("::1")),
            ("https://0x7f.1/", Some("127.0.0.1")),
        ] {
            let url = WebhookUrl::parse(text).expect(text);
            let address = address.map(|text| text.parse::<IpAddr>().expect("an address"));
            assert_eq!(url.ip(), address, "{text}");
        }
    }

    #[test]
    fn what_is_not_an_endpoint_is_refused_with_the_reason() {
        let long = format!("https://example.com/{}", "a".repeat(LONGEST));
        for (text, error) in [
            ("", InvalidUrl::NotAUrl),
            ("example.com", InvalidUrl::NotAUrl),
            ("https://", InvalidUrl::NotAUrl),
            ("mailto:ann@example.com", InvalidUrl::NotAUrl),
            ("http://example.com/", InvalidUrl::NotHttps),
            ("ftp://example.com/", InvalidUrl::NotHttps),
            ("http://localhost.example.com/", InvalidUrl::NotHttps),
            ("https://ann:secret@example.com/", InvalidUrl::WithPassword),
            (long.as_str(), InvalidUrl::TooLong),
        ] {
            assert_eq!(WebhookUrl::parse(text).err(), Some(error), "{text}");
        }
    }
}

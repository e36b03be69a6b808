//! What the adapter has to be told, checked before anything is called. Secrets are never shown.

use std::{fmt, time::Duration};

use reqwest::Url;

/// How Stripe is called.
#[derive(Clone, Debug)]
pub struct StripeSettings {
    /// The secret or restricted key.
    pub key: ApiKey,
    /// Where its API is, without the version's path.
    pub url: Url,
    /// Where the bank sends customers back to.
    pub return_url: Url,
    /// How long one request may take.
    pub timeout: Duration,
}

/// A key that may move money.
#[derive(Clone)]
pub struct ApiKey(String);

/// The secret that an endpoint's webhooks are signed with.
#[derive(Clone)]
pub struct WebhookSecret(String);

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StripeSettingsError {
    /// Not a key of the kind that is needed.
    #[error("a secret or restricted key begins with sk_ or rk_; {0}")]
    NotAKey(&'static str),
    /// Not the secret of a webhook endpoint.
    #[error("the signing secret of a webhook endpoint begins with whsec_")]
    NotASecret,
    /// Not an address.
    #[error("{0} is no address such as https://api.stripe.com")]
    NotAnAddress(String),
    /// A key that moves real money would be sent where anybody can read it.
    #[error("a live key is sent over https alone, not to {0}")]
    InTheClear(Url),
    /// The client can't be made.
    #[error("the HTTP client can't be made: {0}")]
    Client(String),
}

impl StripeSettings {
    /// These settings, if a key may be sent to that address.
    pub fn new(
        key: ApiKey,
        url: &str,
        return_url: &str,
        timeout: Duration,
    ) -> Result<Self, StripeSettingsError> {
        let (url, return_url) = (address(url)?, address(return_url)?);
        if key.is_live() && url.scheme() != "https" {
            return Err(StripeSettingsError::InTheClear(url));
        }
        Ok(Self {
            key,
            url,
            return_url,
            timeout,
        })
    }
}

impl ApiKey {
    /// The text as a key.
    pub fn parse(text: &str) -> Result<Self, StripeSettingsError> {
        let text = text.trim();
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_plain && ["sk_", "rk_"].iter().any(|kind| text.starts_with(kind)) {
            return Ok(Self(text.to_owned()));
        }
        let found = if text.starts_with("pk_") {
            "this one is the publishable key, which may not charge"
        } else {
            "this one does not, or has other characters than a key"
        };
        Err(StripeSettingsError::NotAKey(found))
    }

    /// What is sent.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    fn is_live(&self) -> bool {
        self.0.contains("_live_")
    }
}

impl WebhookSecret {
    /// The text as a secret.
    pub fn parse(text: &str) -> Result<Self, StripeSettingsError> {
        let text = text.trim();
        if text
            .strip_prefix("whsec_")
            .is_some_and(|rest| !rest.is_empty())
        {
            return Ok(Self(text.to_owned()));
        }
        Err(StripeSettingsError::NotASecret)
    }

    /// The bytes that sign, prefix and all.
    pub(super) fn reveal(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(hidden)")
    }
}

fn address(text: &str) -> Result<Url, StripeSettingsError> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| StripeSettingsError::NotAnAddress(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(key: &str, url: &str, back: &str) -> Result<StripeSettings, StripeSettingsError> {
        StripeSettings::new(ApiKey::parse(key)?, url, back, Duration::from_secs(1))
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_refused_with_the_reason() {
        let (stripe, back) = ("https://api.stripe.com", "https://shop.example/back");
        for (key, url, back, says) in [
            ("pk_test_1", stripe, back, "publishable"),
            ("", stripe, back, "begins with sk_ or rk_"),
            ("sk_test_1\n2", stripe, back, "other characters"),
            ("sk_test_1", "api.stripe.com", back, "no address"),
            ("sk_test_1", stripe, "mailto:x@y", "no address"),
            ("sk_live_1", "http://127.0.0.1:12111", back, "https alone"),
        ] {
            let error = settings(key, url, back).expect_err("refused").to_string();
            assert!(error.contains(says), "{error}");
        }
        settings(" rk_live_1\n", stripe, back).expect("taken");
        settings("sk_test_1", "http://127.0.0.1:12111", back).expect("taken");
        assert_eq!(
            WebhookSecret::parse("sk_test_1").expect_err("refused"),
            StripeSettingsError::NotASecret
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!(
            "{:?} {:?}",
            settings("sk_test_hush", "http://localhost", "http://localhost").expect("taken"),
            WebhookSecret::parse("whsec_hush").expect("taken")
        );
        assert!(!shown.contains("hush"), "{shown}");
    }
}

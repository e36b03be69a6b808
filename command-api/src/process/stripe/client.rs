//! Requests to Stripe: the key, the pinned version, the idempotency key, and nowhere but to the one
//! address: a redirect is not followed. Next: `reply` says what an answer means.

use std::time::Duration;

use orderlog_web::client;
use reqwest::{Method, RequestBuilder, Url, redirect::Policy};
use serde::de::DeserializeOwned;

use super::{
    API_VERSION, ApiKey, StripeSettings, StripeSettingsError,
    objects::StripeError,
    reply::{read, unsent},
};
use crate::process::gateway::NoAnswer;

/// How long it may take to reach Stripe at all.
const CONNECTING: Duration = Duration::from_secs(3);

/// Parameters of a request, in Stripe's notation for what is nested: `metadata[order_id]`.
pub(super) type Form<'a> = Vec<(&'a str, String)>;

/// A client of one account.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    key: ApiKey,
}

/// Why Stripe did not do what was asked.
#[derive(Debug)]
pub(super) enum Fault {
    /// It says why.
    Refused(Box<StripeError>),
    /// It does not.
    NoAnswer(NoAnswer),
}

impl Client {
    pub(super) fn new(settings: &StripeSettings) -> Result<Self, StripeSettingsError> {
        let http = client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECTING.min(settings.timeout))
            .timeout(settings.timeout)
            .user_agent(concat!("orderlog/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| StripeSettingsError::Client(error.to_string()))?;
        Ok(Self {
            http,
            base: settings.url.clone(),
            key: settings.key.clone(),
        })
    }

    /// Reads.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        form: Form<'_>,
    ) -> Result<T, Fault> {
        let mut url = self.url(path);
        url.query_pairs_mut().extend_pairs(form);
        self.send(self.http.request(Method::GET, url)).await
    }

    /// Does something, once per `key`.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        form: Form<'_>,
        key: &str,
    ) -> Result<T, Fault> {
        let request = self.http.request(Method::POST, self.url(path)).form(&form);
        self.send(request.header("idempotency-key", key)).await
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Fault> {
        let request = request
            .bearer_auth(self.key.reveal())
            .header("stripe-version", API_VERSION);
        match request.send().await {
            Ok(response) => read(response).await,
            Err(error) => Err(Fault::NoAnswer(unsent(&error))),
        }
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        // An address with a host has path segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(path);
        }
        url
    }
}

/// A refusal that nobody took as an outcome says nothing of the operation.
impl From<Fault> for NoAnswer {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NoAnswer(none) => none,
            Fault::Refused(error) => {
                tracing::error!(
                    kind = error.kind,
                    code = error.code(),
                    message = error.message.as_deref().unwrap_or_default(),
                    "Stripe refuses what is no operation"
                );
                Self::TimedOut
            }
        }
    }
}

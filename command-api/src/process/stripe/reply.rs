//! What an answer of Stripe's means: an object, a refusal, or no answer, and then whether anything may
//! have been done. A body is read up to a bound, whatever its length.

use std::{error::Error, time::Duration};

use reqwest::{Response, StatusCode, header};
use serde::{Deserialize, de::DeserializeOwned};

use super::{client::Fault, objects::StripeError};
use crate::process::gateway::NoAnswer::{self, NotCalled, TimedOut};

/// The longest body that is read; Stripe's own have some kilobytes.
const LONGEST: usize = 1024 * 1024;
/// When to come again after a conflict, or where Stripe does not say.
const SOON: Duration = Duration::from_secs(1);
/// When to come again where somebody has to mend something first.
const LATER: Duration = Duration::from_secs(30);

/// The body of a refusal.
#[derive(Deserialize)]
struct Refusal {
    error: StripeError,
}

/// What an answer means.
pub(super) async fn read<T: DeserializeOwned>(response: Response) -> Result<T, Fault> {
    let status = response.status();
    if status.is_redirection() {
        return Err(not_called(
            "the address answers with a redirect: it is not Stripe's API",
            LATER,
        ));
    }
    let again_in = retry_after(&response).unwrap_or(SOON);
    let body = match bounded(response).await {
        Ok(body) => body,
        Err(reason) => return Err(unusable(status, &reason)),
    };
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|error| unusable(status, &error.to_string()));
    }
    if status.is_server_error() {
        return Err(unusable(status, "the server failed"));
    }
    match serde_json::from_slice::<Refusal>(&body) {
        Ok(Refusal { error }) => Err(refused(status, error, again_in)),
        Err(_) => Err(not_called(
            "the address answers otherwise than Stripe's API",
            LATER,
        )),
    }
}

/// A request that got no answer: never sent where there was no connection, else nobody knows.
pub(super) fn unsent(error: &reqwest::Error) -> NoAnswer {
    let reason = root(error);
    if error.is_connect() || error.is_builder() {
        return NotCalled {
            reason: format!("Stripe can't be reached: {reason}"),
            again_in: SOON,
        };
    }
    tracing::warn!(reason, "Stripe gave no answer");
    TimedOut
}

/// A refusal; what Stripe has not even looked at may be sent again.
fn refused(status: StatusCode, error: StripeError, again_in: Duration) -> Fault {
    let said = error.message.clone().unwrap_or_else(|| error.code());
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            tracing::error!(said, "Stripe refuses the key");
            not_called(&format!("Stripe refuses the key: {said}"), LATER)
        }
        StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => {
            not_called(&format!("Stripe is busy: {said}"), again_in)
        }
        _ => Fault::Refused(Box::new(error)),
    }
}

fn unusable(status: StatusCode, reason: &str) -> Fault {
    tracing::warn!(%status, reason, "Stripe's answer can't be used");
    Fault::NoAnswer(TimedOut)
}

fn not_called(reason: &str, again_in: Duration) -> Fault {
    let reason = reason.to_owned();
    Fault::NoAnswer(NotCalled { reason, again_in })
}

async fn bounded(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| root(&error))? {
        if body.len() + chunk.len() > LONGEST {
            return Err(format!("it has more than {LONGEST} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(header::RETRY_AFTER)?;
    let seconds = seconds.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The cause behind an error, without the address, which the key's owner knows.
fn root(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

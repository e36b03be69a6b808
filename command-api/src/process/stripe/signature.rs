//! Whether a webhook is Stripe's: `Stripe-Signature: t=SECONDS,v1=HEX[,v1=HEX...]`, each `v1` an
//! HMAC-SHA256 of `SECONDS.BODY` under a secret of the endpoint; while a secret is being replaced there
//! are several. Compared in constant time; what was signed too long ago is a replay.

use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use orderlog_web::problem::Problem;
use sha2::Sha256;

use super::WebhookSecret;

/// How far the signer's clock may be from ours, in both directions.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// What the header says.
struct Signature<'a> {
    signed_at: &'a str,
    hashes: Vec<Vec<u8>>,
}

/// Refuses a body that none of these secrets signed within the last minutes.
pub(super) fn verify(
    headers: &HeaderMap,
    body: &[u8],
    secret: &WebhookSecret,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let header = headers
        .get("stripe-signature")
        .ok_or_else(|| refused("webhook.signature_missing", "there is no Stripe-Signature"))?;
    let malformed = || {
        let detail = "Stripe-Signature reads t=SECONDS,v1=HEX";
        refused("webhook.signature_malformed", detail)
    };
    let signature = header
        .to_str()
        .ok()
        .and_then(Signature::parse)
        .ok_or_else(malformed)?;
    let seconds = signature.signed_at.parse().ok();
    let signed_at = seconds.and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    let signed_at = signed_at.ok_or_else(malformed)?;
    if !signature.is_of(body, secret) {
        let detail = "no signature is that of this body under the endpoint's secret";
        return Err(refused("webhook.signature_wrong", detail));
    }
    if (now - signed_at).abs() > TOLERANCE {
        let detail = format!("it was signed at {signed_at}, more than five minutes from now");
        return Err(refused("webhook.signature_expired", detail));
    }
    Ok(())
}

impl<'a> Signature<'a> {
    /// The header's parts; schemes other than `v1` are passed over.
    fn parse(header: &'a str) -> Option<Self> {
        let parts = || {
            header
                .split(',')
                .filter_map(|part| part.trim().split_once('='))
        };
        let signed_at = parts().find(|(name, _)| *name == "t")?.1;
        let hashes = parts()
            .filter(|(name, _)| *name == "v1")
            .filter_map(|(_, hash)| hex::decode(hash).ok())
            .collect();
        Some(Self { signed_at, hashes })
    }

    fn is_of(&self, body: &[u8], secret: &WebhookSecret) -> bool {
        self.hashes.iter().any(|hash| {
            let mac = Hmac::<Sha256>::new_from_slice(secret.reveal()).map(|mac| {
                mac.chain_update(self.signed_at)
                    .chain_update(".")
                    .chain_update(body)
            });
            // Compares in constant time.
            mac.is_ok_and(|mac| mac.verify_slice(hash).is_ok())
        })
    }
}

fn refused(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code).detail(detail)
}

/// The header that Stripe would send.
#[cfg(test)]
pub(in crate::process) fn sign(body: &[u8], secret: &str, at: DateTime<Utc>) -> String {
    let seconds = at.timestamp().to_string();
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key will do");
    let mac = mac
        .chain_update(&seconds)
        .chain_update(".")
        .chain_update(body);
    format!(
        "t={seconds},v1={}",
        hex::encode(mac.finalize().into_bytes())
    )
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;

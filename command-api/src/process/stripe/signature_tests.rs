//! Signatures that are Stripe's, and those that are not.

use axum::http::HeaderValue;

use super::*;

const BODY: &[u8] = br#"{"id":"evt_1"}"#;
const SECRET: &str = "whsec_test";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("an instant")
}

/// The code of the refusal, or none.
fn verified(header: &str) -> Option<String> {
    let value = HeaderValue::from_str(header).expect("a header");
    let headers = HeaderMap::from_iter([("stripe-signature".parse().expect("a name"), value)]);
    let secret = WebhookSecret::parse(SECRET).expect("a secret");
    let refused = verify(&headers, BODY, &secret, now()).err()?;
    Some(refused.document().code.to_string())
}

#[test]
fn the_signature_is_an_hmac_of_instant_and_body() {
    // printf '1800000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test
    let known = "t=1800000000,v1=45705be2a45ab5acdd1395cc695e9e7073125385ec24194921c401dff44176f8";
    assert_eq!(sign(BODY, SECRET, now()), known);
    assert_eq!(verified(known), None);
}

#[test]
fn one_of_several_signatures_is_enough() {
    let right = sign(BODY, SECRET, now());
    let (t, hash) = right.split_once(',').expect("two parts");
    let other = "v1=00ff,v0=abc";
    assert_eq!(verified(&format!("{t},{other},{hash}")), None);
    assert_eq!(verified(&format!("{t}, {hash}, {other}")), None);
}

#[test]
fn another_secret_or_another_body_is_refused() {
    let wrong = Some("webhook.signature_wrong".to_owned());
    assert_eq!(verified(&sign(BODY, "whsec_other", now())), wrong);
    assert_eq!(verified(&sign(b"{}", SECRET, now())), wrong);
    // The instant is signed as well.
    let right = sign(BODY, SECRET, now());
    assert_eq!(verified(&right.replace("1800000000", "1800000001")), wrong);
    assert_eq!(verified("t=1800000000"), wrong);
    assert_eq!(verified("t=1800000000,v1=xyz"), wrong);
}

#[test]
fn five_minutes_are_tolerated_and_no_more() {
    for seconds in [300, -300] {
        let at = now() - TimeDelta::seconds(seconds);
        assert_eq!(verified(&sign(BODY, SECRET, at)), None, "{seconds}");
    }
    for seconds in [301, -301, 86_400] {
        let at = now() - TimeDelta::seconds(seconds);
        let expired = Some("webhook.signature_expired".to_owned());
        assert_eq!(verified(&sign(BODY, SECRET, at)), expired, "{seconds}");
    }
}

#[test]
fn a_header_that_is_none_is_refused() {
    let malformed = Some("webhook.signature_malformed".to_owned());
    for header in [
        "",
        "v1=00",
        "t=,v1=00",
        "t=soon,v1=00",
        "t=99999999999999999999",
    ] {
        assert_eq!(verified(header), malformed, "{header:?}");
    }
    let secret = WebhookSecret::parse(SECRET).expect("a secret");
    let refused = verify(&HeaderMap::new(), BODY, &secret, now()).expect_err("refused");
    assert_eq!(refused.document().code, "webhook.signature_missing");
}

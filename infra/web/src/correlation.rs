//! Who belongs to whom: the correlation id that a chain of requests shares (`X-Correlation-Id`,
//! echoed), the W3C trace context of the caller, and the span and log line of each request. The
//! outermost layer, so that whatever is answered below it carries these.

use std::{convert::Infallible, time::Instant};

use axum::{
    extract::{FromRequestParts, MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::Instrument;
use uuid::Uuid;

use crate::problem::Problem;

/// Name of the header, of requests and responses.
pub const HEADER: HeaderName = HeaderName::from_static("x-correlation-id");

/// What a request says of the chain that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correlation {
    /// The first request of the chain; this one where it named none, or none that is a UUID.
    pub id: Uuid,
    /// The caller's W3C trace context, where it is valid.
    pub traceparent: Option<String>,
}

impl Correlation {
    /// What these headers say.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let traceparent =
            text(&HeaderName::from_static("traceparent")).filter(|text| is_traceparent(text));
        Self {
            id: text(&HEADER)
                .and_then(|text| Uuid::try_parse(text).ok())
                .filter(|id| !id.is_nil())
                .unwrap_or_else(Uuid::now_v7),
            traceparent: traceparent.map(str::to_owned),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Correlation {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts
            .extensions
            .get()
            .cloned()
            .unwrap_or_else(|| Self::from_headers(&parts.headers)))
    }
}

/// Around every request: names it, logs it, and signs what is answered.
pub async fn correlate(mut request: Request, next: Next) -> Response {
    let correlation = Correlation::from_headers(request.headers());
    let id = correlation.id.to_string();
    let path = request.uri().path().to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("-", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        method = %request.method(),
        route,
        correlation_id = id,
        traceparent = correlation.traceparent.as_deref(),
    );
    request.extensions_mut().insert(correlation);

    let started = Instant::now();
    async move {
        let mut response = next.run(request).await;
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            let signed = problem.of_request(&path, &id).into_response();
            // Headers that other layers have added since, such as `Allow`, stay.
            let earlier = std::mem::replace(&mut response, signed);
            keep_headers(&mut response, earlier.headers());
        }
        response
            .headers_mut()
            .extend(HeaderValue::try_from(id).map(|id| (HEADER, id)));
        log(&response, started);
        response
    }
    .instrument(span)
    .await
}

fn keep_headers(response: &mut Response, earlier: &HeaderMap) {
    for (name, value) in earlier {
        if !response.headers().contains_key(name) && name != axum::http::header::CONTENT_LENGTH {
            response.headers_mut().append(name, value.clone());
        }
    }
}

fn log(response: &Response, started: Instant) {
    let status = response.status().as_u16();
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    if response.status().is_server_error() {
        tracing::warn!(status, micros, "answered");
    } else {
        tracing::debug!(status, micros, "answered");
    }
}

/// `00-<32 hex>-<16 hex>-<2 hex>`, lower case, no id all zero; later versions may say more.
fn is_traceparent(text: &str) -> bool {
    let hex = |part: &str, length| {
        part.len() == length
            && part
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let id = |part: &str, length| hex(part, length) && part.bytes().any(|byte| byte != b'0');
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [version, trace, span, flags, rest @ ..] => {
            let known = *version == "00" && rest.is_empty();
            let later = hex(version, 2) && *version != "00" && *version != "ff";
            (known || later) && id(trace, 32) && id(span, 16) && hex(flags, 2) && text.len() <= 256
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_context_is_taken_only_when_valid() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(is_traceparent(good));
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert!(!is_traceparent(bad), "{bad}");
        }
    }

    #[test]
    fn a_correlation_id_is_a_uuid_or_a_new_one() {
        let mut headers = HeaderMap::new();
        headers.insert(
            HEADER,
            HeaderValue::from_static("0190a5e4-0000-7000-8000-000000000001"),
        );
        assert_eq!(
            Correlation::from_headers(&headers).id.to_string(),
            "0190a5e4-0000-7000-8000-000000000001"
        );
        headers.insert(HEADER, HeaderValue::from_static("my-request"));
        assert_eq!(Correlation::from_headers(&headers).id.get_version_num(), 7);
    }
}

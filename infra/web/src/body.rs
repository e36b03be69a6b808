//! JSON bodies: read within a limit and a time, parsed strictly, refused with the place of the
//! mistake. A body that is too large is refused when its announced length says so, otherwise as
//! soon as the limit is passed; it is never read whole.

use std::{error::Error, time::Duration};

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;

use crate::problem::Problem;

/// The most that a body may have unless a router sets its own [`BodyLimit`], bytes.
pub const DEFAULT_LIMIT: usize = 1024 * 1024;

/// How long a client may take to send a body.
const PATIENCE: Duration = Duration::from_secs(30);

/// Limit of a router's bodies, bytes; set as `Extension(BodyLimit(n))`.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(pub usize);

/// A body of JSON: its value and the bytes that said it. An empty body counts as `{}`.
#[derive(Clone, Debug)]
pub struct JsonBody<T> {
    /// What it says.
    pub value: T,
    /// The very bytes.
    pub bytes: Bytes,
}

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = read(request).await?;
        Ok(Self {
            value: parse(&bytes)?,
            bytes,
        })
    }
}

/// Reads the body of a request that may carry JSON.
pub async fn read(request: Request) -> Result<Bytes, Problem> {
    let limit = request
        .extensions()
        .get()
        .map_or(DEFAULT_LIMIT, |BodyLimit(limit)| *limit);
    if announced_length(request.headers()).is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    let (parts, body) = request.into_parts();
    let bytes = tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, limit))
        .await
        .map_err(|_| {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "request.body_timeout")
                .detail("the body did not arrive in time")
        })?
        .map_err(|error| unreadable(&error, limit))?;
    if !bytes.is_empty() {
        expect_json(&parts.headers)?;
    }
    Ok(bytes)
}

/// Parses JSON strictly; the problem names the place and what is wrong there.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = match std::str::from_utf8(bytes) {
        Ok("") => "{}",
        Ok(text) => text,
        Err(error) => {
            let detail = format!("byte {} is not UTF-8", error.valid_up_to() + 1);
            return Err(
                Problem::new(StatusCode::BAD_REQUEST, "request.body_not_utf8").detail(detail),
            );
        }
    };
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| refused(&error))?;
    json.end().map_err(|error| not_json(&error))?;
    // A struct would also take an array, as its fields in order; we don't.
    if text.trim_start().starts_with('[') {
        return Err(
            invalid("the body is an array, expected an object").at("", "expected an object")
        );
    }
    Ok(value)
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn too_large(limit: usize) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "request.body_too_large")
        .detail(format!("a body may have at most {limit} bytes"))
        .with("limit_bytes", limit)
}

fn unreadable(error: &axum::Error, limit: usize) -> Problem {
    // `to_bytes` tells the limit from a broken connection only by the source of its error.
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.to_string() == "length limit exceeded" {
            return too_large(limit);
        }
        source = cause.source();
    }
    Problem::new(StatusCode::BAD_REQUEST, "request.body_interrupted").detail("the body broke off")
}

/// `application/json` or a type with the suffix `+json`; a charset other than UTF-8 is refused.
fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    let said = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut parts = said.split(';').map(|part| part.trim().to_ascii_lowercase());
    let media_type = parts.next().unwrap_or_default();
    let json = media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"));
    let utf8 = parts.all(|part| {
        !part.starts_with("charset=") || part.trim_matches(|c| c == '"').ends_with("utf-8")
    });
    if json && utf8 {
        return Ok(());
    }
    let detail = if said.is_empty() {
        "no Content-Type; expected application/json".to_owned()
    } else {
        format!("Content-Type {said:?}; expected application/json in UTF-8")
    };
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "request.content_type_unsupported",
    )
    .detail(detail))
}

fn refused(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    match error.inner().classify() {
        Category::Data => {
            invalid(&error.to_string()).at(pointer(error.path()), error.inner().to_string())
        }
        Category::Syntax | Category::Eof | Category::Io => not_json(error.inner()),
    }
}

fn invalid(detail: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "request.body_invalid").detail(detail)
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "request.body_not_json")
        .detail(format!("the body is not JSON: {error}"))
        .with("line", error.line())
        .with("column", error.column())
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter()
        .fold(String::new(), |pointer, segment| match segment {
            Segment::Seq { index } => format!("{pointer}/{index}"),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
            }
            Segment::Unknown => pointer,
        })
}

#[cfg(test)]
mod tests;

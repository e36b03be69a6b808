//! Problem documents after RFC 9457. Everything that is refused, is refused with one of these: a
//! status for machines in between, a stable `code` for programs, a `detail` for people, and the
//! places in the request that are wrong. Codes are listed in `docs/errors.md`.

use std::borrow::Cow;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Where the codes are explained; the code is the fragment.
const CODES: &str = "/docs/errors";

/// A refusal on its way to the client: the document and the headers that go with it.
#[derive(Clone, Debug)]
pub struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    document: Document,
    headers: HeaderMap,
}

/// A problem document (RFC 9457).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document {
    /// Reference to the explanation of `code`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is wrong in general; the same for every occurrence of `code`.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable name of what is wrong, for programs.
    pub code: Cow<'static, str>,
    /// What is wrong this time, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Path of the request that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The places of the body that are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Place>,
    /// Further members, depending on `code`.
    #[serde(flatten)]
    pub extensions: Map<String, Value>,
}

/// One place of the body that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProblemPlace)]
pub struct Place {
    /// JSON pointer (RFC 6901) into the body.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

impl Problem {
    /// A problem with this status and stable code; its title is the code in words.
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>) -> Self {
        let code = code.into();
        let document = Document {
            kind: format!("{CODES}#{code}"),
            title: in_words(&code),
            status: status.as_u16(),
            code,
            detail: None,
            instance: None,
            errors: Vec::new(),
            extensions: Map::new(),
        };
        Self(Box::new(Parts {
            document,
            headers: HeaderMap::new(),
        }))
    }

    /// Says what is wrong this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.document.detail = Some(detail.into());
        self
    }

    /// Names a place of the body that is wrong.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.0.document.errors.push(Place {
            pointer: pointer.into(),
            detail: detail.into(),
        });
        self
    }

    /// Adds a member of the problem's own.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0
            .document
            .extensions
            .insert(member.to_owned(), value.into());
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Says when another try makes sense.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The document as it stands.
    pub fn document(&self) -> &Document {
        &self.0.document
    }

    /// Says which request was refused.
    pub(crate) fn of_request(mut self, path: &str, correlation_id: &str) -> Self {
        self.0.document.instance = Some(path.to_owned());
        self.with("correlation_id", correlation_id)
    }
}

impl IntoResponse for Problem {
    /// The problem itself stays with the response as an extension, so that the outermost layer
    /// can add what only it knows of the request.
    fn into_response(self) -> Response {
        let document = &self.0.document;
        let status =
            StatusCode::from_u16(document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(document).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        response.headers_mut().extend(self.0.headers.clone());
        response.extensions_mut().insert(self);
        response
    }
}

/// `order.already_closed` reads "Order already closed".
fn in_words(code: &str) -> String {
    let words = code.replace(['.', '_'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_carries_the_standard_members_and_its_own() {
        let problem = Problem::new(StatusCode::CONFLICT, "order.already_closed")
            .detail("order 7 is cancelled")
            .at("/reason", "too late")
            .with("current_state", "Cancelled");
        let document = serde_json::to_value(problem.document()).expect("it is JSON");
        assert_eq!(
            document,
            serde_json::json!({
                "type": "/docs/errors#order.already_closed",
                "title": "Order already closed",
                "status": 409,
                "code": "order.already_closed",
                "detail": "order 7 is cancelled",
                "errors": [{"pointer": "/reason", "detail": "too late"}],
                "current_state": "Cancelled",
            })
        );
    }

    #[test]
    fn a_problem_is_answered_as_problem_json_with_its_headers() {
        let response = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "server.not_ready")
            .retry_after(1)
            .into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }
}

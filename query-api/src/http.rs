//! GraphQL over HTTP: POST with JSON, GET for queries alone, one operation per request. A browser
//! lets any page send simple requests in its user's name, so POST takes only the content types that
//! a page cannot send unasked. What is refused here has the same shape as any other error.

use async_graphql::{
    BatchRequest, ErrorExtensionValues, Request, Response as Answer, ServerError, Value,
};
use axum::{
    body::{Body, to_bytes},
    extract::{RawQuery, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Redirect, Response},
};
use orderlog_web::consistency;

use crate::{
    QueryApi,
    failure::{BAD_USER_INPUT, QUERY_TOO_COMPLEX},
    freshness::Wanted,
    limits::{BODY_BYTES, QueriesOnly},
    schema,
};

const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql";
const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";

/// `POST /graphql`.
pub(crate) async fn post(State(api): State<QueryApi>, headers: HeaderMap, body: Body) -> Response {
    let request = match posted(&headers, body).await {
        Ok(request) => request,
        Err(refusal) => return *refusal,
    };
    carry_out(&api, &headers, request).await
}

/// `GET /graphql?query=...`.
pub(crate) async fn get(
    State(api): State<QueryApi>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let request = match async_graphql::http::parse_query_string(&query.unwrap_or_default()) {
        Ok(request) => request,
        Err(error) => return refused(StatusCode::BAD_REQUEST, BAD_USER_INPUT, error.to_string()),
    };
    if !request.query.is_empty() {
        return carry_out(&api, &headers, request.data(QueriesOnly)).await;
    }
    // Somebody looks at the address with a browser.
    if text(&headers, ACCEPT).contains("text/html") {
        return Redirect::to("/playground").into_response();
    }
    refused(
        StatusCode::BAD_REQUEST,
        BAD_USER_INPUT,
        "query is missing".to_owned(),
    )
}

/// `GET /graphql/schema`.
pub(crate) async fn sdl() -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], schema::sdl()).into_response()
}

async fn posted(headers: &HeaderMap, body: Body) -> Result<Request, Box<Response>> {
    let content_type = text(headers, CONTENT_TYPE)
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if ![JSON, GRAPHQL]
        .iter()
        .any(|known| content_type.eq_ignore_ascii_case(known))
    {
        let message = format!("the content type must be {JSON} or {GRAPHQL}");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(refused(status, BAD_USER_INPUT, message).into());
    }
    let body = to_bytes(body, BODY_BYTES).await.map_err(|_| {
        let message = format!("a request has at most {BODY_BYTES} bytes");
        refused(StatusCode::PAYLOAD_TOO_LARGE, QUERY_TOO_COMPLEX, message)
    })?;
    let unreadable = |message| refused(StatusCode::BAD_REQUEST, BAD_USER_INPUT, message);
    if content_type.eq_ignore_ascii_case(GRAPHQL) {
        let query =
            String::from_utf8(body.into()).map_err(|error| unreadable(error.to_string()))?;
        return Ok(Request::new(query));
    }
    match serde_json::from_slice(&body) {
        Ok(BatchRequest::Single(request)) => Ok(request),
        Ok(BatchRequest::Batch(_)) => {
            Err(unreadable("one operation per request; batches are not taken".to_owned()).into())
        }
        // The cause is of no use where two shapes were tried; what a request is is said instead.
        Err(_) => Err(unreadable(
            "the body must be a JSON object with query, variables and operationName".to_owned(),
        )
        .into()),
    }
}

async fn carry_out(api: &QueryApi, headers: &HeaderMap, mut request: Request) -> Response {
    let token = text(headers, consistency::HEADER);
    if !token.is_empty() {
        match Wanted::by_request(token, text(headers, "prefer")) {
            Ok(wanted) => request = request.data(wanted),
            Err(error) => {
                return refused(StatusCode::BAD_REQUEST, BAD_USER_INPUT, error.to_string());
            }
        }
    }
    let answer = api.schema.execute(request).await;
    if !text(headers, ACCEPT).contains(GRAPHQL_RESPONSE) {
        return answered(StatusCode::OK, JSON, &answer);
    }
    // With its own media type a request that was not carried out has a status of its own.
    let refused = answer.is_err() && answer.data == Value::Null;
    let status = if refused {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    answered(status, GRAPHQL_RESPONSE, &answer)
}

fn answered(status: StatusCode, media_type: &'static str, answer: &Answer) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    match serde_json::to_vec(answer) {
        Ok(body) => (status, headers, body).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer has no JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

pub(crate) fn refused(status: StatusCode, code: &str, message: String) -> Response {
    let mut error = ServerError::new(message, None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    error.extensions = Some(extensions);
    answered(status, JSON, &Answer::from_errors(vec![error]))
}

/// The header's text; empty where it is absent.
fn text(headers: &HeaderMap, name: impl axum::http::header::AsHeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

//! What is put around the routes, seen from outside.

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::header,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::Value;
use tower::ServiceExt;

use super::*;
use crate::{
    body::JsonBody,
    params::{PathParams, QueryParams},
};

#[derive(Deserialize)]
struct Count {
    #[expect(dead_code, reason = "only the parsing matters here")]
    count: u32,
}

fn routes() -> Router {
    async fn fails() {
        panic!("broken inside")
    }
    let routes = Router::new()
        .route("/fails", get(fails))
        .route("/things/{number}", get(|_: PathParams<u32>| async { "ok" }))
        .route("/search", get(|_: QueryParams<Count>| async { "ok" }))
        .route("/count", post(|_: JsonBody<Count>| async { "ok" }));
    around(Router::new().nest("/api", routes))
}

async fn ask(method: &str, uri: &str) -> (Response, Value) {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .body(Body::empty())
        .expect("a request");
    let mut response = routes().oneshot(request).await.expect("infallible");
    let body = std::mem::replace(response.body_mut(), Body::empty());
    let bytes = to_bytes(body, usize::MAX).await.expect("a body");
    (
        response,
        serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    )
}

#[tokio::test]
async fn whatever_no_route_takes_is_a_problem() {
    for (method, uri, status, code) in [
        ("GET", "/nowhere", 404, "request.route_not_found"),
        ("GET", "/api/nowhere", 404, "request.route_not_found"),
        ("POST", "/api/fails", 405, "request.method_not_allowed"),
        ("GET", "/api/fails", 500, "server.internal"),
        ("GET", "/api/things/x", 400, "request.path_invalid"),
        ("GET", "/api/things/%ff", 400, "request.path_invalid"),
        ("GET", "/api/search?count=-1", 400, "request.query_invalid"),
        ("GET", "/api/search", 400, "request.query_invalid"),
        ("POST", "/api/count", 400, "request.body_invalid"),
    ] {
        let (response, problem) = ask(method, uri).await;
        assert_eq!(
            (response.status().as_u16(), &problem["code"]),
            (status, &Value::from(code)),
            "{method} {uri}"
        );
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json",
            "{uri}"
        );
        assert_eq!(
            problem["instance"],
            uri.split('?').next().unwrap_or_default()
        );
        assert_eq!(
            problem["correlation_id"],
            response.headers()["x-correlation-id"]
                .to_str()
                .expect("text")
        );
        assert!(!problem.to_string().contains("broken inside"));
    }
}

#[tokio::test]
async fn a_method_that_is_not_taken_is_told_which_are() {
    let (response, _) = ask("DELETE", "/api/count").await;
    assert_eq!(response.headers()[header::ALLOW], "POST");
}

#[tokio::test]
async fn the_correlation_id_is_echoed() {
    let id = "0190a5e4-0000-7000-8000-000000000001";
    let request = Request::builder()
        .uri("/api/things/1")
        .header("X-Correlation-Id", id)
        .body(Body::empty())
        .expect("a request");
    let response = routes().oneshot(request).await.expect("infallible");
    assert_eq!(response.headers()["x-correlation-id"], id);
}

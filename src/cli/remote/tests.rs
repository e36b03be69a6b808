//! The calls against a server of the test's own, and each way in which they fail.

use std::process::ExitCode;

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::{get, post},
};
use clap::Parser;
use orderlog_web::{layers, problem::Problem};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    remote: RemoteArgs,
}

fn told(arguments: &[&str]) -> Result<Remote, String> {
    let line = Line::try_parse_from([&["orderlog"], arguments].concat());
    let line = line.map_err(|error| error.to_string())?;
    line.remote.remote().map_err(|error| error.to_string())
}

/// A server with these routes, and the system as seen there.
async fn serving(routes: Router) -> Remote {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let served = layers::around(routes).into_make_service();
    tokio::spawn(async move { axum::serve(listener, served).await });
    told(&["--server", &format!("http://{address}")]).expect("a remote")
}

fn code(failure: &Failure) -> String {
    format!("{:?}", failure.exit_code())
}

#[test]
fn an_address_says_how_it_is_spoken_to() {
    for wrong in ["localhost:8080", "ftp://host", "", "http://"] {
        let refused = told(&["--server", wrong]).expect_err("refused");
        assert!(refused.contains("http://HOST:PORT"), "{wrong}: {refused}");
    }
    let remote = told(&["--server", "https://host/shop/"]).expect("taken");
    let url = below(
        &remote.queries,
        &["api", "v1"],
        &["products", "BANK CHARGES/1"],
    );
    assert_eq!(
        url.as_str(),
        "https://host/shop/api/v1/products/BANK%20CHARGES%2F1"
    );
}

#[tokio::test]
async fn a_command_carries_its_key_and_its_sender() {
    let echo = async |headers: HeaderMap, Json(body): Json<Value>| {
        let text = |name| headers[name].to_str().expect("text").to_owned();
        Json(json!([text("idempotency-key"), text("x-actor"), body]))
    };
    let routes = Router::new().route("/api/v1/sagas/7/retry", post(echo));
    let answer: Value = serving(routes)
        .await
        .post(
            &["sagas", "7", "retry"],
            "key",
            "ann",
            &json!({ "reason": "x" }),
        )
        .await
        .expect("an answer");
    assert_eq!(answer, json!(["key", "ann", { "reason": "x" }]));
}

#[tokio::test]
async fn a_problem_becomes_a_line_and_an_exit_code() {
    for (status, exit) in [
        (StatusCode::BAD_REQUEST, 2),
        (StatusCode::NOT_FOUND, 3),
        (StatusCode::CONFLICT, 4),
        (StatusCode::PRECONDITION_FAILED, 4),
        (StatusCode::UNPROCESSABLE_ENTITY, 2),
        (StatusCode::GATEWAY_TIMEOUT, 5),
        (StatusCode::SERVICE_UNAVAILABLE, 6),
        (StatusCode::INTERNAL_SERVER_ERROR, 1),
    ] {
        let problem = Problem::new(status, "saga.not_stuck")
            .detail("it runs")
            .with("allowed_commands", json!(["compensate", "resolve"]));
        let routes = Router::new().route("/api/v1/x", get(async || problem.into_response()));
        let failure = serving(routes).await.get::<Value>(&["x"], &[]).await;
        let failure = failure.expect_err("refused");
        assert_eq!(
            failure.to_string(),
            "it runs (saga.not_stuck); possible now: compensate, resolve"
        );
        assert_eq!(code(&failure), format!("{:?}", ExitCode::from(exit)));
    }
}

#[tokio::test]
async fn an_error_of_a_query_becomes_a_line_and_an_exit_code() {
    for (name, exit) in [
        ("BAD_USER_INPUT", 2),
        ("PROJECTION_BEHIND", 5),
        ("INTERNAL", 1),
    ] {
        let error = json!({ "message": "no", "extensions": { "code": name } });
        let answer = json!({ "data": null, "errors": [error] });
        let routes = Router::new().route("/graphql", post(async || Json(answer)));
        let failure = serving(routes)
            .await
            .graphql::<Value>("{ x }", Value::Null)
            .await;
        let failure = failure.expect_err("refused");
        assert_eq!(failure.to_string(), "no");
        assert_eq!(code(&failure), format!("{:?}", ExitCode::from(exit)));
    }
}

#[tokio::test]
async fn data_that_is_not_what_was_asked_for_is_said_to_be_so() {
    let answer = json!({ "data": { "x": "many" } });
    let routes = Router::new().route("/graphql", post(async || Json(answer)));
    let remote = serving(routes).await;
    #[derive(Debug, Deserialize)]
    struct Data {
        #[expect(dead_code, reason = "only its type matters")]
        x: u32,
    }
    let failure = remote.graphql::<Data>("{ x }", Value::Null).await;
    let failure = failure.expect_err("no number");
    assert!(failure.to_string().contains("same version"), "{failure}");
}

#[tokio::test]
async fn another_address_is_asked_for_where_there_is_nothing() {
    let failure = serving(Router::new())
        .await
        .graphql::<Value>("{ x }", Value::Null)
        .await;
    let failure = failure.expect_err("no route");
    assert!(failure.to_string().contains("--query-server"), "{failure}");
    assert_eq!(code(&failure), format!("{:?}", ExitCode::from(2)));

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let remote = told(&["--server", &format!("http://{address}")]).expect("a remote");
    let failure = remote
        .get::<Value>(&["x"], &[])
        .await
        .expect_err("nobody there");
    assert!(failure.to_string().contains("--server"), "{failure}");
    assert_eq!(code(&failure), format!("{:?}", ExitCode::from(6)));
}

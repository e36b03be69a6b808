//! Bodies that can be read, and where the others are wrong.

use axum::body::Body;
use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Basket {
    #[expect(dead_code, reason = "only the parsing matters here")]
    lines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[expect(dead_code, reason = "only the parsing matters here")]
    quantity: i64,
}

fn refused(bytes: &[u8]) -> (u16, String, Vec<String>) {
    let problem = parse::<Basket>(bytes).expect_err("it is malformed");
    let document = problem.document();
    (
        document.status,
        document.code.to_string(),
        document
            .errors
            .iter()
            .map(|place| place.pointer.clone())
            .collect(),
    )
}

#[test]
fn a_wrong_value_is_refused_with_its_place() {
    for (body, pointer) in [
        (
            r#"{"lines":[{"quantity":1},{"quantity":1.5}]}"#,
            "/lines/1/quantity",
        ),
        (
            r#"{"lines":[{"quantity":99999999999999999999}]}"#,
            "/lines/0/quantity",
        ),
        (r#"{"lines":[{"quantity":1e30}]}"#, "/lines/0/quantity"),
        (r#"{"lines":[{"quantity":"1"}]}"#, "/lines/0/quantity"),
        (r#"{"lines":[{"quantity":null}]}"#, "/lines/0/quantity"),
        (r#"{"lines":{}}"#, "/lines"),
        (r#"{"lines":[{}]}"#, "/lines/0"),
        ("[[{\"quantity\":1}]]", ""),
        ("null", ""),
        ("", ""),
    ] {
        assert_eq!(
            refused(body.as_bytes()),
            (
                400,
                "request.body_invalid".to_owned(),
                vec![pointer.to_owned()]
            ),
            "{body}"
        );
    }
}

#[test]
fn an_unknown_or_repeated_field_is_refused_by_name() {
    for (body, named) in [
        (r#"{"lines":[],"colour":1}"#, "unknown field `colour`"),
        (r#"{"lines":[],"lines":[]}"#, "duplicate field `lines`"),
    ] {
        let problem = parse::<Basket>(body.as_bytes()).expect_err("it is malformed");
        let detail = problem.document().detail.clone().expect("it has a detail");
        assert!(detail.contains(named), "{detail}");
        assert!(detail.contains("line 1 column"), "{detail}");
    }
}

#[test]
fn what_is_not_json_is_refused_with_line_and_column() {
    for body in [
        "{",
        "{\"lines\":[}",
        "{\"lines\":[]} x",
        "\u{feff}{}",
        "{\"lines\":[{\"quantity\":0x10}]}",
    ] {
        let problem = parse::<Basket>(body.as_bytes()).expect_err("it is malformed");
        assert_eq!(problem.document().code, "request.body_not_json", "{body}");
        assert_eq!(problem.document().extensions["line"], 1, "{body}");
    }
    assert_eq!(refused(b"{\"lines\":\"\xff\"}").1, "request.body_not_utf8");
    let deep = "[".repeat(100_000);
    assert_eq!(refused(format!("{{\"lines\":{deep}").as_bytes()).0, 400);
}

async fn read_with(content_type: &str, body: Body) -> Result<Bytes, Problem> {
    read(
        Request::builder()
            .header(header::CONTENT_TYPE, content_type)
            .body(body)
            .expect("a request"),
    )
    .await
}

#[tokio::test]
async fn only_json_in_utf8_is_taken() {
    for good in [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/merge-patch+json",
        "application/json;charset=\"utf-8\"",
    ] {
        assert!(read_with(good, Body::from("{}")).await.is_ok(), "{good}");
    }
    for bad in [
        "",
        "text/plain",
        "application/json; charset=latin1",
        "application/x-www-form-urlencoded",
    ] {
        let problem = read_with(bad, Body::from("{}"))
            .await
            .expect_err("it is no JSON");
        assert_eq!(problem.document().status, 415, "{bad}");
    }
    assert!(
        read_with("", Body::empty()).await.is_ok(),
        "no body needs no type"
    );
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_without_being_read() {
    let announced = Request::builder()
        .header(header::CONTENT_LENGTH, 50 * 1024 * 1024)
        .body(unread())
        .expect("a request");
    let problem = read(announced).await.expect_err("it is too large");
    assert_eq!(
        (
            problem.document().status,
            &problem.document().extensions["limit_bytes"]
        ),
        (413, &DEFAULT_LIMIT.into())
    );

    let problem = read_with(
        "application/json",
        Body::from(vec![b' '; DEFAULT_LIMIT + 1]),
    )
    .await
    .expect_err("it is too large");
    assert_eq!(problem.document().code, "request.body_too_large");
    assert!(
        read_with("application/json", Body::from(vec![b' '; DEFAULT_LIMIT]))
            .await
            .is_ok()
    );
}

/// A body that fails the test when it is asked for.
fn unread() -> Body {
    Body::from_stream(futures::stream::once(async {
        panic!("the body was read") as Result<Bytes, std::io::Error>
    }))
}

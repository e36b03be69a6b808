//! The doors: content types, methods, media types, and the playground.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::json;

use crate::world::{World, code, get, json_of, post, text_of};

const QUERY: &str = "{ __typename }";

#[tokio::test]
async fn a_page_cannot_send_a_query_unasked() {
    let world = World::new().await;
    let body = json!({ "query": QUERY }).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let request = Request::post("/graphql").header(header::CONTENT_TYPE, content_type);
        let response = world
            .send(request.body(Body::from(body.clone())).expect("a request"))
            .await;
        assert_eq!(
            response.status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{content_type}"
        );
    }
    for (content_type, body) in [
        ("application/json; charset=utf-8", body.as_str()),
        ("application/graphql", QUERY),
    ] {
        let request = Request::post("/graphql").header(header::CONTENT_TYPE, content_type);
        let response = world
            .send(
                request
                    .body(Body::from(body.to_owned()))
                    .expect("a request"),
            )
            .await;
        assert_eq!(
            json_of(response).await,
            json!({ "data": { "__typename": "Query" } })
        );
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_as_an_error_of_graphql() {
    let world = World::new().await;
    for body in ["", "{", "\"x\"", "{\"query\": 1}", "\u{fffd}"] {
        let response = world.send(post(body.to_owned())).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(code(&json_of(response).await), "BAD_USER_INPUT", "{body}");
    }
    let response = world.send(post(vec![b'{', 0xff, 0xfe])).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn queries_can_be_got_and_nothing_else() {
    let world = World::new().await;
    let answer = json_of(world.send(get("/graphql?query=%7B__typename%7D")).await).await;
    assert_eq!(answer, json!({ "data": { "__typename": "Query" } }));
    let subscription = "/graphql?query=subscription%7BorderChanged(id%3A%22x%22)%7Bid%7D%7D";
    assert_eq!(
        code(&json_of(world.send(get(subscription)).await).await),
        "BAD_USER_INPUT"
    );
    let mut looking = get("/graphql");
    assert_eq!(
        world.send(get("/graphql")).await.status(),
        StatusCode::BAD_REQUEST
    );
    let html = "text/html,*/*".parse().expect("a header");
    looking.headers_mut().insert(header::ACCEPT, html);
    let response = world.send(looking).await;
    assert_eq!(response.headers()[header::LOCATION], "/playground");
}

#[tokio::test]
async fn its_own_media_type_has_a_status_of_its_own() {
    let world = World::new().await;
    for (query, accept, status) in [
        (QUERY, "application/graphql-response+json", 200),
        (
            "{ nothing }",
            "application/graphql-response+json, application/json;q=0.9",
            400,
        ),
        ("{ nothing }", "application/json", 200),
        (
            "{ product(sku: \"NONE\") { sku } }",
            "application/graphql-response+json",
            200,
        ),
    ] {
        let mut request = post(json!({ "query": query }).to_string());
        request
            .headers_mut()
            .insert(header::ACCEPT, accept.parse().expect("a header"));
        let response = world.send(request).await;
        assert_eq!(response.status(), status, "{query} {accept}");
        assert!(
            accept.starts_with(
                response.headers()[header::CONTENT_TYPE]
                    .to_str()
                    .expect("text")
            )
        );
    }
}

#[tokio::test]
async fn the_schema_can_be_read() {
    let world = World::new().await;
    let sdl = text_of(world.send(get("/graphql/schema")).await).await;
    assert_eq!(sdl, orderlog_query_api::sdl());
}

#[tokio::test]
async fn the_playground_is_served_with_all_that_it_needs() {
    let world = World::new().await;
    let response = world.send(get("/playground")).await;
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "text/html; charset=utf-8"
    );
    let tag = response.headers()[header::ETAG].clone();
    let page = text_of(response).await;
    let assets: Vec<_> = page
        .split('"')
        .filter(|text| text.starts_with("/assets/"))
        .collect();
    assert!(assets.iter().any(|path| path.ends_with(".js")), "{page}");
    for path in assets {
        let response = world.send(get(path)).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let kept = response.headers()[header::CACHE_CONTROL]
            .to_str()
            .expect("text");
        assert!(kept.contains("immutable"), "{kept}");
    }
    let mut again = get("/playground");
    again.headers_mut().insert(header::IF_NONE_MATCH, tag);
    assert_eq!(world.send(again).await.status(), StatusCode::NOT_MODIFIED);
    for path in [
        "/assets/nothing.js",
        "/assets/../playground.html",
        "/assets/%2e%2e/playground.html",
        "/assets/%2e%2e/%2e%2e/package.json",
    ] {
        assert_eq!(
            world.send(get(path)).await.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

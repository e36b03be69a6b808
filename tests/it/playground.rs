//! The playground that the binary serves: it is whole, and its sample queries are answered.

use std::{collections::BTreeMap, fs, path::Path};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::binary::{Server, http};

#[tokio::test]
async fn the_page_needs_nothing_that_the_binary_does_not_serve() {
    let data_dir = tempfile::tempdir().unwrap();
    let server = Server::start(data_dir.path(), &[]);
    let page = text(&server, "/playground").await;
    assert!(!page.contains("://"), "a reference to another host: {page}");
    let assets: Vec<_> = page
        .split('"')
        .filter(|part| part.starts_with("/assets/"))
        .collect();
    assert_eq!(assets.len(), 2, "a script and a style sheet: {page}");
    for asset in assets {
        assert!(!text(&server, asset).await.is_empty(), "{asset}");
    }
}

#[tokio::test]
async fn every_sample_query_is_answered() {
    let data_dir = tempfile::tempdir().unwrap();
    let server = Server::start(data_dir.path(), &[]);
    let samples = samples();
    assert_eq!(samples.len(), 7);
    for (name, (query, variables)) in samples {
        let asked = json!({ "query": query, "variables": variables });
        let answer = match query.contains("\nsubscription ") {
            true => first_of_subscription(&server, asked).await,
            false => {
                let url = format!("{}/graphql", server.base);
                http()
                    .post(url)
                    .json(&asked)
                    .send()
                    .await
                    .unwrap()
                    .json()
                    .await
                    .unwrap()
            }
        };
        assert!(
            answer["data"].is_object() && answer["errors"].is_null(),
            "{name}: {answer}"
        );
    }
}

/// The tabs of the playground: query and variables by the name of their files.
fn samples() -> BTreeMap<String, (String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("console/queries");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "graphql")
        })
        .map(|path| {
            let variables = fs::read_to_string(path.with_extension("json"))
                .unwrap_or_else(|_| "null".to_owned());
            let variables = variables
                .replace("{{latest order}}", "00000000-0000-0000-0000-000000000000")
                .replace("{{a month ago}}", "2026-10-22")
                .replace("{{today}}", "2026-11-21");
            let query = fs::read_to_string(&path).unwrap();
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                (query, serde_json::from_str(&variables).unwrap()),
            )
        })
        .collect()
}

/// The first answer to a subscription over graphql-transport-ws.
async fn first_of_subscription(server: &Server, asked: Value) -> Value {
    let mut request = format!("{}/graphql/ws", server.base.replacen("http", "ws", 1))
        .into_client_request()
        .unwrap();
    request.headers_mut().insert(
        "sec-websocket-protocol",
        "graphql-transport-ws".parse().unwrap(),
    );
    let (mut socket, _) = connect_async(request).await.unwrap();
    for message in [
        json!({ "type": "connection_init" }),
        json!({ "id": "1", "type": "subscribe", "payload": asked }),
    ] {
        socket
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }
    loop {
        let message = socket
            .next()
            .await
            .expect("the server answers before it closes")
            .unwrap();
        let Ok(message) = serde_json::from_slice::<Value>(&message.into_data()) else {
            continue;
        };
        match message["type"].as_str() {
            Some("next") => return message["payload"].clone(),
            Some("error") => return message,
            _ => {}
        }
    }
}

async fn text(server: &Server, path: &str) -> String {
    let answer = http()
        .get(format!("{}{path}", server.base))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

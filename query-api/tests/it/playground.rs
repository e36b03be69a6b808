//! The playground's own queries are answered by the schema as it is.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::world::{World, json_of, post};

#[tokio::test]
async fn every_query_of_the_playground_is_answered() {
    let world = World::new().await;
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../console/queries");
    let files = fs::read_dir(directory).expect("the queries are there");
    let mut asked = 0;
    for file in files.map(|file| file.expect("a file").path()) {
        if file
            .extension()
            .is_none_or(|extension| extension != "graphql")
        {
            continue;
        }
        let query = fs::read_to_string(&file).expect("text");
        let variables = fs::read_to_string(file.with_extension("json")).unwrap_or("{}".to_owned());
        let body = json!({ "query": query, "variables": filled(&variables) });
        let answer = json_of(world.send(post(body.to_string())).await).await;
        // A subscription is answered on a socket alone; here it is enough that it is understood.
        let errors = answer["errors"].as_array().cloned().unwrap_or_default();
        let transport = "Subscriptions are not supported on this transport.";
        let wrong: Vec<_> = errors
            .iter()
            .filter(|error| error["message"] != transport)
            .collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", file.display());
        asked += 1;
    }
    assert!(asked >= 6, "{asked}");
}

/// The variables with something in the place of what the page fills in.
fn filled(variables: &str) -> Value {
    let mut filled = String::new();
    let mut rest = variables;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, behind) = after.split_once("}}").expect("what is opened is closed");
        let is_day = name.contains("today") || name.contains("ago");
        filled += before;
        filled += if is_day {
            "2026-01-01"
        } else {
            "0190a8f0-0000-7000-8000-000000000001"
        };
        rest = behind;
    }
    serde_json::from_str(&(filled + rest)).expect("JSON")
}

//! An order as it was, asked over GraphQL.

use orderlog_projections::testing::{journeys, order_id};
use serde_json::json;

use crate::world::World;

async fn as_of(world: &World, at: &str, fields: &str) -> serde_json::Value {
    let id = order_id(1);
    let query = format!("{{ orderAsOf(id: \"{id}\", at: {at}) {{ {fields} }} }}");
    world.ask(&query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shown_as_it_was_at_any_point() {
    let world = World::after(journeys::completed(1, 98)).await;
    let now = as_of(
        &world,
        "{ position: \"6\" }",
        "version state data recordedAt",
    )
    .await;
    let now = &now["data"]["orderAsOf"];
    assert!(now["data"]["placed"]["customer_id"].is_string(), "{now}");
    let time = now["recordedAt"].as_str().expect("a time");
    let same = as_of(&world, &format!("{{ time: \"{time}\" }}"), "data").await;
    assert_eq!(same["data"]["orderAsOf"]["data"], now["data"]);
    let version = now["version"].as_str().expect("a version");
    let same = as_of(&world, &format!("{{ version: \"{version}\" }}"), "data").await;
    assert_eq!(same["data"]["orderAsOf"]["data"], now["data"]);

    let fields = "changes(since: { version: \"0\" }) { path before after }";
    let first = as_of(&world, "{ version: \"1\" }", fields).await;
    let changes = first["data"]["orderAsOf"]["changes"].as_array();
    let paths: Vec<_> = changes
        .expect("changes")
        .iter()
        .map(|it| &it["path"])
        .collect();
    assert!(paths.contains(&&json!("/placed")), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_there_is_null_and_what_cannot_be_is_refused() {
    let world = World::after(journeys::completed(1, 98)).await;
    let before = as_of(&world, "{ time: \"2001-01-01T00:00:00Z\" }", "state").await;
    assert_eq!(before["data"]["orderAsOf"], json!(null), "{before}");
    for beyond in [
        "{ position: \"9999\" }",
        "{ version: \"9999\" }",
        "{ version: \"-1\" }",
    ] {
        let refused = as_of(&world, beyond, "state").await;
        let code = &refused["errors"][0]["extensions"]["code"];
        assert_eq!(code, "BAD_USER_INPUT", "{refused}");
    }
}

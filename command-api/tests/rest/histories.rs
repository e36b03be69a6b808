//! A saga's history, as it is handed out for a replay.

use orderlog_command_api::aggregates::saga_id;
use orderlog_domain::{
    fact::Fact,
    fulfilment::{FulfilmentCommand, Observe, history, observed, replay::replay},
};
use serde_json::{Value, json};

use crate::server::{Server, context};

#[tokio::test]
async fn a_history_is_all_that_a_saga_has_recorded_and_can_be_replayed() {
    let server = Server::with_products().await;
    let order_id = server.placed().await;
    let path = format!("/sagas/{order_id}/history");
    let nothing = server.get(&path).await;
    assert_eq!(nothing.problem(), (404, "fulfilment.not_found"));

    let stream = format!("order-{order_id}");
    let events = server.store.read_stream(&stream, 0, 1).await.unwrap();
    let placed = &events[0];
    let (kind, version) = (&placed.event_type, placed.schema_version);
    let facts = Fact::decode(&placed.stream, kind, version, &placed.data).unwrap();
    let (_, fact) = observed(&facts[0]).unwrap();
    let event_id = placed.event_id;
    let observe = FulfilmentCommand::Observe(Observe { event_id, fact });
    let sagas = &server.aggregates.fulfilments;
    let told = sagas.execute(&saga_id(order_id), observe, context()).await;
    told.unwrap();

    let shown = server.get(&path).await;
    assert_eq!(shown.status, 200);
    assert_eq!(shown.body["order_id"], json!(order_id));
    let events: &Vec<Value> = shown.body["events"].as_array().unwrap();
    let first = &events[0];
    assert_eq!(
        (&first["type"], &first["version"], &first["actor"]),
        (&json!("FulfilmentStarted"), &json!(1), &json!("saga"))
    );
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    let history = history::read(&lines.join("\n")).unwrap();
    let replayed = replay(&history);
    assert_eq!((replayed.decisions, replayed.differences), (1, Vec::new()));
}

#[tokio::test]
async fn what_is_no_id_has_no_history() {
    let server = Server::new();
    assert_eq!(server.get("/sagas/latest/history").await.status, 400);
}

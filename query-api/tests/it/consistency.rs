//! Reading one's own writes: a query that carries a token waits for its own rows, or says why not.

use orderlog_projections::testing::{journey::Journey, journeys, order_id};
use serde_json::{Value, json};

use crate::world::{World, code, token};

fn order(fields: &str) -> String {
    format!("{{ order(id: \"{}\") {{ {fields} }} }}", order_id(1))
}

#[tokio::test]
async fn a_query_waits_until_its_rows_have_passed_the_token() {
    let world = World::without_projector().await;
    let position = world.record(Journey::placed(1).told()).await;
    let (query, token) = (order("status"), token(position, order_id(1)));
    let asked = world.ask_fresh(&query, &token, "wait=10");
    let projected = async { world.project() };
    let (answer, ()) = tokio::join!(asked, projected);
    assert_eq!(
        answer,
        json!({ "data": { "order": { "status": "PLACED" } } })
    );
}

#[tokio::test]
async fn a_query_that_cannot_wait_so_long_says_what_is_behind() {
    let world = World::without_projector().await;
    let position = world.record(Journey::placed(1).told()).await;
    let answer = world
        .ask_fresh(&order("status"), &token(position, order_id(1)), "wait=0")
        .await;
    assert_eq!(answer["data"]["order"], Value::Null);
    let behind = &answer["errors"][0]["extensions"];
    assert_eq!(code(&answer), "PROJECTION_BEHIND");
    assert_eq!(behind["projection"], "order_summary");
    assert_eq!(
        (&behind["at"], &behind["wanted"]),
        (&json!(0), &json!(position))
    );
    assert_eq!(behind["reason"], "NOT_RUNNING");
}

#[tokio::test]
async fn a_query_that_reads_nothing_waits_for_nothing() {
    let world = World::without_projector().await;
    let answer = world
        .ask_fresh("{ __typename }", &token(1_000, order_id(1)), "wait=0")
        .await;
    assert_eq!(answer, json!({ "data": { "__typename": "Query" } }));
}

#[tokio::test]
async fn a_token_from_the_future_is_lag() {
    let world = World::after(journeys::completed(1, 98)).await;
    let answer = world
        .ask_fresh(&order("status"), &token(1_000, order_id(1)), "wait=0")
        .await;
    assert_eq!(code(&answer), "PROJECTION_BEHIND");
    assert_eq!(answer["errors"][0]["extensions"]["reason"], "LAG");
}

#[tokio::test]
async fn a_token_that_is_none_is_refused() {
    let world = World::new().await;
    let answer = world.ask_fresh("{ __typename }", "x", "").await;
    assert_eq!(code(&answer), "BAD_USER_INPUT");
}

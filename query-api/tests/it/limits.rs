//! Queries that ask for too much are refused, cleanly and before anything of them is carried out.

use serde_json::{Value, json};

use crate::world::{World, code, json_of, post};

async fn refused(query: &str) -> Value {
    let world = World::new().await;
    let answer = world.ask(query).await;
    assert_eq!(answer["data"], Value::Null);
    answer
}

async fn too_complex(query: &str) -> String {
    let answer = refused(query).await;
    assert_eq!(code(&answer), "QUERY_TOO_COMPLEX", "{answer}");
    answer["errors"][0]["message"]
        .as_str()
        .expect("a message")
        .to_owned()
}

/// `payment { order { payment { ... id } } }`, so many levels deep.
fn deep(levels: usize) -> String {
    let mut query = String::from("{ order(id: \"0190a8f0-0000-7000-8000-000000000001\") ");
    for level in 1..levels - 1 {
        query += if level % 2 == 1 {
            "{ payment "
        } else {
            "{ order "
        };
    }
    query + "{ id" + &" }".repeat(levels)
}

#[tokio::test]
async fn a_query_may_be_twelve_levels_deep_and_no_deeper() {
    let world = World::new().await;
    assert_eq!(
        world.ask(&deep(12)).await,
        json!({ "data": { "order": null } })
    );
    assert!(too_complex(&deep(13)).await.contains("13 levels"));
}

#[tokio::test]
async fn a_query_of_depth_five_hundred_is_refused_on_a_small_stack() {
    too_complex(&deep(500)).await;
}

#[tokio::test]
async fn a_body_full_of_brackets_exhausts_no_stack() {
    too_complex(&"{a".repeat(2_400)).await;
    too_complex(&"{a".repeat(40_000)).await;
    let query = format!(
        "{{ orders(filter: {}) {{ nodes {{ id }} }} }}",
        "[".repeat(2_000)
    );
    too_complex(&query).await;
}

#[tokio::test]
async fn what_lists_multiply_counts_as_often() {
    let query = "{ orders(first: 100) { nodes { timeline(first: 100) { nodes { title } } } } }";
    assert_eq!(too_complex(query).await, "Query is too complex.");
    let world = World::new().await;
    world
        .data("{ orders(first: 100) { nodes { id status total { formatted } } } }")
        .await;
}

#[tokio::test]
async fn aliases_root_fields_and_tokens_are_limited() {
    let aliases: String = (0..31).map(|n| format!("a{n}: id ")).collect();
    let query = format!("{{ orders {{ nodes {{ {aliases} }} }} }}");
    assert!(too_complex(&query).await.contains("31 aliases"));
    let roots = "projections { name } ".repeat(11);
    assert!(
        too_complex(&format!("{{ {roots} }}"))
            .await
            .contains("11 fields at its root")
    );
    let tokens = "id ".repeat(5_000);
    assert!(
        too_complex(&format!("{{ orders {{ nodes {{ {tokens} }} }} }}"))
            .await
            .contains("tokens")
    );
}

#[tokio::test]
async fn fragments_that_multiply_or_turn_in_circles_are_refused_at_once() {
    let mut query = String::from("{ orders { nodes { ...F0 } } } fragment F29 on Order { id }");
    for number in 0..29 {
        let next = number + 1;
        query += &format!(" fragment F{number} on Order {{ ...F{next} ...F{next} }}");
    }
    assert!(too_complex(&query).await.contains("fields"));
    let circle =
        "{ orders { nodes { ...A } } } fragment A on Order { ...B } fragment B on Order { ...A }";
    assert_eq!(code(&refused(circle).await), "BAD_USER_INPUT");
}

#[tokio::test]
async fn introspection_works_and_does_not_multiply() {
    let world = World::new().await;
    let of_type = "ofType { kind name ".repeat(9) + &"}".repeat(9);
    let standard = format!(
        "{{ __schema {{ types {{ fields {{ args {{ type {{ kind name {of_type} }} }} }} }} }} }}"
    );
    let data = world.data(&standard).await;
    assert!(
        data["__schema"]["types"]
            .as_array()
            .is_some_and(|types| types.len() > 20)
    );
    too_complex(
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
    )
    .await;
}

#[tokio::test]
async fn batches_and_large_bodies_are_refused() {
    let world = World::new().await;
    let query = json!({ "query": "{ __typename }" });
    let answer = json_of(world.send(post(json!([query, query]).to_string())).await).await;
    assert_eq!(code(&answer), "BAD_USER_INPUT");
    let large = json!({ "query": "{ __typename }", "variables": { "x": "x".repeat(100_000) } });
    let response = world.send(post(large.to_string())).await;
    assert_eq!(response.status(), 413);
    assert_eq!(code(&json_of(response).await), "QUERY_TOO_COMPLEX");
}

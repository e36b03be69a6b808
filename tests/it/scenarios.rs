//! The scenarios, played by the binary on a running shop as an operator plays them: each ends as the domain
//! model says. All at once, since none may disturb another.

use std::process::Output;

use futures::future::join_all;
use orderlog::scenario::ALL;
use serde_json::Value;
use tokio::process::Command;

use crate::{
    binary::Server,
    topology::{Ground, Servers, on_every_topology},
};

on_every_topology!(every_scenario_ends_as_the_domain_model_says);

/// What `orderlog scenario` comes to.
async fn orderlog_scenario(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orderlog"));
    let command = command.arg("scenario").args(arguments);
    command.kill_on_drop(true).output().await.unwrap()
}

async fn play(server: &Server, name: &str, arguments: &[&str]) -> Output {
    let at = ["--server", &server.base, "--query-server", &server.queries];
    orderlog_scenario(&[&["run", name], &at[..], arguments].concat()).await
}

async fn every_scenario_ends_as_the_domain_model_says(ground: Ground) {
    let server = ground.start_scaled("0.02");
    let over_http = ALL.iter().filter(|scenario| !scenario.needs_database);
    join_all(over_http.map(|scenario| ends_as_it_has_to(&server, scenario.name, &[]))).await;
    match &ground {
        Ground::Distributed(servers) => {
            let database = ["--database", &servers.database];
            ends_as_it_has_to(&server, "poison-event", &database).await;
        }
        Ground::Embedded(_) => {
            let refused = play(&server, "poison-event", &[]).await;
            let said = String::from_utf8_lossy(&refused.stderr);
            assert_eq!(refused.status.code(), Some(2), "{said}");
            assert!(said.contains("--database"), "{said}");
        }
    }
}

async fn ends_as_it_has_to(server: &Server, name: &str, arguments: &[&str]) {
    let played = play(server, name, &[&["--json"], arguments].concat()).await;
    let said = String::from_utf8_lossy(&played.stderr);
    assert!(played.status.success(), "{name}: {said}");
    let report: Value = serde_json::from_slice(&played.stdout).unwrap();
    assert_eq!(report["scenario"], name);
    assert_eq!(report["passed"], true);
    assert_eq!(report["found"], report["expected"], "{report}");
}

#[tokio::test]
async fn a_story_that_stands_still_ends_with_what_it_waited_for() {
    let servers = Servers::create().await;
    // Nobody carries the order on.
    let server = servers.start(&["command-api", "relay", "projector", "query-api"]);
    let played = play(&server, "happy-path", &["--timeout", "3"]).await;
    let said = String::from_utf8_lossy(&played.stderr);
    assert_eq!(played.status.code(), Some(1), "{said}");
    assert!(
        said.contains("waited in vain until the goods are to be packed"),
        "{said}"
    );
    assert!(said.contains("it stands at: PLACED"), "{said}");
}

#[tokio::test]
async fn a_story_that_ends_otherwise_is_told_with_the_difference() {
    let servers = Servers::create().await;
    let server = servers.start(&["command-api", "relay", "projector", "query-api"]);
    let played = play(&server, "declined", &["--timeout", "3", "--json"]).await;
    let said = String::from_utf8_lossy(&played.stderr);
    assert_eq!(played.status.code(), Some(1), "{said}");
    let difference = r#"order: "REJECTED" expected, "PLACED" found"#;
    assert!(said.contains(difference), "{said}");
    let report: Value = serde_json::from_slice(&played.stdout).unwrap();
    assert_eq!(report["passed"], false);
}

#[tokio::test]
async fn the_stories_are_listed_and_an_unknown_one_is_refused() {
    let listed = orderlog_scenario(&["list", "--json"]).await;
    let list: Vec<Value> = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(list.len(), ALL.len());
    let unknown = orderlog_scenario(&["run", "nonsense"]).await;
    assert_eq!(unknown.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("happy-path"));
    let nowhere = ["run", "declined", "--server", "http://127.0.0.1:1"];
    assert_eq!(orderlog_scenario(&nowhere).await.status.code(), Some(6));
}

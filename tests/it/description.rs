//! `/openapi.json`: what a process describes is what it answers.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    binary::{Server, http},
    topology::Servers,
};

/// The paths that the process describes where this server takes commands.
async fn described(server: &Server) -> BTreeSet<String> {
    let url = format!("{}/openapi.json", server.base);
    let answer = http().get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let description: Value = answer.json().await.unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    let paths = description["paths"].as_object().unwrap();
    paths.keys().cloned().collect()
}

#[tokio::test]
async fn a_process_describes_the_routes_of_its_roles() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    let all = described(&server).await;
    assert!(server.terminate());
    let servers = Servers::create().await;
    let server = servers.start(&["command-api"]);
    let commands = described(&server).await;
    assert!(server.terminate());
    let server = servers.start(&["projector"]);
    let rebuilds = described(&server).await;
    assert!(server.terminate());

    let expected = [
        "/api/v1/projections",
        "/api/v1/projections/rebuild",
        "/api/v1/projections/{name}/rollback",
    ];
    assert_eq!(rebuilds, expected.map(str::to_owned).into());
    assert!(commands.contains("/api/v1/orders"), "{commands:?}");
    assert_eq!(all, &commands | &rebuilds);
}

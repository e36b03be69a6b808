//! Seals that go along when a shop is taken to PostgreSQL prove there what they proved at home.

use serde_json::{Value, json};

use crate::{
    binary::{run, run_json},
    seals::{register, sealed, start},
    topology::Servers,
};

#[tokio::test(flavor = "multi_thread")]
async fn seals_that_were_moved_verify_with_the_same_roots_and_the_same_anchor() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path());
    register(&server, 0..10).await;
    sealed(&server, 10).await;
    assert!(server.terminate());
    let servers = Servers::create().await;
    let there = |arguments: &[&str]| servers.command(arguments).output().unwrap();
    let anchor = directory.path().join("anchor.jsonl");
    let anchor = anchor.to_str().unwrap();
    let verify = ["events", "verify", "--seal-anchor", anchor, "--json"];
    let here = run_json(directory.path(), &verify);
    assert!(here["seals"].as_u64().unwrap() > 1, "{here}");

    let moved = run_json(
        directory.path(),
        &["migrate-store", "--json", "--database", &servers.database],
    );
    assert_eq!(moved["beside"]["seals"], here["seals"]);
    let verified = there(&verify);
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success(), "{said}");
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(
        (&verified["finding"], &verified["end_proved"]),
        (&Value::Null, &json!(true))
    );
    for figure in ["log_id", "head", "sealed", "seals", "keys", "anchored"] {
        assert_eq!(verified[figure], here[figure], "{figure}");
    }
    // A proof holds the root, its signature, and the way from the event to it.
    for position in 1..=here["sealed"].as_u64().unwrap() {
        let prove = ["events", "prove", &position.to_string()];
        let (before, after) = (run(directory.path(), &prove), there(&prove));
        assert!(before.status.success() && after.status.success());
        assert_eq!(before.stdout, after.stdout, "position {position}");
    }

    // What is changed there is noticed there.
    sqlx::query("UPDATE events SET actor = 'nobody' WHERE position = 3")
        .execute(&mut servers.session().await)
        .await
        .unwrap();
    let changed = there(&verify);
    let said = String::from_utf8_lossy(&changed.stderr);
    assert_eq!(changed.status.code(), Some(1));
    assert!(said.contains("position 3: the event was changed"), "{said}");
}

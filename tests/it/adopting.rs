//! `orderlog adopt postgres-es` as its users meet it: first it only tells, then it does it once.

use std::process::Output;

use serde_json::Value;
use sqlx::PgConnection;

use crate::topology::Servers;

/// A table as postgres-es documents it, and two tickets in it.
const APPLICATION: &str = r#"
CREATE TABLE events (
    aggregate_type text                         NOT NULL,
    aggregate_id   text                         NOT NULL,
    sequence       bigint CHECK (sequence >= 0) NOT NULL,
    event_type     text                         NOT NULL,
    event_version  text                         NOT NULL,
    payload        json                         NOT NULL,
    metadata       json                         NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);
INSERT INTO events
SELECT 'ticket', id, sequence, 'Noted', '1.0', '{"Noted":{ "text" : "x"}}', '{"time":"2024-05-01T10:00:00Z"}'
FROM unnest(ARRAY['a', 'b']) AS id, generate_series(1, 3) AS sequence"#;

fn adopt(servers: &Servers, arguments: &[&str]) -> Output {
    let mut command = servers.command(&["adopt", "postgres-es"]);
    command.args(arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn run(session: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(sql).execute(session).await.unwrap();
}

async fn columns(session: &mut PgConnection) -> i64 {
    let sql =
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 'events'::regclass AND attnum > 0";
    sqlx::query_scalar(sql).fetch_one(session).await.unwrap()
}

#[tokio::test]
async fn a_database_is_looked_at_then_adopted_once() {
    let servers = Servers::empty().await;
    let nothing = adopt(&servers, &[]);
    assert_eq!(nothing.status.code(), Some(3));

    let mut session = servers.session().await;
    run(&mut session, APPLICATION).await;
    let migrated = servers.command(&["migrate"]).output().unwrap();
    let said = String::from_utf8_lossy(&migrated.stderr);
    assert!(said.contains("orderlog adopt postgres-es"), "{said}");

    let told = adopt(&servers, &["--dry-run"]);
    let said = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success());
    assert!(said.contains("by the instant \"time\""), "{said}");
    let found = json(&adopt(&servers, &["--json"]));
    assert_eq!(found["standing"], "foreign");
    assert_eq!(
        (&found["events"], &found["streams"]),
        (&6.into(), &2.into())
    );
    assert_eq!(columns(&mut session).await, 7);

    let both = adopt(&servers, &["--dry-run", "--apply"]);
    assert_eq!(both.status.code(), Some(2));
    let adopted = json(&adopt(&servers, &["--apply", "--json"]));
    assert_eq!(
        (&adopted["standing"], &adopted["head"]),
        (&"adopted".into(), &6.into())
    );
    assert!(columns(&mut session).await > 7);
    for arguments in [&["--json"][..], &["--apply", "--json"]] {
        assert_eq!(
            json(&adopt(&servers, arguments))["standing"],
            "adopted_before"
        );
    }
    let migrated = servers.command(&["migrate"]).output().unwrap();
    assert!(migrated.status.success());
}

#[tokio::test]
async fn what_stands_against_it_is_said() {
    let servers = Servers::empty().await;
    let mut session = servers.session().await;
    run(&mut session, APPLICATION).await;
    run(
        &mut session,
        "DELETE FROM events WHERE aggregate_id = 'b' AND sequence = 2",
    )
    .await;
    let told = adopt(&servers, &[]);
    let said = String::from_utf8_lossy(&told.stdout);
    assert_eq!(told.status.code(), Some(1));
    assert!(
        said.contains("stands against it: the stream ticket-b has 2 events"),
        "{said}"
    );
    let refused = adopt(&servers, &["--apply"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains("the stream ticket-b"), "{said}");
    assert_eq!(columns(&mut session).await, 7);
}

//! History as a file: out of one engine and into another, byte for byte, and nothing is done because of
//! it. Of what was killed tells `exports_killed`, of what can't be taken up `exports_refused`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    binary::{Server, orderlog, run},
    end_to_end::{is, takes, until},
    migrating::{Move, all_folded, caught_up, hashes, wait},
    topology::{ROLES, Servers},
};

/// A directory for files and logs.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.at(name)).unwrap()
    }

    /// Exports the log in one directory here into a file here.
    pub(crate) fn export(&self, log: &str, file: &str, more: &[&str]) -> Output {
        export(&self.at(log), &self.at(file), more)
    }

    /// Imports a file here into the log in a directory here.
    pub(crate) fn import(&self, file: &str, log: &str) -> Output {
        let file = self.at(file);
        run(
            &self.at(log),
            &["events", "import", "--json", file.to_str().unwrap()],
        )
    }

    pub(crate) fn export_from(&self, servers: &Servers, file: &str) -> Output {
        let file = self.at(file);
        let arguments = [
            "events",
            "export",
            "--json",
            "--out",
            file.to_str().unwrap(),
        ];
        servers.command(&arguments).output().unwrap()
    }

    pub(crate) fn import_into(&self, servers: &Servers, file: &str) -> Output {
        let file = self.at(file);
        let arguments = ["events", "import", "--json", file.to_str().unwrap()];
        servers.command(&arguments).output().unwrap()
    }
}

pub(crate) fn export(log: &Path, file: &Path, more: &[&str]) -> Output {
    let arguments = [
        "events",
        "export",
        "--json",
        "--out",
        file.to_str().unwrap(),
    ];
    run(log, &[&arguments, more].concat())
}

pub(crate) fn succeeds(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn open(log: &Path) -> Connection {
    Connection::open_with_flags(log.join("events.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

pub(crate) fn count(log: &Path, query: &str) -> i64 {
    open(log).query_row(query, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn history_goes_through_a_file_into_every_engine_and_comes_out_the_same() {
    let (shop, desk) = (Move::new().await, Desk::new());
    let server = shop.embedded();
    let orders = shop.begin(&server, false).await;
    until(&server, &orders.last, takes("pack")).await;
    // Beside the running shop, and when it has stopped.
    succeeds(&export(&shop.data_dir(), &desk.at("running"), &[]));
    caught_up(&server).await;
    assert!(server.terminate());
    shop.fold().await;
    let exported = succeeds(&export(&shop.data_dir(), &desk.at("one"), &[]));
    let rebuild = ["projection", "rebuild", "--all", "--json"];
    let here = hashes(&run(&shop.data_dir(), &rebuild));

    succeeds(&desk.import("one", "embedded"));
    succeeds(&desk.export("embedded", "two", &[]));
    let imported = succeeds(&desk.import_into(&shop.servers, "one"));
    assert_eq!(imported["new_events"], exported["events"]);
    assert_eq!(imported["new_commands"], exported["commands"]);
    succeeds(&desk.export_from(&shop.servers, "three"));
    succeeds(&desk.import("three", "back"));
    succeeds(&desk.export("back", "four", &[]));
    for file in ["two", "three", "four"] {
        assert!(desk.bytes("one") == desk.bytes(file), "{file}");
    }
    let head = imported["head"].as_i64().unwrap();
    assert_eq!(
        count(&shop.data_dir(), "SELECT max(position) FROM events"),
        head
    );

    // Served where it arrived, nothing happens by itself; what was refused is refused from the log.
    let sent = shop.stripe.posts();
    let server = shop.distributed(&ROLES);
    wait(|| async { all_folded(&shop.servers) }).await;
    assert!(server.terminate());
    let there = shop.servers.command(&rebuild).output().unwrap();
    assert_eq!(hashes(&there), here);
    let server = shop.distributed(&ROLES);
    let (path, refused) = &orders.refused;
    let again = server.post_under("refused", path, json!({})).await;
    assert_eq!((again.0, &again.1["code"]), (refused.0, &refused.1["code"]));
    let fresh = shop.order(&server, "pm_card_visa").await;
    until(&server, &fresh, takes("pack")).await;
    assert!(server.terminate());
    let worked: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM work JOIN events USING (event_id) WHERE position <= $1",
    )
    .bind(head)
    .fetch_one(&mut shop.servers.session().await)
    .await
    .unwrap();
    assert_eq!(worked, 0, "imported history is no work");
    of_one_payment(&shop.stripe.posts()[sent.len()..]);
}

/// All that was sent to the gateway was for one new order: begun once, and taken once.
fn of_one_payment(calls: &[(String, String)]) {
    let ends = |end: &str| calls.iter().filter(|(path, _)| path.ends_with(end)).count();
    let counted = (ends("/payment_intents"), ends("/capture"), ends("/refunds"));
    assert_eq!(counted, (1, counted.1.min(1), 0), "{calls:?}");
}

#[tokio::test]
async fn an_embedded_copy_stays_as_it_was_and_takes_what_comes_later() {
    let (shop, desk) = (Move::new().await, Desk::new());
    let server = shop.embedded();
    let orders = shop.begin(&server, false).await;
    until(&server, &orders.last, takes("pack")).await;
    succeeds(&export(&shop.data_dir(), &desk.at("first"), &[]));
    let reason = json!({ "reason": "changed_mind" });
    let path = format!("/orders/{}/cancel", orders.last);
    let (code, answer) = server.post(&path, reason).await;
    assert!(code < 300, "{answer}");
    until(&server, &orders.last, is("Cancelled")).await;
    assert!(server.terminate());

    let first = succeeds(&desk.import("first", "copy"));
    let from = (first["head"].as_u64().unwrap() + 1).to_string();
    succeeds(&export(
        &shop.data_dir(),
        &desk.at("later"),
        &["--from", &from],
    ));
    succeeds(&desk.import("later", "copy"));
    succeeds(&export(&shop.data_dir(), &desk.at("all"), &[]));
    let again = succeeds(&desk.import("all", "copy"));
    assert_eq!(
        (&again["new_events"], &again["new_commands"]),
        (&json!(0), &json!(0))
    );
    succeeds(&desk.export("copy", "of-copy", &[]));
    assert!(desk.bytes("all") == desk.bytes("of-copy"));

    let sent = shop.stripe.posts();
    let head = count(&desk.at("copy"), "SELECT max(position) FROM events");
    let mut serve = orderlog(&desk.at("copy"), &["serve"]);
    serve.envs(shop.stripe.settings());
    let server = Server::of_roles([serve]);
    let (_, shown) = server.get(&format!("/orders/{}", orders.last)).await;
    assert_eq!(shown["state"], "Cancelled", "{shown}");
    let fresh = shop.order(&server, "pm_card_visa").await;
    until(&server, &fresh, takes("pack")).await;
    assert!(server.terminate());
    let worked = format!(
        "SELECT count(*) FROM work w JOIN events e USING (event_id) WHERE e.position <= {head}"
    );
    assert_eq!(
        count(&desk.at("copy"), &worked),
        0,
        "imported history is no work"
    );
    of_one_payment(&shop.stripe.posts()[sent.len()..]);
}

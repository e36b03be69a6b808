//! A saga's history taken from a running shop, decided anew by the same build, and by one that would
//! have decided otherwise: a file that was changed.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::binary::Server;

fn saga(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orderlog"));
    command.arg("saga").args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

/// Ends with `code` and says so in one line.
fn fails(code: i32, arguments: &[&str]) -> String {
    let output = saga(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

/// Places an order whose payment is declined, and waits until it is rejected.
async fn rejected(server: &Server) -> String {
    let price = json!({ "amount_minor": 1250, "currency": "EUR" });
    let product = json!({ "sku": "MUG-1", "name": "Mug", "unit_price": price });
    assert_eq!(server.post("/products", product).await.0, 201);
    assert_eq!(
        server.post("/stock", json!({ "sku": "MUG-1" })).await.0,
        201
    );
    let receive = json!({ "receipt_id": "R-1", "quantity": 5 });
    let received = server.post("/stock/MUG-1/receipts", receive).await;
    assert_eq!(received.0, 200, "{received:?}");
    let order = json!({
        "customer_id": "ann", "payment_method": "tok_declined",
        "lines": [{ "sku": "MUG-1", "quantity": 1 }],
    });
    let (status, order) = server.post("/orders", order).await;
    assert_eq!(status, 201, "{order}");
    let id = order["id"].as_str().unwrap().to_owned();
    let deadline = Instant::now() + Duration::from_secs(60);
    while server.get(&format!("/orders/{id}")).await.1["state"] != "Rejected" {
        assert!(Instant::now() < deadline, "it is not rejected");
    }
    id
}

/// The history as a file; the saga may have had a last word to say after the order's.
fn exported(server: &Server, order: &str, file: &Path) -> String {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let output = saga(&["export", order, "--server", &server.base]);
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        if text.contains("FulfilmentCompensated") {
            fs::write(file, &text).unwrap();
            return text;
        }
        assert!(Instant::now() < deadline, "it is not over: {text}");
    }
}

#[tokio::test]
async fn a_history_of_a_running_shop_is_decided_anew() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    let order = rejected(&server).await;
    let path = directory.path().join("order.ndjson");
    let file = path.to_str().unwrap();
    let history = exported(&server, &order, &path);

    let same = saga(&["replay", file]);
    assert!(same.status.success(), "{same:?}");
    assert_eq!(String::from_utf8_lossy(&same.stdout), "");

    let changed = history.replace("card_declined", "card_stolen");
    let changed = changed.replacen("card_stolen", "card_declined", 1);
    fs::write(&path, changed).unwrap();
    let said = fails(1, &["replay", file]);
    assert!(said.contains("otherwise"), "{said}");
    let shown = saga(&["replay", file]).stdout;
    let shown = String::from_utf8(shown).unwrap();
    for (mark, code) in [('-', "card_stolen"), ('+', "card_declined")] {
        let has = |line: &str| line.starts_with(mark) && line.contains(code);
        assert!(shown.lines().any(has), "{shown}");
    }
    let json = saga(&["replay", file, "--json"]).stdout;
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert!(
        !json["differences"].as_array().unwrap().is_empty(),
        "{json}"
    );
}

#[tokio::test]
async fn what_is_no_history_is_said_to_be_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("order.ndjson");
    let file = path.to_str().unwrap();
    assert!(fails(3, &["replay", file]).contains("there is no file"));
    for text in ["", "{}\n", "GIF89a", "{\"version\":2}\n"] {
        fs::write(&path, text).unwrap();
        let said = fails(2, &["replay", file]);
        assert!(said.contains("saga export"), "{said}");
    }
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(fails(2, &["replay", file]).contains("can't be read"));

    let server = Server::start(directory.path(), &[]);
    let unknown = uuid::Uuid::now_v7().to_string();
    let said = fails(3, &["export", &unknown, "--server", &server.base]);
    assert!(said.contains("fulfilment.not_found"), "{said}");
}

//! Operators at work on a running shop, over REST and the command line: an order that is stuck, their
//! mistakes, and what ends it. On one process, and on all roles as processes of their own.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    binary::Server,
    topology::{Ground, on_every_topology},
};

on_every_topology!(
    a_refund_that_fails_is_retried_and_then_settled_by_hand,
    an_amount_in_conflict_is_turned_back_by_an_operator,
);

/// A shop with mugs at 12.50 EUR.
async fn shop(ground: &Ground) -> Server {
    let server = ground.start();
    let price = json!({ "amount_minor": 1250, "currency": "EUR" });
    let product = json!({ "sku": "MUG-1", "name": "Mug", "unit_price": price });
    assert_eq!(server.post("/products", product).await.0, 201);
    let stock = json!({ "sku": "MUG-1" });
    assert_eq!(server.post("/stock", stock).await.0, 201);
    let receipt = json!({ "receipt_id": "R-1", "quantity": 10 });
    assert_eq!(server.post("/stock/MUG-1/receipts", receipt).await.0, 200);
    server
}

/// Two mugs for 25.00 EUR.
async fn placed(server: &Server, token: &str) -> String {
    let lines = json!([{ "sku": "MUG-1", "quantity": 2 }]);
    let order = json!({ "customer_id": "ada", "lines": lines, "payment_method": token });
    let (code, placed) = server.post("/orders", order).await;
    assert_eq!(code, 201, "{placed}");
    placed["id"].as_str().unwrap().to_owned()
}

/// Asks again until the answer is as wanted; the answers are the pace.
async fn until(server: &Server, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let (_, now) = server.get(path).await;
        if wanted(&now) {
            return now;
        }
        assert!(
            Instant::now() < deadline,
            "{path} does not get there: {now}"
        );
    }
}

fn takes(command: &'static str) -> impl Fn(&Value) -> bool {
    move |shown| {
        let allowed = shown["allowed_commands"].as_array();
        allowed.is_some_and(|all| all.contains(&json!(command)))
    }
}

fn doing(status: &'static str) -> impl Fn(&Value) -> bool {
    move |saga| saga["status"] == status
}

/// Runs `orderlog saga` as its operator ada; answers its exit code and what it printed.
fn saga(server: &Server, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_orderlog"))
        .arg("saga")
        .args(arguments)
        .args(["--server", &server.base, "--actor", "ada"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

/// An order that was paid for and cancelled, and whose money can't be given back.
async fn stuck(server: &Server) -> (String, Value) {
    let order = placed(server, "tok_refund_fails").await;
    let path = |part: &str| format!("/orders/{order}{part}");
    until(server, &path(""), takes("pack")).await;
    assert_eq!(server.post(&path("/pack"), json!({})).await.0, 202);
    until(server, &path(""), takes("dispatch")).await;
    let reason = json!({ "reason": "changed my mind" });
    assert_eq!(server.post(&path("/cancel"), reason).await.0, 202);
    let saga = until(server, &format!("/sagas/{order}"), doing("NeedsOperator")).await;
    (order, saga)
}

async fn a_refund_that_fails_is_retried_and_then_settled_by_hand(ground: Ground) {
    let server = shop(&ground).await;
    let (order, shown) = stuck(&server).await;
    let at = format!("/sagas/{order}");
    assert_eq!(
        shown["operator_needed"]["details"]["OperationFailed"]["operation"],
        "Refund"
    );
    assert_eq!(
        shown["at_stake"],
        json!({ "amount_minor": 2500, "currency": "EUR" })
    );
    assert_eq!(
        shown["allowed_commands"],
        json!(["retry", "skip", "resolve"])
    );

    // The gateway refuses again, once, although it was asked for twice.
    let why = ["--reason", "perhaps now", "--key", "retry-1"];
    let (code, first) = saga(&server, &[&["retry", &order, "--json"], &why[..]].concat());
    assert_eq!(code, 0, "{first}");
    let first: Value = serde_json::from_str(&first).unwrap();
    let version = first["version"].as_u64().unwrap();
    let again = until(&server, &at, |saga| {
        doing("NeedsOperator")(saga) && saga["version"].as_u64() > Some(version)
    })
    .await;
    let (code, second) = saga(&server, &[&["retry", &order, "--json"], &why[..]].concat());
    assert_eq!(code, 0, "{second}");
    let second: Value = serde_json::from_str(&second).unwrap();
    assert_eq!(second, first, "a repeat is answered as the first time");
    assert_eq!(server.get(&at).await.1["version"], again["version"]);

    mistakes(&server, &order);
    assert_eq!(server.get(&at).await.1["version"], again["version"]);

    let by_hand = ["--reason", "refunded in the console", "--key", "skip-1"];
    let amount = ["--amount", "25.00", "EUR"];
    for _ in 0..2 {
        let skip = [&["skip", &order], &by_hand[..], &amount[..]].concat();
        let (code, said) = saga(&server, &skip);
        assert_eq!(code, 0, "{said}");
    }
    until(&server, &at, doing("Compensated")).await;
    until(&server, &format!("/orders/{order}"), |order| {
        order["state"] == "Cancelled"
    })
    .await;
    let ended = server.get(&at).await.1;
    assert_eq!(ended["allowed_commands"], json!([]));
    let (code, said) = saga(&server, &["compensate", &order, "--reason", "late"]);
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("fulfilment.ended"), "{said}");
    told(&server, &order, &ended).await;
    assert!(server.terminate());
}

/// What an operator may get wrong, and the exit code and the words for it.
fn mistakes(server: &Server, order: &str) {
    let nobodys = Uuid::now_v7().to_string();
    let mistakes: [(&[&str], i32, &str); 9] = [
        (
            &["retry", &nobodys, "--reason", "x"],
            3,
            "fulfilment.not_found",
        ),
        (&["retry", "4711", "--reason", "x"], 2, "4711"),
        (
            &["retry", order, "--reason", " "],
            2,
            "fulfilment.text_out_of_range",
        ),
        (
            &["resume", order, "--reason", "x"],
            4,
            "fulfilment.still_stuck",
        ),
        (
            &["compensate", order, "--reason", "x"],
            4,
            "possible now: retry, skip, resolve",
        ),
        (
            &["skip", order, "--reason", "x"],
            2,
            "fulfilment.amount_required",
        ),
        (
            &["skip", order, "--reason", "x", "--amount", "24.99", "EUR"],
            2,
            "25.00 EUR are at stake, not 24.99 EUR",
        ),
        (
            &["skip", order, "--reason", "x", "--amount", "25.00", "GBP"],
            2,
            "fulfilment.currency_mismatch",
        ),
        (
            &["skip", order, "--reason", "x", "--amount", "25,00", "EUR"],
            2,
            "--amount 12.34 EUR",
        ),
    ];
    for (arguments, code, words) in mistakes {
        let (exit, said) = saga(server, arguments);
        assert_eq!(exit, code, "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

/// The read model tells of both interventions.
async fn told(server: &Server, order: &str, ended: &Value) {
    let query = format!(
        "{{ saga(orderId: \"{order}\") {{ version status operatorNeeded {{ code }} \
         interventions {{ verb step actor reason }} }} }}"
    );
    // GraphQL writes whole numbers of any size as text.
    let version = json!(ended["version"].to_string());
    let deadline = Instant::now() + Duration::from_secs(60);
    let saga = loop {
        let saga = server.query(&query, None).await["saga"].clone();
        if saga["version"] == version {
            break saga;
        }
        assert!(Instant::now() < deadline, "it lags behind: {saga}");
    };
    assert_eq!(saga["status"], "COMPENSATED");
    let step = "COMPENSATING";
    let retry = json!({ "verb": "RETRY", "step": step, "actor": "ada", "reason": "perhaps now" });
    let reason = "refunded in the console";
    let skip = json!({ "verb": "SKIP", "step": step, "actor": "ada", "reason": reason });
    assert_eq!(saga["interventions"], json!([retry, skip]));
}

async fn an_amount_in_conflict_is_turned_back_by_an_operator(ground: Ground) {
    let server = shop(&ground).await;
    let order = placed(&server, "tok_amount_conflict").await;
    let at = format!("/sagas/{order}");
    until(&server, &at, doing("NeedsOperator")).await;
    let body = json!({ "reason": "the gateway holds too much" });
    let path = format!("{at}/compensate");
    let (code, first) = server.post_under("back-1", &path, body.clone()).await;
    assert_eq!(code, 202, "{first}");
    let (code, again) = server.post_under("back-1", &path, body).await;
    assert_eq!((code, &again), (202, &first));
    until(&server, &at, doing("Compensated")).await;
    let ended = until(&server, &format!("/orders/{order}"), |order| {
        order["state"] == "Cancelled"
    })
    .await;
    assert_eq!(
        ended["cancellation"]["reason"],
        "the gateway holds too much"
    );
    until(&server, "/stock/MUG-1", |stock| stock["available"] == 10).await;
    assert!(server.terminate());
}

//! A rebuild in a running process, under write load, killed with SIGKILL three times in its middle and
//! gone on with: no query ever sees a row that is not there whole, and in the end live rows equal
//! rebuilt ones.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    binary::{Server, http, run, run_json},
    invoices,
};

const REBUILD: &str = "/projections/rebuild";

#[tokio::test]
async fn a_rebuild_killed_three_times_goes_on_and_ends_equal() {
    let scratch = tempfile::tempdir().unwrap();
    let data_dir = scratch.path().join("data");
    let file = scratch.path().join("invoices.csv");
    std::fs::write(&file, invoices::csv(150)).unwrap();
    run_json(&data_dir, &["import", file.to_str().unwrap(), "--json"]);
    let orders = rows_of(&run_json(&data_dir, &["projection", "list", "--json"]));
    assert!(orders > 50, "{orders}");

    let mut halves = 0;
    for _ in 0..3 {
        let server = Server::start(&data_dir, &[]);
        let (code, started) = server.post(REBUILD, json!({})).await;
        assert_eq!(code, 202, "{started}");
        while !is_loading(&server).await {
            write_and_read(&server).await;
            let listed = server.get("/projections").await.1;
            assert_eq!(rows_of(&listed), orders, "old rows are read meanwhile");
        }
        server.kill();
        halves += u32::from(is_halfway(&data_dir));
    }
    assert!(halves > 0, "no kill has met a rebuild in its middle");

    let server = Server::start(&data_dir, &[]);
    let (code, _) = server.post(REBUILD, json!({})).await;
    assert_eq!(code, 202);
    let ended = loop {
        write_and_read(&server).await;
        let (_, state) = server.get(REBUILD).await;
        if state["status"] != "running" {
            break state;
        }
    };
    assert_eq!(ended["status"], "done", "{ended}");
    for report in ended["reports"].as_array().unwrap() {
        assert_eq!(report["equal"], true, "{report}");
    }
    let (code, back) = server
        .post("/projections/products/rollback", json!({}))
        .await;
    assert_eq!((code, &back["equal"]), (200, &json!(true)), "{back}");
    write_and_read(&server).await;
    assert!(server.terminate());
    let rebuilt = run(&data_dir, &["projection", "rebuild", "--all"]);
    let told = String::from_utf8_lossy(&rebuilt.stdout);
    assert!(rebuilt.status.success(), "{told}");
}

/// Whether the rebuild that runs has begun to load rows.
async fn is_loading(server: &Server) -> bool {
    let (_, state) = server.get(REBUILD).await;
    assert_eq!(state["error"], Value::Null, "{state}");
    state["progress"]["phase"] == "loading" || state["status"] == "done"
}

/// Registers a product and reads it with the token of the write: it is there, or the answer says that
/// it is behind.
async fn write_and_read(server: &Server) {
    let sku = format!("SKU-{}", Uuid::now_v7().simple());
    let price = json!({ "amount_minor": 1250, "currency": "EUR" });
    let tax = json!({ "basis_points": 1900, "inclusive": true });
    let product = json!({ "sku": sku, "name": "Mug", "unit_price": price, "tax": tax });
    let (code, answer) = server.post("/products", product).await;
    assert_eq!(code, 201, "{answer}");
    let query = format!("{{ product(sku: \"{sku}\") {{ name }} }}");
    let token = answer["consistency_token"].as_str();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = server.answer(&query, token).await;
        if answer["errors"].is_null() {
            assert_eq!(answer["data"]["product"]["name"], "Mug", "{answer}");
            return;
        }
        let code = &answer["errors"][0]["extensions"]["code"];
        assert_eq!(code, "PROJECTION_BEHIND", "{answer}");
        assert!(Instant::now() < deadline, "{answer}");
    }
}

/// How many orders the list of read models tells of.
fn rows_of(listed: &Value) -> u64 {
    let listed = listed.as_array().unwrap();
    let orders = listed.iter().find(|one| one["name"] == "order_summary");
    orders.unwrap()["rows"].as_u64().unwrap()
}

/// Whether a staged generation has some of its slots and not all.
fn is_halfway(data_dir: &Path) -> bool {
    let file = data_dir.join("read.db");
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let select = "SELECT count(*) FROM generations WHERE NOT kept AND whole NOT IN (0, -1)";
    db.query_row(select, [], |row| row.get::<_, i64>(0))
        .unwrap()
        > 0
}

#[tokio::test]
async fn a_rebuild_that_is_cancelled_says_so_and_can_be_gone_on_with() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("invoices.csv");
    let data_dir = scratch.path().join("data");
    std::fs::write(&file, invoices::csv(40)).unwrap();
    run_json(&data_dir, &["import", file.to_str().unwrap(), "--json"]);
    let server = Server::start(&data_dir, &[]);
    let slow = json!({ "projections": ["order_summary"], "max_rate": 1 });
    let (code, state) = server.post(REBUILD, slow.clone()).await;
    assert_eq!(
        (code, &state["status"]),
        (202, &json!("running")),
        "{state}"
    );
    let (code, refused) = server.post(REBUILD, slow).await;
    assert_eq!((code, &refused["code"]), (409, &json!("rebuild.running")));
    let url = format!("{}/api/v1{REBUILD}", server.base);
    let cancelled = http().delete(url).send().await.unwrap();
    assert_eq!(cancelled.status().as_u16(), 202);
    let deadline = Instant::now() + Duration::from_secs(60);
    let ended = loop {
        let (_, state) = server.get(REBUILD).await;
        if state["status"] != "running" {
            break state;
        }
        assert!(Instant::now() < deadline, "{state}");
    };
    assert_eq!(ended["status"], "cancelled");
    assert_eq!(ended["error"], "cancelled; run again to go on");

    let arguments = ["projection", "rebuild", "order_summary", "--server"];
    let rebuilt = server.client(&[&arguments[..], &[&server.base]].concat());
    let rebuilt = rebuilt.into_std().output().unwrap();
    let told = String::from_utf8_lossy(&rebuilt.stdout);
    assert!(rebuilt.status.success() && told.contains("equal"), "{told}");
    let unknown = server
        .client(&[
            "projection",
            "rollback",
            "nothing",
            "--server",
            &server.base,
        ])
        .into_std()
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(3));
}

//! A shop that is taken from the embedded log to PostgreSQL while its sagas are in the middle of
//! something: all of them go on to their ends, and nothing is done twice.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Output,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    binary::{Server, orderlog, run},
    end_to_end::{is, stock_a_mug, takes, two_mugs, until, until_at},
    stripe::Stripe,
    topology::{ROLES, Servers},
};

/// A shop, the place where it goes, and the gateway that knows both.
pub(crate) struct Move {
    scratch: TempDir,
    pub(crate) servers: Servers,
    pub(crate) stripe: Stripe,
}

/// Orders that are all in the middle of something.
pub(crate) struct Orders {
    unpacked: String,
    packed: String,
    /// Its customer is at the bank.
    asked: String,
    /// Stripe was told to take the money, and perhaps did not answer.
    pub(crate) last: String,
    /// A command that was refused: its path and the answer.
    pub(crate) refused: (String, (u16, Value)),
}

impl Move {
    pub(crate) async fn new() -> Self {
        Self {
            scratch: tempfile::tempdir().unwrap(),
            servers: Servers::create().await,
            stripe: Stripe::start(),
        }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.scratch.path().join("shop")
    }

    pub(crate) fn embedded(&self) -> Server {
        let mut command = orderlog(&self.data_dir(), &["serve"]);
        command.envs(self.stripe.settings());
        Server::of_roles([command])
    }

    pub(crate) fn distributed(&self, roles: &[&str]) -> Server {
        Server::of_roles(roles.iter().map(|role| {
            let mut command = self.servers.command(&[role]);
            command.envs(self.stripe.settings());
            command
        }))
    }

    fn migrate_store(&self, arguments: &[&str]) -> Output {
        let mut command = self.servers.command(&["migrate-store"]);
        command.arg("--data-dir").arg(self.data_dir());
        command.args(arguments).output().unwrap()
    }

    /// What was appended while the embedded shop ended is folded by the next one.
    pub(crate) async fn fold(&self) {
        while !folded(&run(&self.data_dir(), &["projection", "list", "--json"])) {
            let next = self.embedded();
            caught_up(&next).await;
            assert!(next.terminate());
        }
    }

    pub(crate) async fn order(&self, server: &Server, method: &str) -> String {
        let (code, placed) = server.post("/orders", two_mugs(method)).await;
        assert_eq!(code, 201, "{placed}");
        placed["id"].as_str().unwrap().to_owned()
    }

    /// Brings orders into the middle of something, the last one while Stripe is silent or not.
    pub(crate) async fn begin(&self, server: &Server, silent: bool) -> Orders {
        stock_a_mug(server).await;
        let packed = self.order(server, "pm_card_visa").await;
        until(server, &packed, takes("pack")).await;
        command(server, &packed, "pack", json!({})).await;
        until(server, &packed, takes("dispatch")).await;
        let unpacked = self.order(server, "pm_card_visa").await;
        until(server, &unpacked, takes("pack")).await;
        let asked = self.order(server, "pm_card_threeDSecure2Required").await;
        let bank = || self.payments("requires_action");
        wait(|| async { payment_is(server, &bank(), "RequiresAction").await }).await;
        let delivering = format!("/orders/{unpacked}/deliver");
        let refused = server.post_under("refused", &delivering, json!({})).await;
        assert!((400..500).contains(&refused.0), "{refused:?}");
        self.stripe.is_silent(silent);
        let last = self.order(server, "pm_card_visa").await;
        wait(|| async { self.stripe.account(|account| account.charges) == 4 }).await;
        Orders {
            unpacked,
            packed,
            asked,
            last,
            refused: (delivering, refused),
        }
    }

    /// Takes every order to its end.
    async fn finish(&self, server: &Server, orders: &Orders) {
        let (path, refused) = &orders.refused;
        let again = server.post_under("refused", path, json!({})).await;
        assert_eq!((again.0, &again.1["code"]), (refused.0, &refused.1["code"]));
        let bank = self.payments("requires_action");
        self.stripe.account(|account| account.customer_acts(true));
        let (code, answer) = server
            .post(&format!("/payments/{}/complete-action", bank[0]), json!({}))
            .await;
        assert_eq!(code, 202, "{answer}");
        for order in [&orders.unpacked, &orders.asked, &orders.last] {
            until(server, order, takes("pack")).await;
            command(server, order, "pack", json!({})).await;
        }
        let parcel = json!({ "carrier": "DHL", "tracking": "1" });
        for order in orders.all() {
            until(server, order, takes("dispatch")).await;
            command(server, order, "dispatch", parcel.clone()).await;
            until(server, order, takes("deliver")).await;
            command(server, order, "deliver", json!({})).await;
            until(server, order, is("Completed")).await;
        }
    }

    /// The ids of the payments whose intents are in this status: each was begun under its id.
    fn payments(&self, status: &str) -> Vec<String> {
        let intents: Vec<_> = self.stripe.account(|account| {
            let intents = account.intents.iter();
            intents.map(|intent| intent.status == status).collect()
        });
        let posts = self.stripe.posts().into_iter();
        let begun = posts.filter(|(path, _)| path.ends_with("/payment_intents"));
        let ids = begun.zip(intents).filter(|(_, fits)| *fits);
        ids.map(|((_, key), _)| key).collect()
    }
}

impl Orders {
    fn all(&self) -> [&String; 4] {
        [&self.packed, &self.unpacked, &self.asked, &self.last]
    }
}

async fn command(server: &Server, order: &str, verb: &str, body: Value) {
    let (code, answer) = server.post(&format!("/orders/{order}/{verb}"), body).await;
    assert!(code == 200 || code == 202, "{verb}: {answer}");
}

async fn payment_is(server: &Server, payments: &[String], state: &str) -> bool {
    match payments {
        [payment] => server.get(&format!("/payments/{payment}")).await.1["state"] == state,
        _ => false,
    }
}

/// Asks until it is so.
pub(crate) async fn wait<F: Future<Output = bool>>(so: impl Fn() -> F) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !so().await {
        assert!(Instant::now() < deadline, "it does not come to that");
    }
}

/// Waits until every read model is at the end of the log.
pub(crate) async fn caught_up(server: &Server) {
    wait(|| async {
        let projections = server.query("{ projections { lag } }", None).await;
        let all = projections["projections"].as_array().unwrap().clone();
        !all.is_empty() && all.iter().all(|one| one["lag"] == "0")
    })
    .await;
}

/// Whether every partition of every read model is at its end.
pub(crate) fn all_folded(servers: &Servers) -> bool {
    let mut command = servers.command(&["projection", "list", "--json"]);
    folded(&command.output().unwrap())
}

/// Whether this list has every read model at its end.
fn folded(listed: &Output) -> bool {
    let listed: Vec<Value> = serde_json::from_slice(&listed.stdout).unwrap();
    !listed.is_empty() && listed.iter().all(|one| one["lag"] == 0)
}

/// The hash of each read model, rebuilt; it must be that of the live rows.
pub(crate) fn hashes(output: &Output) -> BTreeMap<String, String> {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let reports: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let hash = |report: &Value, name: &str| report[name].as_str().unwrap().to_owned();
    reports
        .iter()
        .map(|report| {
            assert_eq!(report["equal"], true, "{report}");
            (hash(report, "projection"), hash(report, "rebuilt_hash"))
        })
        .collect()
}

fn fails(output: &Output, code: i32, says: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(says), "{said}");
    let errors = said.lines().filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 1, "{said}");
}

/// Moves a shop that ends like this, and sees that all of it goes on.
async fn goes_on(silent: bool, end: impl FnOnce(Server)) {
    let shop = Move::new().await;
    let server = shop.embedded();
    let orders = shop.begin(&server, silent).await;
    if !silent {
        until(&server, &orders.last, takes("pack")).await;
    }
    caught_up(&server).await;
    end(server);
    shop.fold().await;
    let sent = shop.stripe.posts();
    let before = hashes(&run(
        &shop.data_dir(),
        &["projection", "rebuild", "--all", "--json"],
    ));
    assert!(before.len() > 5, "{before:?}");

    let moved = shop.migrate_store(&["--json"]);
    let said = String::from_utf8_lossy(&moved.stderr);
    assert!(moved.status.success(), "{said}");
    let moved: Value = serde_json::from_slice(&moved.stdout).unwrap();
    assert!(
        moved["beside"]["open_work"].as_u64().unwrap() > 0,
        "{moved}"
    );
    fails(&run(&shop.data_dir(), &["serve"]), 1, "was moved to");
    fails(&shop.migrate_store(&[]), 1, "was moved to");

    // Read models are folded before any process takes up what is due.
    shop.stripe.is_silent(false);
    let readers = shop.distributed(&["query-api", "relay", "projector", "query-api"]);
    wait(|| async { all_folded(&shop.servers) }).await;
    assert!(readers.terminate());
    let rebuild = ["projection", "rebuild", "--all", "--json"];
    let there = hashes(&shop.servers.command(&rebuild).output().unwrap());
    assert_eq!(there, before);

    let server = shop.distributed(&ROLES);
    shop.finish(&server, &orders).await;
    let stock = |stock: &Value| (&stock["on_hand"], &stock["available"]) == (&json!(2), &json!(2));
    until_at(&server, "/stock/MUG-1", stock).await;
    nothing_was_done_twice(&shop.stripe, &sent);
    assert!(server.terminate());
}

/// No call that moves money came again after the move, and none came twice. An intent may be opened again
/// under its key: that finds the one that is there.
fn nothing_was_done_twice(stripe: &Stripe, before: &[(String, String)]) {
    let mut after = stripe.posts().split_off(before.len());
    after.retain(|(path, _)| !path.ends_with("/payment_intents"));
    let again = after.iter().find(|call| before.contains(call));
    assert_eq!(again, None, "{before:?}");
    let sent = after.len();
    after.sort();
    after.dedup();
    assert_eq!(after.len(), sent, "a call was repeated: {after:?}");
    stripe.account(|account| {
        assert_eq!((account.charges, account.intents.len()), (4, 4));
        assert!(account.refunds.is_empty());
        for intent in &account.intents {
            assert_eq!((intent.status, intent.received), ("succeeded", 2500));
        }
    });
}

#[tokio::test]
async fn a_shop_that_was_stopped_goes_on_in_postgresql() {
    goes_on(false, |server| assert!(server.terminate())).await;
}

#[tokio::test]
async fn a_shop_that_was_killed_goes_on_in_postgresql() {
    goes_on(true, Server::kill).await;
}

#[tokio::test]
async fn a_move_that_is_killed_leaves_nothing_or_everything() {
    let shop = Move::new().await;
    let orders = Server::start(&shop.data_dir(), &["--demo"]);
    let many = || async {
        orders.get("/orders?limit=1").await;
        head(&shop.data_dir()) > 1500
    };
    wait(many).await;
    orders.kill();
    for micros in [0, 30_000, 60_000, 90_000, 150_000, 300_000] {
        let mut command = shop.servers.command(&["migrate-store"]);
        command.arg("--data-dir").arg(shop.data_dir());
        let mut moving = tokio::process::Command::from(command).spawn().unwrap();
        let ended = tokio::time::timeout(Duration::from_micros(micros), moving.wait()).await;
        if ended.is_ok() {
            break;
        }
        moving.kill().await.unwrap();
        // What arrived is all of it or nothing, and the source says that it is on its way.
        let found: i64 = sqlx::query_scalar("SELECT count(*) FROM events")
            .fetch_one(&mut shop.servers.session().await)
            .await
            .unwrap();
        assert!(found == 0 || found == head(&shop.data_dir()), "{found}");
    }
    let again = shop.migrate_store(&[]);
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(
        again.status.success() || said.contains("was moved to"),
        "{said}"
    );
    fails(&run(&shop.data_dir(), &["serve"]), 1, "was moved to");
}

/// Position of the last event of the log in a directory.
fn head(data_dir: &Path) -> i64 {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let file = rusqlite::Connection::open_with_flags(data_dir.join("events.db"), flags);
    let last = "SELECT coalesce(max(position), 0) FROM events";
    file.unwrap().query_row(last, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_move_that_can_not_be_is_refused_and_leaves_the_shop_where_it_is() {
    let shop = Move::new().await;
    fails(&shop.migrate_store(&[]), 3, "holds no log");
    let server = shop.embedded();
    stock_a_mug(&server).await;
    fails(&shop.migrate_store(&[]), 1, "is in use by another process");
    assert!(server.terminate());

    let nowhere = ["--database", "postgres://nobody@127.0.0.1:9/nothing"];
    fails(
        &run(
            &shop.data_dir(),
            &[&["migrate-store"][..], &nowhere].concat(),
        ),
        6,
        "127.0.0.1:9",
    );
    let bare = Servers::empty().await;
    let bare = ["migrate-store", "--database", &bare.database];
    fails(
        &run(&shop.data_dir(), &bare),
        1,
        "orderlog migrate --database URL",
    );
    let other = shop.distributed(&["command-api"]);
    fails(&shop.migrate_store(&[]), 4, "sessions of running processes");
    stock_a_mug(&other).await;
    assert!(other.terminate());
    fails(&shop.migrate_store(&[]), 4, "recorded commands");

    // None of it has moved the shop; once it is, only on demand does it come back.
    let empty = Servers::create().await;
    let move_there = ["migrate-store", "--database", &empty.database];
    let server = shop.embedded();
    assert!(server.terminate());
    assert!(run(&shop.data_dir(), &move_there).status.success());
    fails(
        &run(&shop.data_dir(), &["projection", "list"]),
        1,
        "was moved to",
    );
    let unmarked = run(&shop.data_dir(), &["migrate-store", "--unmark"]);
    assert!(String::from_utf8_lossy(&unmarked.stdout).contains("is served again"));
    assert!(shop.embedded().terminate());
}

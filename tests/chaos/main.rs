//! Chaos: every role as processes of its own, killed with SIGKILL at random moments and started
//! again, PostgreSQL and Kafka restarted and paused, all of it under load. In the end nothing that was
//! acknowledged is missing, nothing happened twice, and money and stock add up. A run is set by
//! `ORDERLOG_CHAOS_KILLS` and `ORDERLOG_SEED`; `scripts/chaos` starts services for it.
//! Next: `shop` runs the processes, `customers` the load, `checks` says what was found.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chance;
mod checks;
mod client;
mod customers;
mod disturbing;
mod finding;
mod journey;
mod log;
mod quiet;
mod servers;
mod shop;
mod story;
mod summary;
mod warehouse;
mod world;

use std::{env, sync::Arc, time::Instant};

use tokio_util::sync::CancellationToken;

use crate::{
    chance::Chance,
    client::Client,
    customers::Customers,
    disturbing::Disturbing,
    servers::Servers,
    shop::{Fall, Shop},
    summary::Summary,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_done_twice_when_anything_is_killed_at_any_moment() {
    let kills = setting("ORDERLOG_CHAOS_KILLS").unwrap_or(15);
    let seed = setting("ORDERLOG_SEED").unwrap_or(20_261_121);
    let mut chance = Chance::new(seed);
    let begun = Instant::now();

    let servers = Servers::create().await;
    let shop = Shop::start(&servers);
    let client = Arc::new(Client::of(&shop));
    warehouse::open(&client, &mut chance).await;

    let stop = CancellationToken::new();
    let customers = Customers::start(&client, &mut chance, &stop);
    let receipts = tokio::spawn(warehouse::receive(
        Arc::clone(&client),
        chance.fork(),
        stop.clone(),
    ));
    let disturbed = Disturbing::new(kills, chance.fork())
        .run(&shop, &servers)
        .await;
    stop.cancel();
    let journeys = customers.ended().await;
    receipts.await.unwrap();

    let calm = Instant::now();
    let mut marks = quiet::until_quiet(&servers).await;
    marks.extend(
        shop.fell()
            .iter()
            .filter(|fall| fall.ran)
            .map(Fall::finding),
    );
    let summary = Summary {
        seed,
        took: begun.elapsed(),
        settled: calm.elapsed(),
        disturbed,
        fell: shop.fell(),
        heard: client.heard(),
        checked: checks::check(&servers, &journeys, &client.heard(), marks).await,
    };
    println!("{summary}");
    assert!(
        summary.checked.findings.is_empty(),
        "chaos has left its marks; the processes' logs are in {}",
        servers.logs().display()
    );
    servers.drop_database().await;
}

fn setting(name: &str) -> Option<u64> {
    let text = env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")),
    )
}

//! A server that crashes and comes back in the middle of load.

use std::time::Duration;

use orderlog_log::{event_store::EventStore, postgres::PgOptions};
use tokio::task::{JoinSet, spawn_blocking};

use crate::{
    assert_whole,
    cluster::Cluster,
    connect,
    contract::{decided, record},
    database::TestDatabase,
    soon,
};

const WRITERS: u64 = 8;
const EACH: u64 = 200;
const CRASHES: u64 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn no_writer_notices_a_crash_of_the_server() {
    let mut cluster = spawn_blocking(Cluster::start).await.expect("started");
    let database = TestDatabase::on(&cluster.url).await;
    database.migrate().await;
    let options = PgOptions {
        reconnect_timeout: Duration::from_secs(60),
        ..PgOptions::default()
    };
    let stores = [
        connect(&database, options).await,
        connect(&database, options).await,
    ];
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, stream) = (
            stores[(writer % 2) as usize].clone(),
            format!("thing-{writer}"),
        );
        writers.spawn(async move {
            for version in 0..EACH {
                // What the crash left in doubt is found out: it is answered as recorded, once.
                let recorded = record(&store, decided(&stream, version, 1)).await;
                assert_eq!(recorded.version, version + 1);
            }
        });
    }
    let mut head = stores[0].watch_head();
    for crash in 1..=CRASHES {
        let due = crash * WRITERS * EACH / (CRASHES + 1);
        soon(head.wait_for(|head| *head >= due))
            .await
            .expect("the store lives");
        cluster = spawn_blocking(move || {
            cluster.crash_and_restart();
            cluster
        })
        .await
        .expect("restarted");
    }
    soon(writers.join_all()).await;
    assert_whole(&stores[1], WRITERS * EACH).await;
}

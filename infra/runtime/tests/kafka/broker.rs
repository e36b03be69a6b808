//! A broker of its own that is killed in the middle: relay and readers go on once it is back, with
//! nothing lost and the order kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::Command,
    sync::Arc,
};

use orderlog_log::event::Position;
use orderlog_runtime::kafka::{Record, Topic};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{
    follower::Follower,
    ledger::Ledger,
    relay::{Running, load, positions},
    services::{self, Database},
    toy_log::ToyLog,
    wire,
};

type Records = BTreeMap<u32, Vec<Record>>;
type Positions = BTreeMap<u32, Vec<Position>>;

/// Started with the parts of `scripts/services`, in a directory of its own; gone when dropped.
struct Broker {
    state: TempDir,
    address: String,
}

impl Broker {
    async fn start() -> Self {
        let mut broker = Self {
            state: tempfile::tempdir().expect("a directory"),
            address: String::new(),
        };
        broker
            .run("mkdir -p \"$state/kafka\"; locked kafka_start")
            .await;
        let address = broker.state.path().join("kafka/address");
        let address = std::fs::read_to_string(address).expect("an address");
        address.trim().clone_into(&mut broker.address);
        broker
    }

    /// Kills it and starts it again.
    async fn crash(&self) {
        self.run("kafka_stop KILL; kafka_launch").await;
    }

    async fn run(&self, what: &str) {
        let mut command = self.command(what);
        let ran = tokio::task::spawn_blocking(move || command.output())
            .await
            .expect("no panic");
        let output = ran.expect("bash runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn command(&self, what: &str) -> Command {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let parts = "set -euo pipefail; state=$1; root=$PWD; for part in basics probes kafka; do \
            . scripts/services.d/$part.sh; done;";
        let mut command = Command::new("bash");
        command
            .current_dir(root)
            .arg("-c")
            .arg(format!("{parts} {what}"));
        command.arg("bash").arg(self.state.path());
        command
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let removed = self.command("kafka_remove").output();
        assert!(removed.is_ok_and(|it| it.status.success()) || std::thread::panicking());
    }
}

/// Relay and workers under load while the broker is killed twice; answers what is in the topic, and what
/// should be.
async fn survives(properties: &[(&str, &str)]) -> (Records, Positions) {
    let (log, database, broker) = (ToyLog::new(), Database::new().await, Broker::start().await);
    let of_its_own = services::topic(4);
    let topic = Topic {
        brokers: broker.address.clone(),
        ..of_its_own
    };
    let published = Topic {
        properties: properties
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..topic.clone()
    };
    let stop = CancellationToken::new();
    let loading = load(&log, &stop);
    let mut relay = Running::start(&log, &database, &published);
    relay.reaches(1).await;
    let ledger = Arc::new(Ledger::new(log.log_id().await));
    let first = Follower::join(&topic, &topic.name, log.store(), &ledger).await;
    let second = Follower::join(&topic, &topic.name, log.store(), &ledger).await;
    for _ in 0..2 {
        ledger.reaches(ledger.handled() + 1000).await;
        broker.crash().await;
        ledger.reaches(ledger.handled() + 1000).await;
    }
    stop.cancel();
    let head = loading.await.expect("no panic");
    relay.reaches(head).await;
    ledger.reaches(head as usize).await;
    first.leave().await;
    second.leave().await;
    relay.stop().await;
    let expected = log.per_partition(4).await;
    assert_eq!(ledger.events(), expected);
    (wire::records(&topic).await, expected)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_under_load_costs_nothing() {
    let (records, expected) = survives(&[]).await;
    assert_eq!(
        wire::accepted(&records),
        expected,
        "the topic itself is in order"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_that_gives_up_is_replaced_and_what_it_left_is_sent_again() {
    let (records, expected) = survives(&[("message.timeout.ms", "1000")]).await;
    // Giving up leaves gaps behind, which is why ours does not; what was left still comes.
    for (partition, positions) in positions(&records) {
        let sent: BTreeSet<_> = positions.iter().copied().collect();
        assert!(
            sent.iter().eq(&expected[&partition]),
            "partition {partition} lacks something"
        );
    }
}

//! Events that nobody can read, appended to the log itself: parked by every read model and by the
//! process, listed, and dropped by an operator. On one process, and on all roles as processes of
//! their own, where it is decided while they run.

use std::time::{Duration, Instant};

use orderlog_log::{
    event::NewEvent,
    event_store::{CommandEnvelope, Decided, Fingerprint, StreamAppend, Verdict},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    binary::Server,
    topology::{Ground, on_every_topology},
};

on_every_topology!(damaged_events_are_parked_by_all_and_dropped_by_an_operator);

#[tokio::test]
async fn an_operator_decides_on_postgres_es() {
    let ground = Ground::through_postgres_es().await;
    damaged_events_are_parked_by_all_and_dropped_by_an_operator(ground).await;
}

const KEY: &str = "damaged";

/// An event of a known type that has not its form.
fn damaged(version: u64) -> Decided {
    let stream = format!("product-{KEY}");
    let id = Uuid::now_v7();
    Decided {
        command: CommandEnvelope {
            command_id: id,
            fingerprint: Fingerprint::of(b"damage"),
            command_type: "Damage".to_owned(),
            stream: stream.clone(),
            actor: "test".to_owned(),
            correlation_id: id,
            causation_id: id,
            traceparent: None,
        },
        verdict: Verdict::Accepted,
        writes: vec![StreamAppend {
            stream,
            expected_version: version,
            partition_key: KEY.to_owned(),
            events: vec![NewEvent {
                event_id: Uuid::now_v7(),
                event_type: "ProductRegistered".to_owned(),
                schema_version: 1,
                data: "{\"nothing\":\"of it\"}".to_owned(),
                occurred_at: chrono::Utc::now(),
            }],
        }],
    }
}

/// A shop that its operator stops, where it must be stopped, to look at its data.
struct Shop {
    ground: Ground,
    server: Option<Server>,
}

impl Shop {
    /// Runs until so many events are parked, over all read models and the process.
    async fn run_until_parked(&mut self, count: i64) {
        let server = self.server.take();
        let server = server.unwrap_or_else(|| self.ground.start());
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let parked = self.ground.parked().await;
            if parked == count {
                break;
            }
            assert!(
                Instant::now() < deadline,
                "{parked} are parked, not {count}"
            );
        }
        match &self.ground {
            // However it ends, what is parked and what was decided is stored.
            Ground::Embedded(_) => server.kill(),
            Ground::Distributed(_) => self.server = Some(server),
        }
    }

    /// Runs `dead-letter`; answers its exit code and what it printed.
    fn dead_letter(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.ground.run(&[&["dead-letter"], arguments].concat());
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }

    fn list(&self) -> Vec<Value> {
        let (code, said) = self.dead_letter(&["list", "--json"]);
        assert_eq!(code, Some(0), "{said}");
        serde_json::from_str(&said).unwrap()
    }

    /// Discards the event of every consumer that it is parked for.
    fn discard_all(&self, position: u64) {
        for letter in self.list() {
            if letter["position"] == position {
                let consumer = letter["consumer"].as_str().unwrap();
                let (code, said) = self.discard(consumer, position);
                assert_eq!(code, Some(0), "{said}");
            }
        }
    }

    fn discard(&self, consumer: &str, position: u64) -> (Option<i32>, String) {
        let position = position.to_string();
        let why = ["--reason", "never was a product", "--actor", "operator"];
        self.dead_letter(&[&["discard", consumer, &position], &why[..]].concat())
    }
}

async fn damaged_events_are_parked_by_all_and_dropped_by_an_operator(ground: Ground) {
    let log = ground.log().await;
    for version in 0..2 {
        let outcome = log.append(vec![damaged(version)]).await.unwrap();
        assert!(outcome[0].is_recorded());
    }
    drop(log);
    let server = None;
    let mut shop = Shop { ground, server };
    let consumers = i64::try_from(orderlog_projections::all(chrono_tz::UTC).len()).unwrap() + 1;
    shop.run_until_parked(2 * consumers).await;

    let letters = shop.list();
    assert_eq!(letters.len(), usize::try_from(2 * consumers).unwrap());
    for letter in &letters {
        assert_eq!(letter["partition_key"], KEY);
        assert_eq!(letter["first"], letter["position"] == 1, "{letter}");
    }
    let (code, said) = shop.dead_letter(&["show", "fulfilment", "1"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("ProductRegistered") && said.contains("\"nothing\":\"of it\""));
    let (code, said) = shop.discard("order_summary", 2);
    assert_eq!(code, Some(4), "{said}");
    let (code, said) = shop.discard("order_summary", 3);
    assert_eq!(code, Some(3), "{said}");
    let (code, said) = shop.dead_letter(&["list", "--consumer", "nonsense"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("order_summary") && said.contains("fulfilment"));

    shop.discard_all(1);
    shop.run_until_parked(consumers).await;
    assert!(
        shop.list()
            .iter()
            .all(|letter| letter["position"] == 2 && letter["first"] == true)
    );
    // Nothing has been mended: it fails again, and waits where it was.
    let why = ["--reason", "perhaps", "--actor", "operator"];
    let redrive = [&["redrive", "order_summary", "2"], &why[..]].concat();
    let (code, said) = shop.dead_letter(&redrive);
    assert_eq!(code, Some(0), "{said}");
    shop.discard_all(2);
    shop.run_until_parked(0).await;
    assert_eq!(shop.list(), [] as [Value; 0]);
    let rebuilt = shop.ground.run(&["projection", "rebuild", "--all"]);
    let said = String::from_utf8_lossy(&rebuilt.stderr);
    assert!(rebuilt.status.success(), "{said}");
    assert_eq!(shop.ground.parked().await, 0);
}

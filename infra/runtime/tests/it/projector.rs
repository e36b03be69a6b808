//! Live folding: what is parked, what halts, who is fenced.

use std::{sync::Arc, time::Duration};

use orderlog_runtime::{
    projection::erase,
    projector::{ProjectionState, ProjectionStatus, Projector, ProjectorError},
    read_model::ReadModel,
    read_store::{IndexedBy, ReadStore},
    source::FanOut,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::toy::{Slices, Sum, Sums, Toy, ToyLog, decode, projector};

const LONG: Duration = Duration::from_secs(30);

/// A projector that runs; dropped, it is as if the process had been killed.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<Result<(), ProjectorError>>,
}

impl Running {
    pub(crate) fn start<E: Send + Sync + 'static>(
        projector: &Projector<E>,
        fan_out: impl FanOut + 'static,
    ) -> Self {
        let (projector, stop) = (projector.clone(), CancellationToken::new());
        let cancel = stop.clone();
        Self {
            stop,
            task: tokio::spawn(async move { projector.run(fan_out, cancel).await }),
        }
    }

    pub(crate) async fn stop(mut self) -> Result<(), ProjectorError> {
        self.stop.cancel();
        (&mut self.task).await.expect("no panic")
    }

    pub(crate) async fn ended(mut self) -> Result<(), ProjectorError> {
        (&mut self.task).await.expect("no panic")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn reached(store: &Arc<dyn ReadStore>, position: u64) {
    for name in ["sums", "slices"] {
        let model: ReadModel<serde_json::Value> = ReadModel::new(Arc::clone(store), name);
        model
            .wait_for(position, "nobody's key", LONG)
            .await
            .expect("reached");
    }
}

#[tokio::test]
async fn later_events_of_a_parked_key_wait_behind_it_and_other_keys_go_on() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let running = Running::start(&projector, toy.fan_out());
    toy.append("a", &Toy::Added(1)).await;
    let broken = toy.append("a", &Toy::Broken).await;
    toy.append("b", &Toy::Added(2)).await;
    let last = toy.append("a", &Toy::Added(4)).await;
    reached(&store, last).await;
    running.stop().await.expect("a clean end");

    // Also after a restart.
    let running = Running::start(&projector, toy.fan_out());
    let last = toy
        .append_all(&[("a".into(), Toy::Added(8)), ("b".into(), Toy::Added(16))])
        .await;
    reached(&store, last).await;
    let sums: ReadModel<Sum> = ReadModel::new(Arc::clone(&store), "sums");
    assert_eq!(sums.get("a").await.expect("a row").expect("there").sum, 1);
    assert_eq!(sums.get("b").await.expect("a row").expect("there").sum, 18);
    let parked = store.parked("sums", 0, 10).await.expect("a list");
    let reasons: Vec<_> = parked
        .iter()
        .map(|event| (event.position, event.reason.as_str()))
        .collect();
    let behind = "waits behind an earlier event of its key".to_owned();
    assert_eq!(
        reasons,
        [
            (broken, "broken"),
            (4, behind.as_str()),
            (5, behind.as_str())
        ]
    );
    assert!(
        store
            .parked("slices", 0, 10)
            .await
            .expect("a list")
            .is_empty()
    );
    running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn a_damaged_event_is_parked_for_every_projection() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let running = Running::start(&projector, toy.fan_out());
    let last = toy
        .append_raw(&[("a".into(), "Toy", "[".into(), Uuid::now_v7())])
        .await;
    reached(&store, last).await;
    for name in ["sums", "slices"] {
        assert_eq!(store.parked(name, 0, 10).await.expect("a list").len(), 1);
    }
    running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn an_event_of_an_unknown_type_stops_the_projector_before_it() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    toy.append("a", &Toy::Added(1)).await;
    toy.append_raw(&[("a".into(), "Novelty", "{}".into(), Uuid::now_v7())])
        .await;
    toy.append("a", &Toy::Added(1)).await;
    let error = Running::start(&projector, toy.fan_out())
        .ended()
        .await
        .expect_err("stopped");
    let said = error.to_string();
    assert!(
        said.contains("position 2") && said.contains("Novelty") && said.contains("newer"),
        "{said}"
    );
    let status = projector.projections().await.expect("a list");
    assert!(
        status
            .iter()
            .all(|status| (status.position, status.lag) == (1, 2)),
        "{status:?}"
    );
}

#[tokio::test]
async fn an_event_that_is_not_the_next_of_its_stream_stops_the_projector_before_it() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    for key in ["a", "b", "a", "b"] {
        toy.append(key, &Toy::Added(1)).await;
    }
    toy.tamper("UPDATE events SET version = 4 WHERE position = 3");
    let ended = Running::start(&projector, toy.fan_out()).ended().await;
    let error = ended.expect_err("stopped");
    let said = error.to_string();
    assert!(matches!(error, ProjectorError::BrokenStream(_)), "{said}");
    assert!(
        said.contains("toy-a is at version 1") && said.contains("position 3 is its version 4"),
        "{said}"
    );
    let status = projector.projections().await.expect("a list");
    let at_the_end = |status: &ProjectionStatus| (status.position, status.lag) == (2, 2);
    assert!(status.iter().all(at_the_end), "{status:?}");

    toy.tamper("UPDATE events SET version = 2 WHERE position = 3");
    let running = Running::start(&projector, toy.fan_out());
    reached(&store, 4).await;
    running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn behind_a_restart_a_stream_is_checked_from_its_next_event_on() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let running = Running::start(&projector, toy.fan_out());
    let last = toy.append("a", &Toy::Added(1)).await;
    reached(&store, last).await;
    running.stop().await.expect("a clean end");

    for _ in 0..2 {
        toy.append("a", &Toy::Added(1)).await;
    }
    toy.tamper("UPDATE events SET version = 5 WHERE position = 3");
    let ended = Running::start(&projector, toy.fan_out()).ended().await;
    let said = ended.expect_err("stopped").to_string();
    assert!(said.contains("toy-a is at version 2"), "{said}");
    // What was passed before is not looked at again: its stream goes on wherever it goes on.
    let running = Running::start(&projector, toy.fan_out());
    reached(&store, 3).await;
    running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn two_projectors_on_one_file_fold_every_event_once() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let other_store = toy.read_store().await;
    let (one, other) = (
        projector(&toy, &store).await,
        projector(&toy, &other_store).await,
    );
    let (running, zombie) = (
        Running::start(&one, toy.fan_out()),
        Running::start(&other, toy.fan_out()),
    );
    let mut last = 0;
    for n in 0..200 {
        last = toy.append(["a", "b", "c"][n % 3], &Toy::Added(1)).await;
    }
    reached(&store, last).await;
    reached(&other_store, last).await;
    let sums: ReadModel<Sum> = ReadModel::new(Arc::clone(&store), "sums");
    let mut total = 0;
    for key in ["a", "b", "c"] {
        total += sums.get(key).await.expect("a row").expect("there").events;
    }
    assert_eq!(total, 200);
    running.stop().await.expect("a clean end");
    zombie.stop().await.expect("a clean end");
}

#[tokio::test]
async fn a_paused_projection_stays_paused_after_a_restart_and_holds_nobody_back() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    projector(&toy, &store)
        .await
        .pause("sums")
        .await
        .expect("paused");
    let projector = projector(&toy, &store).await;
    let running = Running::start(&projector, toy.fan_out());
    let last = toy.append("a", &Toy::Added(1)).await;
    let slices: ReadModel<i64> = ReadModel::new(Arc::clone(&store), "slices");
    slices.wait_for(last, "a", LONG).await.expect("reached");
    let status = projector.projections().await.expect("a list");
    let state: Vec<_> = status
        .iter()
        .map(|one| (one.name.as_str(), one.position, &one.state))
        .collect();
    assert_eq!(
        state,
        [
            ("slices", 1, &ProjectionState::Live),
            ("sums", 0, &ProjectionState::Paused)
        ]
    );
    projector.resume("sums").await.expect("resumed");
    reached(&store, last).await;
    running.stop().await.expect("a clean end");
    assert!(matches!(
        projector.pause("nothing").await,
        Err(ProjectorError::UnknownProjection { .. })
    ));
}

#[tokio::test]
async fn the_log_is_indexed_by_type_and_correlation() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let running = Running::start(&projector, toy.fan_out());
    let chain = Uuid::now_v7();
    let event = |key: &str, chain| (key.to_owned(), "Toy", "\"Removed\"".to_owned(), chain);
    toy.append_raw(&[event("a", chain), event("b", Uuid::now_v7())])
        .await;
    let last = toy.append_raw(&[event("c", chain)]).await;
    reached(&store, last).await;
    let of_chain = store
        .positions(IndexedBy::Correlation(chain), 0, 10)
        .await
        .expect("positions");
    assert_eq!(of_chain, [1, 3]);
    let of_type = store
        .positions(IndexedBy::Types(vec!["Toy".into()]), 1, 10)
        .await
        .expect("positions");
    assert_eq!(of_type, [2, 3]);
    running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn rows_of_an_older_version_are_rebuilt_before_they_are_served() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let running = Running::start(&projector(&toy, &store).await, toy.fan_out());
    toy.append("a", &Toy::Added(5)).await;
    let last = toy.append("a", &Toy::Broken).await;
    reached(&store, last).await;
    running.stop().await.expect("a clean end");

    let newer = erase(Sums {
        version: "2",
        broken_folds: true,
    });
    let projector = Projector::open(
        toy.log(),
        Arc::clone(&store),
        vec![newer, erase(Slices)],
        decode,
    )
    .await
    .expect("a projector");
    let sums: ReadModel<Sum> = ReadModel::new(Arc::clone(&store), "sums");
    assert!(sums.get("a").await.is_err());
    let running = Running::start(&projector, toy.fan_out());
    let last = toy.append("a", &Toy::Added(1)).await;
    reached(&store, last).await;
    sums.wait_for(last, "a", LONG)
        .await
        .expect("nothing is parked any more");
    assert_eq!(
        sums.get("a").await.expect("a row").expect("there").sum,
        5 - 1000 + 1
    );
    running.stop().await.expect("a clean end");
}

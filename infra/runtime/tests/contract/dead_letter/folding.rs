//! Dead letters of projections: one that can't fold what is broken, until a mended build can.

use std::{collections::BTreeMap, sync::Arc};

use orderlog_runtime::{
    dead_letter::{DeadLetterError, Ruling},
    projection::erase,
    projector::{Projector, ProjectorError},
    read_model::{PageQuery, ReadModel},
    read_store::{BehindReason, ReadError, Standing},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Bench, LONG, PAGE, WAITS, parked, refused};
use crate::{
    grants::Group,
    toy::{Slices, Sum, Sums, Toy, decode},
};

/// A build that folds.
struct Build {
    projector: Projector<Toy>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), ProjectorError>>,
}

impl Build {
    /// Whether it is mended: can fold what is broken.
    async fn start(bench: &Bench, mended: bool) -> Self {
        let sums = Sums {
            version: "1",
            broken_folds: mended,
        };
        let (log, store) = (bench.toy.log(), Arc::clone(&bench.reads));
        let projections = vec![erase(sums), erase(Slices)];
        let projector = Projector::open(log, store, projections, decode).await;
        let projector = projector.expect("a projector");
        let group = Group::new(bench.toy.log(), bench.reads.partitions(), PAGE);
        let (worker, stop) = (group.join_alone(), CancellationToken::new());
        let (running, cancel) = (projector.clone(), stop.clone());
        Self {
            projector,
            stop,
            task: tokio::spawn(async move { running.run(worker, cancel).await }),
        }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("no panic").expect("a clean end");
    }

    /// Rows and parked events of a rebuild are those that were live.
    async fn rebuilds_equal(&self, bench: &Bench) {
        let before = bench.parked("sums").await;
        let reports = self.projector.rebuild_all(&|_| {}).await.expect("rebuilt");
        assert!(reports.iter().all(|report| report.equal), "{reports:?}");
        assert_eq!(bench.parked("sums").await, before);
    }
}

impl Bench {
    /// Waits until the event of the key is passed: folded or parked.
    async fn folded_to(&self, key: &str, position: u64) {
        for name in ["sums", "slices"] {
            let mut standing = self.reads.progress().watch(name);
            let passed = |now: &Standing| now.position_of(key) >= position;
            let standing = tokio::time::timeout(LONG, standing.wait_for(passed)).await;
            drop(standing.expect("in time").expect("the store lives"));
        }
    }

    /// What a read behind the event of the key is told.
    async fn read_behind(&self, key: &str, position: u64) -> Result<(), ReadError> {
        let sums: ReadModel<Sum> = ReadModel::new(Arc::clone(&self.reads), "sums");
        sums.wait_for(position, key, LONG).await
    }

    /// Sum and tags of each key.
    async fn sums(&self) -> BTreeMap<String, (i64, Vec<String>)> {
        let all = PageQuery {
            filter: Vec::new(),
            order_by: "key",
            descending: false,
            after: None,
            limit: 1000,
        };
        let sums: ReadModel<Sum> = ReadModel::new(Arc::clone(&self.reads), "sums");
        let page = sums.page(&all).await.expect("rows");
        let rows = page.rows.into_iter();
        rows.map(|found| (found.key, (found.row.sum, found.row.tags)))
            .collect()
    }
}

fn tagged(tag: &str) -> Toy {
    Toy::Tagged(tag.to_owned())
}

fn is_parked(read: Result<(), ReadError>) -> bool {
    let parked = BehindReason::Parked;
    matches!(read, Err(ReadError::Behind { reason, .. }) if reason == parked)
}

pub(crate) async fn what_was_parked_is_folded_in_order_by_a_mended_build(bench: Bench) {
    let build = Build::start(&bench, false).await;
    let events = [Toy::Added(1), Toy::Broken, tagged("x"), tagged("y")];
    let at = bench.append("a", &events).await;
    bench.append("b", &[Toy::Added(7)]).await;
    bench.folded_to("a", at[3]).await;
    let waiting = [(at[1], "broken"), (at[2], WAITS), (at[3], WAITS)];
    assert_eq!(bench.parked("sums").await, parked(&waiting));
    assert!(is_parked(bench.read_behind("a", at[3]).await));
    build.stop().await;

    let build = Build::start(&bench, true).await;
    // Any of those that are parked will do.
    let decided = bench.decide(Ruling::Redrive, "sums", at[2]).await;
    let later = bench.append("a", &[tagged("z")]).await[0];
    bench.folded_to("a", later).await;
    assert!(decided < later);
    bench.read_behind("a", later).await.expect("well again");
    assert_eq!(bench.parked("sums").await, []);
    let tags = ["x", "y", "z"].map(str::to_owned).to_vec();
    let (a, b) = (
        ("a".to_owned(), (-999, tags)),
        ("b".to_owned(), (7, Vec::new())),
    );
    bench.folded_to("b", at[3] + 1).await;
    assert_eq!(bench.sums().await, BTreeMap::from([a, b]));
    build.rebuilds_equal(&bench).await;
    build.stop().await;
}

pub(crate) async fn what_fails_again_stays_parked_and_the_others_go_on(bench: Bench) {
    let build = Build::start(&bench, false).await;
    let at = bench.append("a", &[Toy::Broken, Toy::Added(1)]).await;
    bench.folded_to("a", at[1]).await;
    let decided = bench.decide(Ruling::Redrive, "sums", at[0]).await;
    let later = bench.append("a", &[Toy::Added(1)]).await[0];
    bench.folded_to("a", later).await;
    let waiting = [(at[0], "broken"), (at[1], WAITS), (later, WAITS)];
    assert_eq!(bench.parked("sums").await, parked(&waiting));
    assert!(is_parked(bench.read_behind("a", decided).await));
    let other = bench.append("b", &[Toy::Added(1)]).await[0];
    bench.folded_to("b", other).await;
    bench.read_behind("b", other).await.expect("goes on");
    build.rebuilds_equal(&bench).await;
    build.stop().await;
}

pub(crate) async fn what_is_discarded_is_dropped_and_the_next_that_fails_is_the_first(
    bench: Bench,
) {
    let build = Build::start(&bench, false).await;
    let events = [Toy::Broken, Toy::Added(1), Toy::Broken, Toy::Added(2)];
    let at = bench.append("a", &events).await;
    bench.folded_to("a", at[3]).await;
    let decided = bench.decide(Ruling::Discard, "sums", at[0]).await;
    bench.folded_to("a", decided).await;
    let waiting = [(at[2], "broken"), (at[3], WAITS)];
    assert_eq!(bench.parked("sums").await, parked(&waiting));
    bench
        .read_behind("a", at[1])
        .await
        .expect("well up to there");
    assert!(is_parked(bench.read_behind("a", at[2]).await));
    build.rebuilds_equal(&bench).await;

    let decided = bench.decide(Ruling::Discard, "sums", at[2]).await;
    bench.folded_to("a", decided).await;
    assert_eq!(bench.parked("sums").await, []);
    assert_eq!(bench.sums().await["a"].0, 3);
    build.rebuilds_equal(&bench).await;
    build.stop().await;
}

pub(crate) async fn what_was_decided_while_nothing_ran_is_carried_out_once(bench: Bench) {
    let build = Build::start(&bench, false).await;
    let events = [Toy::Broken, Toy::Added(1), Toy::Broken, Toy::Added(2)];
    let at = bench.append("a", &events).await;
    bench.folded_to("a", at[3]).await;
    build.task.abort();
    let ended = build.task.await;
    assert!(ended.is_err_and(|error| error.is_cancelled()));

    bench.decide(Ruling::Discard, "sums", at[0]).await;
    let again = bench.decide(Ruling::Discard, "sums", at[0]).await;
    let build = Build::start(&bench, false).await;
    bench.folded_to("a", again).await;
    let waiting = [(at[2], "broken"), (at[3], WAITS)];
    assert_eq!(bench.parked("sums").await, parked(&waiting));
    assert_eq!(bench.sums().await["a"].0, 1);
    build.rebuilds_equal(&bench).await;
    build.stop().await;
}

pub(crate) async fn keys_are_decided_upon_one_by_one(bench: Bench) {
    let keys: Vec<String> = (0..10).map(|n| format!("k{n}")).collect();
    let build = Build::start(&bench, false).await;
    let mut firsts = Vec::new();
    for key in &keys {
        let at = bench.append(key, &[Toy::Broken, Toy::Added(5)]).await;
        bench.folded_to(key, at[1]).await;
        firsts.push(at[0]);
    }
    let mut expected: BTreeMap<String, (i64, Vec<String>)> = BTreeMap::new();
    for (key, first) in keys.iter().zip(&firsts).step_by(2) {
        let decided = bench.decide(Ruling::Discard, "sums", *first).await;
        bench.folded_to(key, decided).await;
        expected.insert(key.clone(), (5, Vec::new()));
    }
    assert_eq!(bench.sums().await, expected);
    assert_eq!(bench.parked("sums").await.len(), 10);
    build.rebuilds_equal(&bench).await;
    build.stop().await;

    let build = Build::start(&bench, true).await;
    for (key, first) in keys.iter().zip(&firsts).skip(1).step_by(2) {
        let decided = bench.decide(Ruling::Redrive, "sums", *first).await;
        bench.folded_to(key, decided).await;
        expected.insert(key.clone(), (-995, Vec::new()));
    }
    assert_eq!(bench.sums().await, expected);
    assert_eq!(bench.parked("sums").await, []);
    build.stop().await;
}

pub(crate) async fn what_may_not_be_decided_is_refused(bench: Bench) {
    let build = Build::start(&bench, false).await;
    let at = bench.append("a", &[Toy::Broken, Toy::Added(1)]).await;
    bench.folded_to("a", at[1]).await;
    let head = bench.toy.log().head().await.expect("a head");
    assert!(matches!(
        refused(&bench, Ruling::Discard, "sums", at[1]).await,
        DeadLetterError::NotFirst { position, .. } if position == at[1]
    ));
    assert!(matches!(
        refused(&bench, Ruling::Redrive, "slices", at[0]).await,
        DeadLetterError::NotParked { .. }
    ));
    assert!(matches!(
        refused(&bench, Ruling::Redrive, "nobody", at[0]).await,
        DeadLetterError::UnknownConsumer { known, .. } if known == ["slices", "sums", "toys"]
    ));
    assert_eq!(bench.toy.log().head().await.expect("a head"), head);

    let letters = bench.letters();
    let letter = letters.find("sums", at[0]).await.expect("a dead letter");
    assert!(letter.first && letter.partition_key == "a");
    bench.decide(Ruling::Redrive, "sums", at[0]).await;
    let decisions = letters.decisions(&letter).await.expect("a list");
    let event = letters.event(&letter).await.expect("an event");
    assert_eq!(decisions.len(), 1);
    assert_eq!(decisions[0].event_type, "DeadLetterRedriven");
    assert_eq!(decisions[0].stream, format!("dead_letter-sums-{}", at[0]));
    assert_eq!(decisions[0].partition_key, "a");
    assert_eq!(decisions[0].actor, "somebody");
    assert_eq!(decisions[0].causation_id, event.event_id);
    assert_eq!(decisions[0].correlation_id, event.correlation_id);
    build.stop().await;
}

//! Projectors that share the partitions of one log: whoever folds what, rows are those of a rebuild
//! and no event is applied twice.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use orderlog_log::event_reader::EventReader;
use orderlog_runtime::{
    projection::erase,
    projector::{DecodeError, ProjectionState, Projector, ProjectorError},
    read_model::{PageQuery, ReadModel},
    read_store::{Activity, BehindReason, ReadError, ReadStore, Standing},
    source::partition_of,
};
use tokio_util::sync::CancellationToken;

use crate::{
    grants::{Chance, Group, Membership},
    projector::Running,
    toy::{self, Slices, Sum, Toy, ToyLog, decode, projector},
};

const COUNT: u32 = 5;
const LONG: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_millis(20);

/// A process that folds, with a view of the read models of its own.
struct Process {
    store: Arc<dyn ReadStore>,
    projector: Projector<Toy>,
    membership: Membership,
    running: Running,
}

impl Process {
    async fn start(toy: &ToyLog, group: &Group) -> Self {
        let store = toy.partitioned_read_store(COUNT).await;
        let projector = projector(toy, &store).await;
        let (membership, worker) = group.join();
        Self {
            running: Running::start(&projector, worker),
            store,
            projector,
            membership,
        }
    }
}

/// Waits until the projections of `store` stand like this.
async fn stands(store: &Arc<dyn ReadStore>, like: impl Fn(&Standing) -> bool) {
    for name in ["sums", "slices"] {
        let mut standing = store.progress().watch(name);
        let standing = tokio::time::timeout(LONG, standing.wait_for(&like)).await;
        drop(standing.expect("in time").expect("the store lives"));
    }
}

fn passed(standing: &Standing, partition: u32) -> u64 {
    let position = standing.positions.get(partition as usize);
    position.copied().unwrap_or_default()
}

/// A key of the partition.
fn key_of(partition: u32) -> String {
    (0..)
        .map(|n| format!("k{n}"))
        .find(|key| partition_of(key, COUNT) == partition)
        .expect("there are enough keys")
}

/// The last position of each partition.
async fn ends(toy: &ToyLog) -> BTreeMap<u32, u64> {
    let log = toy.store.read_all(0, 1_000_000).await.expect("the log");
    let end = |event: &orderlog_log::event::RecordedEvent| {
        (partition_of(&event.partition_key, COUNT), event.position)
    };
    log.iter().map(end).collect()
}

/// What the rows should be, folded by hand.
async fn expected(toy: &ToyLog) -> BTreeMap<String, Sum> {
    let mut rows: BTreeMap<String, Sum> = BTreeMap::new();
    for event in toy.store.read_all(0, 1_000_000).await.expect("the log") {
        let Ok(Toy::Added(amount)) = decode(&event) else {
            panic!("nothing else was appended");
        };
        let row = rows.entry(event.partition_key).or_default();
        row.sum += amount;
        row.events += 1;
    }
    rows
}

async fn rows(store: &Arc<dyn ReadStore>) -> BTreeMap<String, Sum> {
    let all = PageQuery {
        filter: Vec::new(),
        order_by: "key",
        descending: false,
        after: None,
        limit: 10_000,
    };
    let sums: ReadModel<Sum> = ReadModel::new(Arc::clone(store), "sums");
    let page = sums.page(&all).await.expect("rows");
    page.rows
        .into_iter()
        .map(|found| (found.key, found.row))
        .collect()
}

/// Some events of many keys.
fn load(chance: &mut Chance, events: u64) -> Vec<(String, Toy)> {
    let event = |chance: &mut Chance| {
        let amount = i64::try_from(chance.below(100)).expect("small");
        (format!("k{}", chance.below(60)), Toy::Added(amount))
    };
    (0..events).map(|_| event(chance)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_those_of_a_rebuild_however_partitions_are_handed_about() {
    for seed in 1..=6 {
        let mut chance = Chance::new(seed);
        let toy = ToyLog::new();
        let page = 1 + usize::try_from(chance.below(30)).expect("small");
        let group = Group::new(toy.log(), COUNT, page);
        let processes = [
            Process::start(&toy, &group).await,
            Process::start(&toy, &group).await,
        ];
        let mut owners = BTreeMap::new();
        for _ in 0..60 {
            let events = 1 + chance.below(25);
            toy.append_all(&load(&mut chance, events)).await;
            let partition = u32::try_from(chance.below(COUNT.into())).expect("small");
            let to = usize::try_from(chance.below(2)).expect("small");
            if chance.below(3) > 0 || owners.get(&partition) == Some(&to) {
                group.revoke(partition).await;
            }
            // Who was not told goes on beside the new one.
            group.grant(partition, &processes[to].membership);
            owners.insert(partition, to);
        }
        for (partition, end) in ends(&toy).await {
            let owner = &processes[owners.get(&partition).copied().unwrap_or(0)];
            if !owners.contains_key(&partition) {
                group.grant(partition, &owner.membership);
            }
            stands(&owner.store, |now| passed(now, partition) >= end).await;
        }
        assert_eq!(
            rows(&processes[0].store).await,
            expected(&toy).await,
            "seed {seed}"
        );
        let reports = processes[1].projector.rebuild_all(&|_| {}).await;
        for report in reports.expect("rebuilt") {
            assert!(report.equal, "seed {seed}: {report:?}");
        }
        for process in processes {
            process.running.stop().await.expect("a clean end");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_in_another_process_ends_equal_beside_the_load() {
    let toy = ToyLog::new();
    let group = Group::new(toy.log(), COUNT, 100);
    let process = Process::start(&toy, &group).await;
    for partition in 0..COUNT {
        group.grant(partition, &process.membership);
    }
    let elsewhere = projector(&toy, &toy.partitioned_read_store(COUNT).await).await;
    let mut chance = Chance::new(7);
    for _ in 0..5 {
        toy.append_all(&load(&mut chance, 400)).await;
        let reports = elsewhere.rebuild_all(&|_| {}).await.expect("rebuilt");
        assert!(reports.iter().all(|report| report.equal), "{reports:?}");
    }
    let ends = ends(&toy).await;
    stands(&process.store, |now| {
        ends.iter()
            .all(|(partition, end)| passed(now, *partition) >= *end)
    })
    .await;
    assert_eq!(rows(&process.store).await, expected(&toy).await);
    process.running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn a_rebuild_takes_each_partition_to_where_the_live_rows_stand() {
    let toy = ToyLog::new();
    let group = Group::new(toy.log(), COUNT, 100);
    let process = Process::start(&toy, &group).await;
    toy.append_all(&load(&mut Chance::new(3), 500)).await;
    let all = ends(&toy).await;
    // Partition 0 is followed by nobody, 1 was left halfway, the others are at their end.
    for partition in 1..COUNT {
        group.grant(partition, &process.membership);
    }
    stands(&process.store, |now| {
        (1..COUNT).all(|partition| passed(now, partition) >= all[&partition])
    })
    .await;
    group.revoke(1).await;
    toy.append_all(&load(&mut Chance::new(4), 500)).await;
    let ends = ends(&toy).await;
    stands(&process.store, |now| {
        (2..COUNT).all(|partition| passed(now, partition) >= ends[&partition])
    })
    .await;
    let before = rows(&process.store).await;
    let positions = process.store.progress().of("sums").positions;
    let reports = process.projector.rebuild_all(&|_| {}).await;
    for report in reports.expect("rebuilt") {
        assert!(report.equal, "{report:?}");
        assert!(report.events < 1000, "{report:?}");
    }
    assert_eq!(rows(&process.store).await, before);
    assert_eq!(process.store.progress().of("sums").positions, positions);
    assert_eq!((positions[0], positions[1]), (0, all[&1]));
    // What was left is folded behind it.
    group.grant(0, &process.membership);
    group.grant(1, &process.membership);
    stands(&process.store, |now| {
        (0..COUNT).all(|partition| passed(now, partition) >= ends[&partition])
    })
    .await;
    assert_eq!(rows(&process.store).await, expected(&toy).await);
    process.running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn a_read_waits_for_its_own_partition_alone() {
    let toy = ToyLog::new();
    let group = Group::new(toy.log(), COUNT, 100);
    let process = Process::start(&toy, &group).await;
    group.grant(2, &process.membership);
    let (followed, idle) = (key_of(2), key_of(3));
    let sums: ReadModel<Sum> = ReadModel::new(Arc::clone(&process.store), "sums");
    let early = toy.append(&idle, &Toy::Added(1)).await;
    let late = toy.append(&followed, &Toy::Added(1)).await;
    sums.wait_for(late, &followed, LONG).await.expect("reached");
    let behind = sums.wait_for(early, &idle, SOON).await.expect_err("behind");
    assert_eq!(
        behind,
        ReadError::Behind {
            projection: "sums".to_owned(),
            at: 0,
            wanted: early,
            reason: BehindReason::Lag
        }
    );
    let status = process.projector.projections().await.expect("a list");
    assert!(status.iter().all(|one| one.lag == early), "{status:?}");

    // Partitions without events behind their checkpoint are at the end, wherever that is.
    group.grant(3, &process.membership);
    sums.wait_for(early, &idle, LONG).await.expect("reached");
    let last = toy.append(&followed, &Toy::Added(1)).await;
    stands(&process.store, |now| now.position() >= last).await;
    let status = process.projector.projections().await.expect("a list");
    for one in status {
        assert_eq!((one.position, one.head, one.lag), (last, last, 0));
        assert_eq!(one.positions, [0, 0, last, early, 0]);
        assert_eq!(one.state, ProjectionState::Live);
    }
    process.running.stop().await.expect("a clean end");
}

/// What a build can read that knows one more type of event.
fn decode_novelty(event: &orderlog_log::event::RecordedEvent) -> Result<Toy, DecodeError> {
    match event.event_type.as_str() {
        "Novelty" => Ok(Toy::Added(1000)),
        _ => decode(event),
    }
}

#[tokio::test]
async fn an_event_of_a_newer_build_halts_its_partition_until_a_newer_build_has_it() {
    let toy = ToyLog::new();
    let group = Group::new(toy.log(), COUNT, 100);
    let process = Process::start(&toy, &group).await;
    for partition in 0..COUNT {
        group.grant(partition, &process.membership);
    }
    let (halted, other) = (key_of(1), key_of(2));
    toy.append(&halted, &Toy::Added(1)).await;
    let chain = uuid::Uuid::now_v7();
    let novelty = toy
        .append_raw(&[(halted.clone(), "Novelty", "{}".to_owned(), chain)])
        .await;
    let last = toy.append(&other, &Toy::Added(1)).await;
    stands(&process.store, |now| {
        passed(now, 2) >= last && now.halted.contains(&1)
    })
    .await;
    let why = process.projector.halted();
    assert_eq!(why.keys().collect::<Vec<_>>(), [&1]);
    assert!(why[&1].contains("position 2") && why[&1].contains("newer"));
    let sums: ReadModel<Sum> = ReadModel::new(Arc::clone(&process.store), "sums");
    let behind = sums.wait_for(novelty, &halted, SOON).await;
    assert!(matches!(
        behind,
        Err(ReadError::Behind {
            at: 1,
            reason: BehindReason::NotRunning,
            ..
        })
    ));
    let status = process.projector.projections().await.expect("a list");
    assert!(
        status.iter().all(|one| matches!(
            &one.state,
            ProjectionState::Halted(why) if why.contains("partition 1") && why.contains("Novelty")
        )),
        "{status:?}"
    );

    group.revoke(1).await;
    stands(&process.store, |now| now.halted.is_empty()).await;
    let newer = toy.partitioned_read_store(COUNT).await;
    let projections = vec![toy::sums(), erase(Slices)];
    let projector = Projector::open(toy.log(), Arc::clone(&newer), projections, decode_novelty)
        .await
        .expect("a projector");
    let (membership, worker) = group.join();
    let running = Running::start(&projector, worker);
    group.grant(1, &membership);
    stands(&newer, |now| passed(now, 1) >= novelty).await;
    assert_eq!(rows(&newer).await[&halted].sum, 1001);
    running.stop().await.expect("a clean end");
    process.running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn a_pause_in_another_process_is_followed() {
    let toy = ToyLog::new();
    let group = Group::new(toy.log(), COUNT, 100);
    let store = toy.partitioned_read_store(COUNT).await;
    let running = Running::start(&projector(&toy, &store).await, group.join_alone());
    let elsewhere = projector(&toy, &toy.partitioned_read_store(COUNT).await).await;
    let mut standing = store.progress().watch("sums");
    let mut becomes = async |activity: Activity| {
        let changed = standing.wait_for(|now| now.activity == activity);
        let changed = tokio::time::timeout(LONG, changed).await;
        drop(changed.expect("in time").expect("the store lives"));
    };
    elsewhere.pause("sums").await.expect("paused");
    becomes(Activity::Paused).await;
    let key = key_of(4);
    let last = toy.append(&key, &Toy::Added(1)).await;
    let slices: ReadModel<i64> = ReadModel::new(Arc::clone(&store), "slices");
    slices.wait_for(last, &key, LONG).await.expect("goes on");
    let sums: ReadModel<Sum> = ReadModel::new(Arc::clone(&store), "sums");
    assert!(sums.get(&key).await.expect("an answer").is_none());
    elsewhere.resume("sums").await.expect("resumed");
    becomes(Activity::Running).await;
    sums.wait_for(last, &key, LONG).await.expect("caught up");
    running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn a_fan_out_of_another_number_of_partitions_is_refused() {
    let toy = ToyLog::new();
    let store = toy.partitioned_read_store(COUNT).await;
    let run = projector(&toy, &store)
        .await
        .run(toy.fan_out(), CancellationToken::new())
        .await;
    assert!(matches!(
        run,
        Err(ProjectorError::Partitions {
            fan_out: 1,
            store: COUNT
        })
    ));
}

//! Process runtimes that share the partitions of one log.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use orderlog_log::{clock::Clock, event::RecordedEvent, event_reader::EventReader};
use orderlog_runtime::{
    process::{
        EventHandler, HandleError, ProcessError, ProcessRuntime, ProcessSettings, ProcessStore,
    },
    source::partition_of,
    sqlite::{SqliteProcessStore, SqliteWorkStore},
    work::{NewWork, WorkStore},
};
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    grants::{Chance, Group, Membership},
    toy::{Toy, ToyLog},
};

const COUNT: u32 = 5;
const LONG: Duration = Duration::from_secs(30);

/// Notes what is handled, by whichever runtime.
#[derive(Default)]
struct Noting {
    handled: Mutex<HashMap<String, Vec<u64>>>,
}

#[async_trait]
impl EventHandler for Noting {
    async fn handle(&self, event: &RecordedEvent) -> Result<Vec<NewWork>, HandleError> {
        tokio::time::sleep(Duration::from_micros(event.position % 5 * 200)).await;
        let key = event.partition_key.clone();
        self.handled
            .lock()
            .entry(key)
            .or_default()
            .push(event.position);
        Ok(vec![NewWork {
            id: Uuid::new_v5(&event.event_id, b"work"),
            kind: "timer",
            due_at: event.recorded_at + TimeDelta::hours(1),
            payload: String::new(),
            event_id: event.event_id,
            correlation_id: event.correlation_id,
        }])
    }
}

struct Bench {
    toy: ToyLog,
    work: SqliteWorkStore,
    store: SqliteProcessStore,
    handler: Arc<Noting>,
}

struct Process {
    membership: Membership,
    stop: CancellationToken,
    task: JoinHandle<Result<(), ProcessError>>,
}

impl Bench {
    async fn new() -> Self {
        let toy = ToyLog::new();
        let work = SqliteWorkStore::open(toy.store.clone()).await;
        let work = work.expect("a store");
        let store = SqliteProcessStore::open(toy.store.clone(), work.clone()).await;
        Self {
            toy,
            work,
            store: store.expect("a store"),
            handler: Arc::default(),
        }
    }

    fn start(&self, group: &Group) -> Process {
        let settings = ProcessSettings {
            concurrency: 16,
            ahead: 32,
        };
        let handler: Arc<dyn EventHandler> = self.handler.clone();
        let store = Arc::new(self.store.clone());
        let runtime = ProcessRuntime::new(
            "toys",
            self.toy.log(),
            store,
            handler,
            Clock::system(),
            settings,
        );
        let (membership, worker) = group.join();
        let stop = CancellationToken::new();
        let cancel = stop.clone();
        Process {
            membership,
            stop,
            task: tokio::spawn(async move { runtime.run(worker, cancel).await }),
        }
    }

    async fn append(&self, chance: &mut Chance) {
        let events: Vec<_> = (0..1 + chance.below(20))
            .map(|_| (format!("k{}", chance.below(25)), Toy::Added(1)))
            .collect();
        self.toy.append_all(&events).await;
    }

    /// Waits until every event of the log is handled and saved.
    async fn all_is_saved(&self) {
        let mut changed = self.work.changed();
        while !self.is_saved().await {
            let changed = tokio::time::timeout(LONG, changed.changed()).await;
            changed.expect("in time").expect("open");
        }
    }

    async fn is_saved(&self) -> bool {
        let log = self.log().await;
        for partition in 0..COUNT {
            let of_partition =
                |event: &&RecordedEvent| partition_of(&event.partition_key, COUNT) == partition;
            let end = log
                .iter()
                .rfind(of_partition)
                .map_or(0, |event| event.position);
            let state = self.store.load("toys", partition).await.expect("a state");
            let at = state.checkpoint;
            assert!(at.offset.unwrap_or_default() <= at.checkpoint.position.cast_signed());
            if at.checkpoint.position < end {
                return false;
            }
        }
        let rows = self.work.counts(Clock::system().now()).await;
        assert_eq!(rows.expect("counts").later, log.len() as u64);
        true
    }

    /// Each event was handled, and for the first time behind those before it of its key.
    async fn handled_in_order(&self) {
        let mut due: HashMap<String, Vec<u64>> = HashMap::new();
        for event in self.log().await {
            due.entry(event.partition_key)
                .or_default()
                .push(event.position);
        }
        let mut handled = self.handler.handled.lock().clone();
        for positions in handled.values_mut() {
            let mut seen = HashSet::new();
            positions.retain(|position| seen.insert(*position));
        }
        assert_eq!(handled, due);
    }

    async fn log(&self) -> Vec<RecordedEvent> {
        let log = self.toy.store.read_all(0, 1_000_000).await;
        log.expect("the log")
    }
}

impl Process {
    async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("no panic").expect("a clean end");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_skipped_where_partitions_are_handed_about() {
    let bench = Bench::new().await;
    let group = Group::new(bench.toy.log(), COUNT, 7);
    let processes = [bench.start(&group), bench.start(&group)];
    let mut chance = Chance::new(11);
    for turn in 0..50 {
        bench.append(&mut chance).await;
        let partition = turn % COUNT;
        group.revoke(partition).await;
        let to = usize::try_from(chance.below(2)).expect("small");
        group.grant(partition, &processes[to].membership);
    }
    bench.all_is_saved().await;
    for process in processes {
        process.stop().await;
    }
    bench.handled_in_order().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zombie_makes_nobody_skip_an_event() {
    let bench = Bench::new().await;
    let group = Group::new(bench.toy.log(), COUNT, 7);
    let processes = [bench.start(&group), bench.start(&group)];
    let mut chance = Chance::new(12);
    for turn in 0..2 * COUNT {
        bench.append(&mut chance).await;
        // The second worker gets what the first one has, which is not told and goes on.
        let to = usize::try_from(turn / COUNT).expect("small");
        group.grant(turn % COUNT, &processes[to].membership);
    }
    for _ in 0..20 {
        bench.append(&mut chance).await;
    }
    bench.all_is_saved().await;
    for process in processes {
        process.stop().await;
    }
    bench.handled_in_order().await;
}

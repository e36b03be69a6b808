//! The process runtime: order per key, crashes, poison, and when it is quiet.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use orderlog_log::{clock::Clock, event::RecordedEvent};
use orderlog_runtime::{
    process::{
        EventHandler, HandleError, ProcessError, ProcessRuntime, ProcessSave, ProcessSettings,
        ProcessStore, until_quiet,
    },
    source::Checkpoint,
    sqlite::{SqliteProcessStore, SqliteWorkStore},
    work::{NewWork, WorkStore},
};
use parking_lot::Mutex;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::toy::{Toy, ToyLog};

type Script = Box<dyn Fn(&RecordedEvent, usize) -> Result<Duration, HandleError> + Send + Sync>;

/// Notes the events handled to the end, per key; each asks for one work row.
struct Noting {
    handled: Mutex<HashMap<String, Vec<u64>>>,
    running: Mutex<HashSet<String>>,
    tries: Mutex<HashMap<u64, usize>>,
    script: Script,
}

impl Noting {
    fn new(script: Script) -> Arc<Self> {
        let (handled, running, tries) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Self {
            handled,
            running,
            tries,
            script,
        })
    }

    fn all(&self) -> HashMap<String, Vec<u64>> {
        self.handled.lock().clone()
    }

    fn of(&self, key: &str) -> Vec<u64> {
        self.all().remove(key).unwrap_or_default()
    }
}

#[async_trait]
impl EventHandler for Noting {
    async fn handle(&self, event: &RecordedEvent) -> Result<Vec<NewWork>, HandleError> {
        let tries = *self
            .tries
            .lock()
            .entry(event.position)
            .and_modify(|n| *n += 1)
            .or_insert(0);
        let key = event.partition_key.clone();
        assert!(
            self.running.lock().insert(key.clone()),
            "two events of {key} at once"
        );
        let said = (self.script)(event, tries);
        if let Ok(time) = said {
            tokio::time::sleep(time).await;
        }
        self.running.lock().remove(&key);
        said?;
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
}

struct Running {
    passed: watch::Receiver<u64>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), ProcessError>>,
}

impl Bench {
    async fn new() -> Self {
        let toy = ToyLog::new();
        let work = SqliteWorkStore::open(toy.store.clone())
            .await
            .expect("a store");
        let store = SqliteProcessStore::open(toy.store.clone(), work.clone())
            .await
            .expect("a store");
        Self { toy, work, store }
    }

    fn start(&self, handler: &Arc<Noting>) -> Running {
        let runtime = ProcessRuntime::new(
            "toys",
            self.toy.log(),
            Arc::new(self.store.clone()),
            Arc::clone(handler) as Arc<dyn EventHandler>,
            Clock::system(),
            ProcessSettings {
                concurrency: 16,
                ahead: 64,
            },
        );
        let (passed, stop) = (runtime.passed(), CancellationToken::new());
        let (fan_out, cancel) = (self.toy.fan_out(), stop.clone());
        Running {
            passed,
            stop,
            task: tokio::spawn(async move { runtime.run(fan_out, cancel).await }),
        }
    }

    async fn work_rows(&self) -> u64 {
        self.work
            .counts(Clock::system().now())
            .await
            .expect("counts")
            .later
    }
}

impl Running {
    async fn passed(&mut self, position: u64) {
        let passed = self.passed.wait_for(|passed| *passed >= position);
        tokio::time::timeout(Duration::from_secs(30), passed)
            .await
            .expect("in time")
            .expect("open");
    }

    async fn stop(self) -> Result<(), ProcessError> {
        self.stop.cancel();
        self.task.await.expect("no panic")
    }
}

fn spread(count: usize, keys: usize) -> Vec<(String, Toy)> {
    (0..count)
        .map(|n| (format!("k{}", (n * n + n / 3) % keys), Toy::Added(1)))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_key_are_handled_in_order_and_many_keys_at_once() {
    let bench = Bench::new().await;
    let last = bench.toy.append_all(&spread(600, 23)).await;
    let handler = Noting::new(Box::new(|event, tries| {
        let random = event.event_id.as_u128() % 7;
        if random == 0 && tries == 0 {
            return Err(HandleError::Infrastructure("once more".to_owned()));
        }
        Ok(Duration::from_micros(
            u64::try_from(random).unwrap_or(0) * 100,
        ))
    }));
    let mut running = bench.start(&handler);
    running.passed(last).await;
    running.stop().await.expect("a clean end");
    let handled = handler.all();
    assert!(handled.values().all(|positions| positions.is_sorted()));
    let mut all: Vec<_> = handled.values().flatten().copied().collect();
    all.sort_unstable();
    assert_eq!(all, (1..=last).collect::<Vec<_>>());
    assert_eq!(bench.work_rows().await, last);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_handles_again_and_skips_nothing() {
    let bench = Bench::new().await;
    let mut last = 0;
    let mut seen = HashSet::new();
    for round in 0..12 {
        last = bench.toy.append_all(&spread(50, 7)).await;
        let handler = Noting::new(Box::new(|_, _| Ok(Duration::ZERO)));
        let running = bench.start(&handler);
        // Any moment will do, so that no state has to be waited for.
        tokio::time::sleep(Duration::from_micros(round * 700)).await;
        running.task.abort();
        let _ = running.task.await;
        // What it handed to the log's writer before it was killed is written before this.
        bench
            .work
            .insert(Vec::new(), Clock::system().now())
            .await
            .expect("written");
        let stored = bench
            .store
            .load("toys", 0)
            .await
            .expect("a state")
            .checkpoint
            .checkpoint
            .position;
        seen.extend(handler.all().values().flatten().copied());
        for position in 1..=stored {
            assert!(
                seen.contains(&position),
                "{position} was passed and never handled"
            );
        }
        assert!(bench.work_rows().await >= stored);
    }
    let handler = Noting::new(Box::new(|_, _| Ok(Duration::ZERO)));
    let mut running = bench.start(&handler);
    running.passed(last).await;
    running.stop().await.expect("a clean end");
    assert_eq!(bench.work_rows().await, last);
}

#[tokio::test]
async fn a_key_that_waits_for_the_infrastructure_holds_back_the_checkpoint_alone() {
    let bench = Bench::new().await;
    let (open, gate) = watch::channel(false);
    let handler = Noting::new(Box::new(move |event, _| {
        if event.partition_key == "slow" && !*gate.borrow() {
            return Err(HandleError::Infrastructure("the gate is closed".to_owned()));
        }
        Ok(Duration::ZERO)
    }));
    bench
        .toy
        .append_all(&[("slow".into(), Toy::Added(1)), ("a".into(), Toy::Added(1))])
        .await;
    let last = bench
        .toy
        .append_all(&[("slow".into(), Toy::Added(1)), ("a".into(), Toy::Added(1))])
        .await;
    let mut running = bench.start(&handler);
    let mut changed = bench.work.changed();
    while bench.work_rows().await < 2 {
        changed.changed().await.expect("open");
    }
    assert_eq!(handler.of("a"), [2, 4]);
    assert_eq!(*running.passed.borrow(), 0);
    open.send_replace(true);
    running.passed(last).await;
    assert_eq!(handler.of("slow"), [1, 3]);
    running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn poison_parks_its_key_also_after_a_restart() {
    let bench = Bench::new().await;
    let poison: fn() -> Arc<Noting> = || {
        Noting::new(Box::new(|event, _| match event.data.as_str() {
            "\"Broken\"" => Err(HandleError::Poison("cannot be".to_owned())),
            _ => Ok(Duration::ZERO),
        }))
    };
    let event = |key: &str, toy| (key.to_owned(), toy);
    let last = bench
        .toy
        .append_all(&[
            event("a", Toy::Added(1)),
            event("a", Toy::Broken),
            event("b", Toy::Added(1)),
            event("a", Toy::Added(1)),
        ])
        .await;
    let handler = poison();
    let mut running = bench.start(&handler);
    running.passed(last).await;
    running.stop().await.expect("a clean end");
    assert_eq!((handler.of("a"), handler.of("b")), (vec![1], vec![3]));

    let handler = poison();
    let last = bench
        .toy
        .append_all(&[event("a", Toy::Added(1)), event("b", Toy::Added(1))])
        .await;
    let mut running = bench.start(&handler);
    running.passed(last).await;
    running.stop().await.expect("a clean end");
    assert_eq!((handler.of("a"), handler.of("b")), (vec![], vec![6]));
    let parked = bench.store.parked("toys", 0, 10).await.expect("a list");
    assert_eq!(
        parked.iter().map(|one| one.position).collect::<Vec<_>>(),
        [2, 4, 5]
    );
    assert_eq!(parked[0].reason, "cannot be");
}

#[tokio::test]
async fn a_process_that_was_overtaken_starts_again_from_what_is_stored() {
    let bench = Bench::new().await;
    let handler = Noting::new(Box::new(|_, _| Ok(Duration::ZERO)));
    let mut overtaken = bench.start(&handler);
    let first = bench.toy.append("a", &Toy::Added(1)).await;
    overtaken.passed(first).await;
    let stored = bench.store.load("toys", 0).await.expect("a state");
    let moved = ProcessSave {
        process: "toys".to_owned(),
        partition: 0,
        expected: stored.checkpoint.checkpoint,
        checkpoint: Checkpoint::start_of(stored.checkpoint.checkpoint.log_id),
        offset: None,
        work: Vec::new(),
        parked: Vec::new(),
        unparked: Vec::new(),
        at: Clock::system().now(),
    };
    bench.store.save(moved).await.expect("saved by another");
    let last = bench.toy.append("a", &Toy::Added(1)).await;
    overtaken.passed(last).await;
    overtaken.stop().await.expect("a clean end");
    // The second event was handled, refused with its save, and handled again behind the first.
    assert_eq!(handler.of("a"), [1, 2, 1, 2]);
    assert_eq!(bench.work_rows().await, 2);
}

#[tokio::test]
async fn it_is_quiet_once_all_events_are_handled_and_no_work_is_due() {
    let bench = Bench::new().await;
    let handler = Noting::new(Box::new(|_, _| Ok(Duration::from_millis(1))));
    let mut running = bench.start(&handler);
    let last = bench.toy.append_all(&spread(40, 3)).await;
    let (clock, log) = (Clock::system(), bench.toy.log());
    let quiet = until_quiet(log.as_ref(), &mut running.passed, &bench.work, &clock);
    let at = tokio::time::timeout(Duration::from_secs(30), quiet)
        .await
        .expect("in time");
    assert_eq!(at.expect("an answer"), last);
    assert_eq!(handler.all().values().map(Vec::len).sum::<usize>(), 40);
    running.stop().await.expect("a clean end");
}

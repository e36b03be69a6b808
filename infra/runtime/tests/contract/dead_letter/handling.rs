//! Dead letters of processes: a handler that can't handle what is broken, until it is mended.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use async_trait::async_trait;
use orderlog_log::{clock::Clock, event::RecordedEvent};
use orderlog_runtime::{
    dead_letter::Ruling,
    process::{EventHandler, HandleError, ProcessError, ProcessRuntime, ProcessSettings},
    work::NewWork,
};
use parking_lot::Mutex;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{Bench, LONG, PAGE, WAITS, parked};
use crate::{grants::Group, toy::Toy};

/// Notes what it has handled.
#[derive(Default)]
struct Handler {
    mended: AtomicBool,
    /// The event at this position is begun and never ended.
    stuck_at: AtomicU64,
    stuck: watch::Sender<bool>,
    handled: Mutex<Vec<(String, u64)>>,
}

#[async_trait]
impl EventHandler for Handler {
    async fn handle(&self, event: &RecordedEvent) -> Result<Vec<NewWork>, HandleError> {
        if event.data == "\"Broken\"" && !self.mended.load(Ordering::SeqCst) {
            return Err(HandleError::Poison("broken".to_owned()));
        }
        if event.position == self.stuck_at.load(Ordering::SeqCst) {
            self.stuck.send_replace(true);
            std::future::pending::<()>().await;
        }
        let handled = (event.partition_key.clone(), event.position);
        self.handled.lock().push(handled);
        Ok(Vec::new())
    }
}

impl Handler {
    /// Positions handled of the key, in this order.
    fn of(&self, key: &str) -> Vec<u64> {
        let handled = self.handled.lock();
        let of_key = handled.iter().filter(|(of, _)| of == key);
        of_key.map(|(_, position)| *position).collect()
    }
}

struct Process {
    passed: watch::Receiver<u64>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), ProcessError>>,
}

impl Process {
    fn start(bench: &Bench, handler: &Arc<Handler>) -> Self {
        let runtime = ProcessRuntime::new(
            "toys",
            bench.toy.log(),
            Arc::clone(&bench.processes),
            Arc::clone(handler) as Arc<dyn EventHandler>,
            Clock::system(),
            ProcessSettings::default(),
        );
        let group = Group::new(bench.toy.log(), bench.reads.partitions(), PAGE);
        let (worker, stop) = (group.join_alone(), CancellationToken::new());
        let (passed, cancel) = (runtime.passed(), stop.clone());
        Self {
            passed,
            stop,
            task: tokio::spawn(async move { runtime.run(worker, cancel).await }),
        }
    }

    /// Waits until the last event of the log is handled or parked, and saved.
    async fn passed(&mut self, last: u64) {
        let passed = self.passed.wait_for(|passed| *passed >= last);
        let passed = tokio::time::timeout(LONG, passed).await;
        drop(passed.expect("in time").expect("it runs"));
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("no panic").expect("a clean end");
    }

    async fn kill(self) {
        self.task.abort();
        let ended = self.task.await;
        assert!(ended.is_err_and(|error| error.is_cancelled()));
    }
}

pub(crate) async fn what_was_parked_is_handled_in_order_by_a_mended_handler(bench: Bench) {
    let handler = Arc::<Handler>::default();
    let mut process = Process::start(&bench, &handler);
    let events = [Toy::Added(1), Toy::Broken, Toy::Added(2), Toy::Added(3)];
    let at = bench.append("a", &events).await;
    process.passed(at[3]).await;
    let waiting = [(at[1], "broken"), (at[2], WAITS), (at[3], WAITS)];
    assert_eq!(bench.parked("toys").await, parked(&waiting));
    process.stop().await;

    handler.mended.store(true, Ordering::SeqCst);
    let mut process = Process::start(&bench, &handler);
    let decided = bench.decide(Ruling::Redrive, "toys", at[1]).await;
    let later = bench.append("a", &[Toy::Added(4)]).await[0];
    process.passed(later).await;
    assert_eq!(handler.of("a"), [at[0], at[1], at[2], at[3], later]);
    assert!(!handler.of("a").contains(&decided));
    assert_eq!(bench.parked("toys").await, []);
    process.stop().await;
}

pub(crate) async fn what_fails_again_is_parked_with_all_that_follow(bench: Bench) {
    let handler = Arc::<Handler>::default();
    let mut process = Process::start(&bench, &handler);
    let events = [Toy::Broken, Toy::Added(1), Toy::Broken, Toy::Added(2)];
    let at = bench.append("a", &events).await;
    process.passed(at[3]).await;
    let decided = bench.decide(Ruling::Redrive, "toys", at[0]).await;
    process.passed(decided).await;
    let waiting = [
        (at[0], "broken"),
        (at[1], WAITS),
        (at[2], WAITS),
        (at[3], WAITS),
    ];
    assert_eq!(bench.parked("toys").await, parked(&waiting));

    bench.decide(Ruling::Discard, "toys", at[0]).await;
    let later = bench.append("a", &[Toy::Added(3)]).await[0];
    process.passed(later).await;
    let other = bench.append("b", &[Toy::Added(1)]).await[0];
    process.passed(other).await;
    assert_eq!(
        (handler.of("a"), handler.of("b")),
        (vec![at[1]], vec![other])
    );
    let waiting = [(at[2], "broken"), (at[3], WAITS), (later, WAITS)];
    assert_eq!(bench.parked("toys").await, parked(&waiting));

    let decided = bench.decide(Ruling::Discard, "toys", at[2]).await;
    process.passed(decided).await;
    assert_eq!(handler.of("a"), [at[1], at[3], later]);
    assert_eq!(bench.parked("toys").await, []);
    process.stop().await;
}

pub(crate) async fn a_process_that_was_killed_carries_the_decision_out_to_the_end(bench: Bench) {
    let handler = Arc::<Handler>::default();
    let mut process = Process::start(&bench, &handler);
    let events = [Toy::Broken, Toy::Added(1), Toy::Added(2), Toy::Added(3)];
    let at = bench.append("a", &events).await;
    process.passed(at[3]).await;
    handler.stuck_at.store(at[2], Ordering::SeqCst);
    let mut stuck = handler.stuck.subscribe();
    let decided = bench.decide(Ruling::Discard, "toys", at[0]).await;
    let stuck = tokio::time::timeout(LONG, stuck.wait_for(|stuck| *stuck)).await;
    drop(stuck.expect("in time").expect("the handler lives"));
    // Dropped and half handled, and none of it saved.
    process.kill().await;
    assert_eq!(bench.parked("toys").await.len(), 4);

    let handler = Arc::<Handler>::default();
    let mut process = Process::start(&bench, &handler);
    process.passed(decided).await;
    assert_eq!(handler.of("a"), at[1..]);
    assert_eq!(bench.parked("toys").await, []);
    process.stop().await;
}

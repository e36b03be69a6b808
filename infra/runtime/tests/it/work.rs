//! The work loop: two of them, takeover, panics, wake-ups, a graceful end.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use orderlog_log::{clock::Clock, event_store::StoreError};
use orderlog_runtime::{
    backoff::Backoff,
    sqlite::SqliteWorkStore,
    work::{LeasedWork, WorkHandler, WorkLoop, WorkOutcome, WorkSettings, WorkStore},
};
use parking_lot::Mutex;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    contract::work_store::work,
    toy::{ToyLog, start},
};

/// Notes attempts; does what `script` says on each one.
struct Noting {
    attempts: Mutex<HashMap<Uuid, Vec<u32>>>,
    seen: watch::Sender<usize>,
    script: fn(&LeasedWork) -> WorkOutcome,
}

impl Noting {
    fn new(script: fn(&LeasedWork) -> WorkOutcome) -> Arc<Self> {
        Arc::new(Self {
            attempts: Mutex::default(),
            seen: watch::Sender::new(0),
            script,
        })
    }

    async fn saw(&self, attempts: usize) {
        let mut seen = self.seen.subscribe();
        let seen = seen.wait_for(|seen| *seen >= attempts);
        tokio::time::timeout(Duration::from_secs(30), seen)
            .await
            .expect("in time")
            .expect("open");
    }
}

#[async_trait]
impl WorkHandler for Noting {
    async fn attempt(&self, work: &LeasedWork) -> WorkOutcome {
        self.attempts
            .lock()
            .entry(work.id)
            .or_default()
            .push(work.earlier_attempts);
        self.seen.send_modify(|seen| *seen += 1);
        (self.script)(work)
    }
}

fn run(
    store: &SqliteWorkStore,
    clock: &Clock,
    handler: &Arc<Noting>,
) -> (CancellationToken, JoinHandle<Result<(), StoreError>>) {
    let settings = WorkSettings {
        again: Backoff {
            first: Duration::from_millis(1),
            most: Duration::from_millis(1),
        },
        concurrency: 8,
        ..WorkSettings::default()
    };
    let work = WorkLoop::new(Arc::new(store.clone()), clock.clone(), settings)
        .handle("timer", Arc::clone(handler) as Arc<dyn WorkHandler>);
    let stop = CancellationToken::new();
    let cancel = stop.clone();
    (stop, tokio::spawn(async move { work.run(cancel).await }))
}

async fn idle(store: &SqliteWorkStore, now: DateTime<Utc>) {
    let mut changed = store.changed();
    loop {
        changed.borrow_and_update();
        if store.counts(now).await.expect("counts").is_idle() {
            return;
        }
        changed.changed().await.expect("open");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_loops_do_each_row_once() {
    let toy = ToyLog::new();
    let store = SqliteWorkStore::open(toy.store.clone())
        .await
        .expect("a store");
    let clock = Clock::system();
    let handler = Noting::new(|_| WorkOutcome::Done);
    let loops = [run(&store, &clock, &handler), run(&store, &clock, &handler)];
    for _ in 0..20 {
        let rows = (0..15).map(|_| work("timer", clock.now())).collect();
        store.insert(rows, clock.now()).await.expect("inserted");
    }
    handler.saw(300).await;
    idle(&store, clock.now()).await;
    for (stop, task) in loops {
        stop.cancel();
        task.await.expect("no panic").expect("a clean end");
    }
    let attempts = handler.attempts.lock();
    assert_eq!(attempts.len(), 300);
    assert!(attempts.values().all(|tries| tries == &[0]));
}

#[tokio::test]
async fn the_work_of_a_worker_that_vanished_is_taken_over() {
    let toy = ToyLog::new();
    let store = SqliteWorkStore::open(toy.store.clone())
        .await
        .expect("a store");
    let (clock, hand) = Clock::manual(start());
    let row = work("timer", start());
    store
        .insert(vec![row.clone()], clock.now())
        .await
        .expect("inserted");
    let vanished = Noting::new(|_| WorkOutcome::Done);
    let lease = orderlog_runtime::work::Lease {
        owner: Uuid::now_v7(),
        kinds: vec!["timer".to_owned()],
        now: clock.now(),
        until: clock.now() + TimeDelta::seconds(60),
        limit: 1,
    };
    assert_eq!(store.lease(lease).await.expect("a lease").len(), 1);
    drop(vanished);

    hand.advance(TimeDelta::seconds(61));
    let heir = Noting::new(|_| WorkOutcome::Done);
    let (stop, task) = run(&store, &clock, &heir);
    heir.saw(1).await;
    stop.cancel();
    task.await.expect("no panic").expect("a clean end");
    assert_eq!(heir.attempts.lock().get(&row.id), Some(&vec![1]));
    assert!(store.counts(clock.now()).await.expect("counts").is_idle());
}

#[tokio::test]
async fn the_work_of_a_process_that_was_killed_is_due_when_the_next_one_opens_the_file() {
    let toy = ToyLog::new();
    let killed = SqliteWorkStore::open(toy.store.clone())
        .await
        .expect("a store");
    let (clock, _hand) = Clock::manual(start());
    let row = work("timer", start());
    let inserted = killed.insert(vec![row.clone()], clock.now()).await;
    inserted.expect("inserted");
    let lease = || orderlog_runtime::work::Lease {
        owner: Uuid::now_v7(),
        kinds: vec!["timer".to_owned()],
        now: clock.now(),
        until: clock.now() + TimeDelta::seconds(60),
        limit: 1,
    };
    assert_eq!(killed.lease(lease()).await.expect("a lease").len(), 1);
    assert_eq!(killed.lease(lease()).await.expect("a lease").len(), 0);

    let next = SqliteWorkStore::open(toy.store.clone())
        .await
        .expect("a store");
    let taken = next.lease(lease()).await.expect("a lease");
    assert_eq!((taken[0].id, taken[0].earlier_attempts), (row.id, 1));
}

#[tokio::test]
async fn a_row_waits_for_its_time_and_wakes_the_loop() {
    let toy = ToyLog::new();
    let store = SqliteWorkStore::open(toy.store.clone())
        .await
        .expect("a store");
    let clock = Clock::system();
    let handler = Noting::new(|_| WorkOutcome::Done);
    let (stop, task) = run(&store, &clock, &handler);
    let due = clock.now() + TimeDelta::milliseconds(300);
    let never = clock.now() + TimeDelta::hours(1);
    store
        .insert(vec![work("timer", due), work("timer", never)], clock.now())
        .await
        .expect("inserted");
    handler.saw(1).await;
    assert!(clock.now() >= due);
    stop.cancel();
    task.await.expect("no panic").expect("a clean end");
    let counts = store.counts(clock.now()).await.expect("counts");
    assert_eq!((counts.due, counts.leased, counts.later), (0, 0, 1));
}

#[tokio::test]
async fn an_attempt_that_panics_is_made_again() {
    let toy = ToyLog::new();
    let store = SqliteWorkStore::open(toy.store.clone())
        .await
        .expect("a store");
    let clock = Clock::system();
    let handler = Noting::new(|work| {
        assert!(work.earlier_attempts >= 2, "not yet");
        WorkOutcome::Done
    });
    let (stop, task) = run(&store, &clock, &handler);
    let row = work("timer", clock.now());
    store
        .insert(vec![row.clone()], clock.now())
        .await
        .expect("inserted");
    handler.saw(3).await;
    stop.cancel();
    task.await.expect("no panic").expect("a clean end");
    assert_eq!(handler.attempts.lock().get(&row.id), Some(&vec![0, 1, 2]));
    assert!(
        store
            .counts(clock.now() + TimeDelta::hours(1))
            .await
            .expect("counts")
            .is_idle()
    );
}

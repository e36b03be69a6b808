//! Work rows and process checkpoints in several processes at once.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use orderlog_runtime::{
    postgres::{PgProcessStore, PgWorkStore},
    process::{ProcessSave, ProcessStore, SaveError},
    source::{Checkpoint, StoredCheckpoint},
    work::{Lease, NewWork, Settled, WorkOutcome, WorkStore},
};
use uuid::Uuid;

use crate::database::{Database, in_time};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).expect("an instant")
}

fn work() -> NewWork {
    NewWork {
        id: Uuid::now_v7(),
        kind: "timer",
        due_at: now(),
        payload: "{}".to_owned(),
        event_id: Uuid::now_v7(),
        correlation_id: Uuid::now_v7(),
    }
}

async fn lease(store: &PgWorkStore, owner: Uuid, limit: usize) -> Vec<Uuid> {
    let lease = Lease {
        owner,
        kinds: vec!["timer".to_owned()],
        now: now(),
        until: now() + TimeDelta::seconds(60),
        limit,
    };
    let leased = store.lease(lease).await.expect("a lease");
    leased.into_iter().map(|row| row.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_of_several_processes_lease_every_row_once() {
    const ROWS: usize = 600;
    let database = Database::migrated().await;
    let store = database.work_store().await;
    let rows: Vec<NewWork> = (0..ROWS).map(|_| work()).collect();
    let all: BTreeSet<Uuid> = rows.iter().map(|row| row.id).collect();
    store.insert(rows, now()).await.expect("inserted");
    let mut workers = Vec::new();
    for _ in 0..4 {
        let store = database.work_store().await;
        workers.push(tokio::spawn(async move {
            let owner = Uuid::now_v7();
            let mut mine = Vec::new();
            // A worker may find all rows that are left just being leased by others.
            while !store.counts(now()).await.expect("counts").is_idle() {
                let leased = lease(&store, owner, 7).await;
                let settled = leased.iter().map(|id| Settled {
                    id: *id,
                    outcome: WorkOutcome::Done,
                    at: now(),
                });
                store
                    .settle(owner, settled.collect())
                    .await
                    .expect("settled");
                mine.extend(leased);
            }
            mine
        }));
    }
    let mut leased = Vec::new();
    for worker in workers {
        leased.extend(in_time(worker).await.expect("no panic"));
    }
    assert_eq!(leased.len(), ROWS);
    assert_eq!(leased.into_iter().collect::<BTreeSet<_>>(), all);
}

#[tokio::test]
async fn another_process_hears_of_new_work_at_once() {
    const TIMES: u32 = 20;
    let database = Database::migrated().await;
    let one = database.work_store().await;
    let other = database.work_store().await;
    let owner = Uuid::now_v7();
    let mut changed = other.changed();
    let began = Instant::now();
    for _ in 0..TIMES {
        let row = work();
        let id = row.id;
        changed.borrow_and_update();
        one.insert(vec![row], now()).await.expect("inserted");
        in_time(changed.changed()).await.expect("open");
        assert_eq!(lease(&other, owner, 1).await, [id]);
        // What it has just done itself is no news.
        changed.borrow_and_update();
    }
    // Without notifications each row would wait for the next poll, 250 ms after the last one.
    assert!(began.elapsed() < Duration::from_millis(125) * TIMES);
}

#[tokio::test]
async fn a_process_moves_on_in_each_partition_by_itself() {
    let database = Database::migrated().await;
    let work_store = database.work_store().await;
    let open = || PgProcessStore::open(database.pool(), database.log_id, work_store.clone());
    let (one, other) = (
        open().await.expect("a store"),
        open().await.expect("a store"),
    );
    let start = Checkpoint::start_of(database.log_id);
    let to = |position| Checkpoint {
        position,
        event_id: Uuid::now_v7(),
        ..start
    };
    let save = |partition, expected, checkpoint, offset| ProcessSave {
        process: "toys".to_owned(),
        partition,
        expected,
        checkpoint,
        offset,
        work: vec![work()],
        parked: Vec::new(),
        unparked: Vec::new(),
        at: now(),
    };
    let first = to(5);
    one.save(save(3, start, first, Some(17)))
        .await
        .expect("saved");
    let fenced = SaveError::Fenced {
        process: "toys".to_owned(),
    };
    assert_eq!(
        other.save(save(3, start, to(6), None)).await,
        Err(fenced.clone())
    );
    assert_eq!(other.save(save(4, first, to(6), None)).await, Err(fenced));
    let second = to(8);
    other
        .save(save(3, first, second, None))
        .await
        .expect("saved");
    let stored = one.load("toys", 3).await.expect("a state").checkpoint;
    let kept = StoredCheckpoint {
        checkpoint: second,
        offset: Some(17),
    };
    assert_eq!(stored, kept);
    let untouched = one.load("toys", 4).await.expect("a state").checkpoint;
    assert_eq!(untouched, StoredCheckpoint::start_of(database.log_id));
    assert_eq!(lease(&work_store, Uuid::now_v7(), 10).await.len(), 2);
}

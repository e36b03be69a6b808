//! What every process store does.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future::join_all;
use orderlog_runtime::{
    dead_letter::ParkedEvent,
    process::{ProcessSave, ProcessState, ProcessStore, SaveError},
    source::{Checkpoint, StoredCheckpoint},
    work::WorkStore,
};
use uuid::Uuid;

use super::work_store::work;

/// A process store and the work store that its work rows end up in.
pub(crate) struct Bench {
    pub(crate) store: Arc<dyn ProcessStore>,
    pub(crate) work: Arc<dyn WorkStore>,
    pub(crate) log_id: Uuid,
}

impl Bench {
    fn start(&self) -> Checkpoint {
        Checkpoint::start_of(self.log_id)
    }

    fn at(&self, position: u64) -> Checkpoint {
        Checkpoint {
            log_id: self.log_id,
            position,
            event_id: Uuid::now_v7(),
        }
    }

    async fn load(&self, process: &str, partition: u32) -> ProcessState {
        let loaded = self.store.load(process, partition).await;
        loaded.expect("a state")
    }

    /// Work rows that nobody has begun.
    async fn rows(&self) -> u64 {
        let counts = self.work.counts(now()).await.expect("counts");
        counts.due + counts.later
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).expect("an instant")
}

fn save(expected: Checkpoint, checkpoint: Checkpoint) -> ProcessSave {
    ProcessSave {
        process: "toys".to_owned(),
        partition: 3,
        expected,
        checkpoint,
        offset: None,
        work: Vec::new(),
        parked: Vec::new(),
        unparked: Vec::new(),
        at: now(),
    }
}

fn parked(position: u64, partition_key: &str) -> ParkedEvent {
    ParkedEvent {
        partition_key: partition_key.to_owned(),
        position,
        event_id: Uuid::now_v7(),
        event_type: "Toy".to_owned(),
        reason: "cannot be".to_owned(),
    }
}

fn is_fenced(refused: Result<(), SaveError>) -> bool {
    match refused {
        Err(SaveError::Fenced { process }) => process == "toys",
        Ok(()) | Err(SaveError::Store(_)) => false,
    }
}

pub(crate) async fn a_new_process_stands_at_the_start(bench: Bench) {
    let state = bench.load("toys", 3).await;
    assert_eq!(state.checkpoint, StoredCheckpoint::start_of(bench.log_id));
    assert!(state.parked.is_empty());
}

pub(crate) async fn what_was_saved_is_loaded_again(bench: Bench) {
    let to = bench.at(7);
    let saved = ProcessSave {
        offset: Some(70),
        work: vec![work("timer", now()), work("gateway", now())],
        parked: vec![parked(5, "b"), parked(6, "a"), parked(7, "b")],
        ..save(bench.start(), to)
    };
    bench.store.save(saved.clone()).await.expect("saved");
    let state = bench.load("toys", 3).await;
    let (checkpoint, offset) = (to, Some(70));
    assert_eq!(state.checkpoint, StoredCheckpoint { checkpoint, offset });
    let keys = [("a".to_owned(), vec![6]), ("b".to_owned(), vec![5, 7])];
    assert_eq!(state.parked, keys.into());
    assert_eq!(bench.rows().await, 2);
    // The same work again is the same row.
    let again = ProcessSave {
        work: saved.work,
        ..save(to, bench.at(8))
    };
    bench.store.save(again).await.expect("saved");
    assert_eq!(bench.rows().await, 2);
}

pub(crate) async fn a_stale_checkpoint_saves_nothing(bench: Bench) {
    let to = bench.at(7);
    bench
        .store
        .save(save(bench.start(), to))
        .await
        .expect("saved");
    let same_place_other_event = bench.at(7);
    for stale in [bench.start(), same_place_other_event, bench.at(6)] {
        let late = ProcessSave {
            work: vec![work("timer", now())],
            parked: vec![parked(9, "a")],
            ..save(stale, bench.at(9))
        };
        assert!(is_fenced(bench.store.save(late).await));
    }
    let state = bench.load("toys", 3).await;
    assert_eq!(state.checkpoint.checkpoint, to);
    assert!(state.parked.is_empty());
    assert_eq!(bench.rows().await, 0);
}

pub(crate) async fn work_and_parked_events_are_saved_where_the_checkpoint_stays(bench: Bench) {
    for (n, at) in [(1, bench.start()), (2, bench.at(4))] {
        if at.position > 0 {
            bench
                .store
                .save(save(bench.start(), at))
                .await
                .expect("saved");
        }
        let still = ProcessSave {
            work: vec![work("timer", now())],
            parked: vec![parked(10 + n, "a")],
            ..save(at, at)
        };
        bench.store.save(still).await.expect("saved");
        let state = bench.load("toys", 3).await;
        assert_eq!(state.checkpoint.checkpoint, at);
        let positions = (11..=10 + n).collect();
        assert_eq!(state.parked, [("a".to_owned(), positions)].into());
        assert_eq!(bench.rows().await, n);
    }
}

pub(crate) async fn partitions_and_processes_move_by_themselves(bench: Bench) {
    let mut ends = Vec::new();
    for (n, process, partition) in [(1, "toys", 0), (2, "toys", 3), (3, "games", 3)] {
        let to = bench.at(n);
        let saved = ProcessSave {
            process: process.to_owned(),
            partition,
            ..save(bench.start(), to)
        };
        bench.store.save(saved).await.expect("saved");
        ends.push((process, partition, to));
    }
    for (process, partition, to) in ends {
        let state = bench.load(process, partition).await;
        assert_eq!(state.checkpoint.checkpoint, to);
    }
    let untouched = bench.load("games", 0).await.checkpoint;
    assert_eq!(untouched, StoredCheckpoint::start_of(bench.log_id));
}

pub(crate) async fn of_many_who_save_at_once_the_stale_alone_save_nothing(bench: Bench) {
    let saves = (0..24).map(|partition| {
        let stale = partition % 3 == 1;
        let expected = if stale { bench.at(5) } else { bench.start() };
        let to = bench.at(6 + u64::from(partition));
        let key = format!("of {partition}");
        let save = ProcessSave {
            partition,
            work: vec![work("timer", now())],
            parked: vec![parked(to.position, &key)],
            ..save(expected, to)
        };
        let store = Arc::clone(&bench.store);
        async move { (stale, key, to, store.save(save).await) }
    });
    for (partition, (stale, key, to, saved)) in (0..).zip(join_all(saves).await) {
        let state = bench.load("toys", partition).await;
        assert_eq!(is_fenced(saved), stale);
        assert_eq!(state.checkpoint.checkpoint == to, !stale);
        assert_eq!(state.parked.contains_key(&key), !stale);
    }
    assert_eq!(bench.rows().await, 16);
}

pub(crate) async fn one_of_many_who_race_is_saved(bench: Bench) {
    let mut before = bench.start();
    for round in 1..=10 {
        let race = (0..4).map(|_| {
            let to = bench.at(round);
            let (store, save) = (Arc::clone(&bench.store), save(before, to));
            tokio::spawn(async move { (to, store.save(save).await) })
        });
        let mut won = Vec::new();
        for ended in join_all(race).await {
            match ended.expect("no panic") {
                (to, Ok(())) => won.push(to),
                (_, refused) => assert!(is_fenced(refused)),
            }
        }
        assert_eq!(won.len(), 1, "{won:?}");
        before = won[0];
        let state = bench.load("toys", 3).await;
        assert_eq!(state.checkpoint.checkpoint, before);
    }
}

pub(crate) async fn an_offset_stays_until_it_is_replaced(bench: Bench) {
    let mut before = bench.start();
    for (given, kept) in [
        (None, None),
        (Some(41), Some(41)),
        (None, Some(41)),
        (Some(50), Some(50)),
    ] {
        let to = bench.at(before.position + 1);
        let saved = ProcessSave {
            offset: given,
            ..save(before, to)
        };
        bench.store.save(saved).await.expect("saved");
        assert_eq!(bench.load("toys", 3).await.checkpoint.offset, kept);
        before = to;
    }
}

pub(crate) async fn events_are_unparked_where_the_checkpoint_is_the_one_expected(bench: Bench) {
    let to = bench.at(7);
    let saved = ProcessSave {
        parked: vec![parked(5, "b"), parked(6, "a"), parked(7, "b")],
        ..save(bench.start(), to)
    };
    bench.store.save(saved).await.expect("saved");
    let renewed = parked(7, "b");
    let unparking = ProcessSave {
        parked: vec![renewed.clone()],
        unparked: vec![5, 6, 99],
        ..save(to, to)
    };
    let stale = ProcessSave {
        expected: bench.at(7),
        ..unparking.clone()
    };
    assert!(is_fenced(bench.store.save(stale).await));
    let other_process = ProcessSave {
        process: "games".to_owned(),
        ..save(bench.start(), bench.at(1))
    };
    let other_process = ProcessSave {
        unparked: vec![5, 6, 7],
        ..other_process
    };
    bench.store.save(other_process).await.expect("saved");
    let unchanged = bench.store.parked("toys", 0, 10).await.expect("a list");
    assert_eq!(unchanged.len(), 3);
    bench.store.save(unparking).await.expect("saved");
    let left = bench.store.parked("toys", 0, 10).await.expect("a list");
    assert_eq!(left, [renewed]);
    let state = bench.load("toys", 3).await;
    assert_eq!(state.parked, [("b".to_owned(), vec![7])].into());
}

pub(crate) async fn parked_events_are_listed_in_order(bench: Bench) {
    let events = vec![parked(9, "a"), parked(2, "b"), parked(5, "a")];
    let mut before = bench.start();
    for event in &events {
        let to = bench.at(before.position + 1);
        let saved = ProcessSave {
            parked: vec![event.clone()],
            ..save(before, to)
        };
        bench.store.save(saved).await.expect("saved");
        before = to;
    }
    let listed = bench.store.parked("toys", 2, 10).await.expect("a list");
    assert_eq!(listed, [events[2].clone(), events[0].clone()]);
    let first = bench.store.parked("toys", 0, 1).await.expect("a list");
    assert_eq!(first, [events[1].clone()]);
    assert!(
        bench
            .store
            .parked("games", 0, 9)
            .await
            .expect("a list")
            .is_empty()
    );
}

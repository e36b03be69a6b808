//! Commits: rows and checkpoint together, fenced by compare-and-set in each partition.

use std::sync::Arc;

use futures::future::join_all;
use orderlog_runtime::{
    dead_letter::ParkedEvent,
    projection::ColumnValue,
    read_model::Condition,
    read_store::{Commit, CommitError, ReadStore, RowChange, Target, TargetCommit},
    source::Checkpoint,
};
use uuid::Uuid;

use super::{at, commit, definition, found, last, live, row, stored, texts, with_rows, write};

fn fenced() -> Result<(), CommitError> {
    let projection = "things".to_owned();
    Err(CommitError::Fenced { projection })
}

pub(crate) async fn a_new_projection_stands_at_the_start_of_every_partition(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let defined = store.define(&definition("1")).await.expect("defined");
    assert!(defined.current && !defined.paused);
    let standing = store.standing(&defined.live).await.expect("a standing");
    for partition in 0..store.partitions() {
        let start = Checkpoint::start_of(log_id);
        assert_eq!(standing.at(partition, log_id).checkpoint, start);
    }
    assert!(standing.parked.is_empty());
    let again = store.define(&definition("1")).await.expect("defined");
    assert_eq!(again, defined);
}

pub(crate) async fn rows_and_checkpoint_are_written_together(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (live, to) = with_rows(store, log_id).await;
    assert_eq!(
        stored(store, &live, last(store), log_id).await.checkpoint,
        to
    );
    let keys = ["b", "c", "a"].map(str::to_owned).to_vec();
    for rows in [
        store.get("things", keys.clone()).await.expect("rows"),
        store.load(&live, keys).await.expect("rows"),
    ] {
        let mut rows: Vec<_> = rows
            .iter()
            .map(|row| (row.key.as_str(), row.row.as_str(), row.slot, row.position))
            .collect();
        rows.sort_unstable();
        assert_eq!(rows, [("a", "1", 7, 1), ("b", "2", 7, 1)]);
    }
}

pub(crate) async fn a_stale_checkpoint_writes_nothing(store: Arc<dyn ReadStore>, log_id: Uuid) {
    let store = store.as_ref();
    let (live, checkpoint) = with_rows(store, log_id).await;
    let same_place_other_event = at(checkpoint, checkpoint.position);
    for stale in [Checkpoint::start_of(log_id), same_place_other_event] {
        let rows = vec![row("a", "changed", 9, "z", Some((1, "x")))];
        let moved = (stale, at(checkpoint, 9));
        let refused = write(store, commit(&live, last(store), moved, rows)).await;
        assert_eq!(refused, fenced());
    }
    let now = stored(store, &live, last(store), log_id).await;
    assert_eq!(now.checkpoint, checkpoint);
    assert_eq!(texts(store, &["a"]).await, ["1"]);
}

pub(crate) async fn a_commit_is_written_whole_or_not_at_all(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (live, checkpoint) = with_rows(store, log_id).await;
    let rows = vec![row("a", "changed", 9, "z", Some((1, "x")))];
    let good = commit(&live, last(store), (checkpoint, at(checkpoint, 9)), rows);
    let stale = (at(checkpoint, 3), at(checkpoint, 4));
    let stale = commit(&Target::log_index(), last(store), stale, Vec::new());
    for targets in [
        vec![good.clone(), stale.clone()],
        vec![stale.clone(), good.clone()],
    ] {
        let refused = store.commit(Arc::new(Commit { targets })).await;
        assert!(matches!(refused, Err(CommitError::Fenced { .. })));
        assert_eq!(texts(store, &["a"]).await, ["1"]);
    }
    write(store, good).await.expect("not moved by the refused");
    assert_eq!(texts(store, &["a"]).await, ["changed"]);
}

pub(crate) async fn of_many_partitions_at_once_the_stale_alone_write_nothing(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let (live, _) = live(store.as_ref(), log_id).await;
    let start = Checkpoint::start_of(log_id);
    let is_stale = |partition: u32, round: u64| (u64::from(partition) + round).is_multiple_of(3);
    let mut at_hand = vec![start; store.partitions() as usize];
    for round in 1..=6 {
        let all = (0..store.partitions())
            .zip(&mut at_hand)
            .map(|(partition, before)| {
                let (store, live) = (Arc::clone(&store), live.clone());
                async move {
                    let to = at(start, round);
                    let rows = vec![row(
                        &format!("of {partition}"),
                        &round.to_string(),
                        1,
                        "x",
                        None,
                    )];
                    let stale = is_stale(partition, round);
                    let expected = if stale { at(start, 99) } else { *before };
                    let moved = commit(&live, partition, (expected, to), rows);
                    let outcome = write(store.as_ref(), moved).await;
                    if stale {
                        assert_eq!(outcome, fenced());
                    } else {
                        outcome.expect("written");
                        *before = to;
                    }
                }
            });
        join_all(all).await;
        for (partition, expected) in (0..store.partitions()).zip(&at_hand) {
            let now = stored(store.as_ref(), &live, partition, log_id).await;
            assert_eq!(now.checkpoint, *expected, "{partition} in round {round}");
            let text = texts(store.as_ref(), &[&format!("of {partition}")]).await;
            let written = (expected.position > 0).then(|| expected.position.to_string());
            assert_eq!(text, Vec::from_iter(written));
        }
    }
}

pub(crate) async fn each_partition_moves_by_itself(store: Arc<dyn ReadStore>, log_id: Uuid) {
    let store = store.as_ref();
    let (live, _) = live(store, log_id).await;
    let start = Checkpoint::start_of(log_id);
    let mut ends = Vec::new();
    for partition in (0..store.partitions()).rev() {
        let end = at(start, u64::from(partition) + 10);
        let key = format!("of {partition}");
        let rows = vec![row(&key, "1", 1, "x", None)];
        write(store, commit(&live, partition, (start, end), rows))
            .await
            .expect("written");
        ends.push((partition, end));
    }
    let listed = store.stored().await.expect("a list");
    for (partition, end) in ends {
        let now = stored(store, &live, partition, log_id).await;
        assert_eq!(now.checkpoint, end);
        assert_eq!(listed[0].checkpoints.get(&partition), Some(&end));
        let refused = write(store, commit(&live, partition, (start, end), vec![])).await;
        assert_eq!(refused, fenced());
    }
    assert_eq!(listed[0].rows, u64::from(store.partitions()));
    assert_eq!(listed[0].position(), u64::from(last(store)) + 10);
}

pub(crate) async fn one_of_many_who_race_is_written(store: Arc<dyn ReadStore>, log_id: Uuid) {
    let (live, start) = live(store.as_ref(), log_id).await;
    let mut before = start;
    for round in 1..=10 {
        let race = (0..4).map(|racer| {
            let to = at(before, round);
            let rows = vec![row("a", &racer.to_string(), racer, "x", None)];
            let commit = commit(&live, last(store.as_ref()), (before, to), rows);
            let store = Arc::clone(&store);
            tokio::spawn(async move { (racer, to, write(store.as_ref(), commit).await) })
        });
        let mut won = Vec::new();
        for ended in join_all(race).await {
            let (racer, to, written) = ended.expect("no panic");
            match written {
                Ok(()) => won.push((racer, to)),
                refused => assert_eq!(refused, fenced()),
            }
        }
        assert_eq!(won.len(), 1, "{won:?}");
        assert_eq!(texts(store.as_ref(), &["a"]).await, [won[0].0.to_string()]);
        before = won[0].1;
    }
}

/// Rows and checkpoint written by two transactions would be caught in between, be it by a reader
/// or by a worker that begins anew.
pub(crate) async fn rows_are_never_seen_without_their_checkpoint(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    const COMMITS: u64 = 400;
    let (live, start) = with_rows(store.as_ref(), log_id).await;
    let writing = tokio::spawn({
        let (store, live) = (Arc::clone(&store), live.clone());
        async move {
            let mut before = start;
            for position in 2..=COMMITS {
                let to = at(before, position);
                let rows = vec![row("a", &position.to_string(), 1, "x", Some((1, "x")))];
                let commit = commit(&live, last(store.as_ref()), (before, to), rows);
                write(store.as_ref(), commit).await.expect("written");
                before = to;
            }
        }
    });
    let stands = async || {
        let stored = stored(store.as_ref(), &live, last(store.as_ref()), log_id).await;
        stored.checkpoint.position
    };
    let mut seen = 0;
    while seen < COMMITS && !writing.is_finished() {
        let before = stands().await;
        let rows = texts(store.as_ref(), &["a"]).await;
        let after = stands().await;
        seen = rows[0]
            .parse()
            .expect("the position that it was written at");
        assert!(
            (before..=after).contains(&seen),
            "the row is of {seen}, its checkpoint went from {before} to {after}"
        );
    }
    writing.await.expect("no panic");
}

pub(crate) async fn an_offset_stays_until_it_is_replaced(store: Arc<dyn ReadStore>, log_id: Uuid) {
    let store = store.as_ref();
    let (live, mut before) = live(store, log_id).await;
    for (given, kept) in [
        (None, None),
        (Some(41), Some(41)),
        (None, Some(41)),
        (Some(50), Some(50)),
    ] {
        let to = at(before, before.position + 1);
        let commit = TargetCommit {
            offset: given,
            ..commit(&live, last(store), (before, to), Vec::new())
        };
        write(store, commit).await.expect("written");
        let now = stored(store, &live, last(store), log_id).await;
        assert_eq!((now.checkpoint, now.offset), (to, kept));
        before = to;
    }
}

pub(crate) async fn a_changed_column_is_found_by_its_new_value_alone(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (live, checkpoint) = with_rows(store, log_id).await;
    let to = at(checkpoint, 2);
    let rows = vec![row("a", "3", 3, "z", Some((1, "x")))];
    write(store, commit(&live, last(store), (checkpoint, to), rows))
        .await
        .expect("written");
    let rank = |rank| Condition::Is("rank", ColumnValue::Integer(rank));
    let label = |label: &str| Condition::Is("label", ColumnValue::Text(label.to_owned()));
    assert!(found(store, rank(1)).await.is_empty());
    assert!(found(store, label("x")).await.is_empty());
    assert_eq!(found(store, rank(3)).await, ["a"]);
    assert_eq!(found(store, label("z")).await, ["a"]);
}

pub(crate) async fn a_row_that_is_gone_is_not_found(store: Arc<dyn ReadStore>, log_id: Uuid) {
    let store = store.as_ref();
    let (live, checkpoint) = with_rows(store, log_id).await;
    let gone = RowChange {
        row: None,
        columns: vec![],
        ..row("b", "", 0, "", Some((2, "y")))
    };
    let moved = (checkpoint, at(checkpoint, 2));
    write(store, commit(&live, last(store), moved, vec![gone]))
        .await
        .expect("written");
    assert_eq!(texts(store, &["a", "b"]).await, ["1"]);
    let label = Condition::Is("label", ColumnValue::Text("y".into()));
    assert!(found(store, label).await.is_empty());
}

fn parked(position: u64, partition_key: &str) -> ParkedEvent {
    ParkedEvent {
        partition_key: partition_key.to_owned(),
        position,
        event_id: Uuid::now_v7(),
        event_type: "Toy".to_owned(),
        reason: "broken".to_owned(),
    }
}

pub(crate) async fn events_are_unparked_with_the_checkpoint(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (live, checkpoint) = with_rows(store, log_id).await;
    let (there, then) = (at(checkpoint, 6), at(checkpoint, 7));
    let target = TargetCommit {
        parked: vec![parked(4, "a"), parked(5, "b"), parked(6, "a")],
        ..commit(&live, last(store), (checkpoint, there), Vec::new())
    };
    write(store, target).await.expect("written");
    let renewed = ParkedEvent {
        reason: "still broken".to_owned(),
        ..parked(6, "a")
    };
    let target = TargetCommit {
        parked: vec![renewed.clone()],
        unparked: vec![4, 5, 99],
        ..commit(&live, last(store), (there, then), Vec::new())
    };
    let stale = TargetCommit {
        expected: checkpoint,
        ..target.clone()
    };
    assert_eq!(write(store, stale).await, fenced());
    let unchanged = store.parked("things", 0, 10).await.expect("a list");
    assert_eq!(unchanged.len(), 3);
    write(store, target).await.expect("written");
    let left = store.parked("things", 0, 10).await.expect("a list");
    assert_eq!(left, [renewed]);
    let standing = store.standing(&live).await.expect("a standing");
    assert_eq!(standing.parked, [("a".to_owned(), vec![6])].into());
}

pub(crate) async fn parked_events_are_kept_with_their_keys(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (live, checkpoint) = with_rows(store, log_id).await;
    let moved = (checkpoint, at(checkpoint, 6));
    let target = TargetCommit {
        parked: vec![parked(4, "a"), parked(5, "b"), parked(6, "a")],
        ..commit(&live, last(store), moved, Vec::new())
    };
    write(store, target.clone()).await.expect("written");
    let standing = store.standing(&live).await.expect("a standing");
    let keys = [("a".to_owned(), vec![4, 6]), ("b".to_owned(), vec![5])];
    assert_eq!(standing.parked, keys.into());
    let firsts = [("a".to_owned(), 4), ("b".to_owned(), 5)];
    assert_eq!(standing.first_parked(), firsts.into());
    let listed = store.parked("things", 4, 10).await.expect("a list");
    let listed: Vec<_> = listed
        .iter()
        .map(|one| (one.position, one.partition_key.as_str(), one.event_id))
        .collect();
    let ids = target.parked.iter().map(|parked| parked.event_id);
    let ids: Vec<_> = ids.collect();
    assert_eq!(listed, [(5, "b", ids[1]), (6, "a", ids[2])]);
    let first = store.parked("things", 0, 1).await.expect("a list");
    assert_eq!((first.len(), first[0].position), (1, 4));
    assert_eq!(store.stored().await.expect("a list")[0].parked, 3);
}

pub(crate) async fn a_pause_is_remembered(store: Arc<dyn ReadStore>, log_id: Uuid) {
    let (_, _) = with_rows(store.as_ref(), log_id).await;
    for paused in [true, false] {
        store.set_paused("things", paused).await.expect("noted");
        let defined = store.define(&definition("1")).await.expect("defined");
        assert_eq!((defined.current, defined.paused), (true, paused));
        assert_eq!(store.stored().await.expect("a list")[0].paused, paused);
    }
}

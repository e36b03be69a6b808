//! A generation that is filled slot by slot, and the one that it takes the place of.

use std::{collections::BTreeMap, sync::Arc};

use orderlog_runtime::{
    projection::ColumnValue,
    read_model::Condition,
    read_store::{CommitError, Fill, ReadError, ReadStore, RowChange, Target},
    source::{Checkpoint, Slots},
};
use uuid::Uuid;

use super::{at, commit, definition, found, last, live, row, stored, texts, with_rows, write};

async fn stage_at(store: &dyn ReadStore, bound: Checkpoint) -> Target {
    let bounds = BTreeMap::from([(last(store), bound)]);
    let staged = store.stage_at(&definition("1"), &bounds).await;
    staged.expect("staged")
}

async fn fill(
    store: &dyn ReadStore,
    target: &Target,
    rows: Vec<RowChange>,
    whole: Slots,
) -> Result<(), CommitError> {
    let target = target.clone();
    let fill = Fill {
        target,
        rows,
        whole,
    };
    store.fill(Arc::new(fill)).await
}

fn in_slot(slot: u32, row: RowChange) -> RowChange {
    RowChange { slot, ..row }
}

async fn adopt(
    store: &dyn ReadStore,
    target: &Target,
    expected: Checkpoint,
) -> Result<(), CommitError> {
    let expected = BTreeMap::from([(last(store), expected)]);
    store.adopt(&definition("1"), target, &expected).await
}

fn is_fenced(refused: Result<(), CommitError>) -> bool {
    matches!(refused, Err(CommitError::Fenced { .. }))
}

/// Fills what is missing, and seals.
async fn finish(store: &dyn ReadStore, target: &Target) {
    fill(store, target, Vec::new(), Slots::ALL)
        .await
        .expect("filled");
    let definition = definition("1");
    store.seal(&definition, target).await.expect("sealed");
}

pub(crate) async fn a_generation_is_filled_slot_by_slot(store: Arc<dyn ReadStore>, log_id: Uuid) {
    let store = store.as_ref();
    let (_, checkpoint) = with_rows(store, log_id).await;
    let staged = stage_at(store, checkpoint).await;
    let first = vec![in_slot(3, row("n", "4", 4, "n", None))];
    fill(store, &staged, first, Slots::one(3))
        .await
        .expect("filled");
    assert_eq!(texts(store, &["a", "n"]).await, ["1"]);
    // It stands nowhere before all of it is there.
    let sealed = store.seal(&definition("1"), &staged).await;
    assert!(is_fenced(sealed));
    assert!(is_fenced(adopt(store, &staged, checkpoint).await));

    let second = vec![in_slot(9, row("a", "5", 5, "z", None))];
    fill(store, &staged, second, Slots::one(9))
        .await
        .expect("filled");
    let again = vec![in_slot(9, row("c", "5", 5, "z", None))];
    fill(store, &staged, again, Slots::one(9))
        .await
        .expect("nothing to do");
    finish(store, &staged).await;
    assert!(is_fenced(
        fill(store, &staged, Vec::new(), Slots::ALL).await
    ));
    adopt(store, &staged, checkpoint).await.expect("adopted");
    assert_eq!(live(store, log_id).await, (staged.clone(), checkpoint));
    assert_eq!(texts(store, &["a", "n", "b", "c"]).await.len(), 2);
    let label = Condition::Is("label", ColumnValue::Text("z".to_owned()));
    assert_eq!(found(store, label).await, ["a"]);
    let rank = Condition::Is("rank", ColumnValue::Integer(4));
    assert_eq!(found(store, rank).await, ["n"]);
    // From there on it is written to like any other.
    let moved = (checkpoint, at(checkpoint, 9));
    let changed = vec![row("a", "6", 6, "w", Some((5, "z")))];
    write(store, commit(&staged, last(store), moved, changed))
        .await
        .expect("written");
    let label = Condition::Is("label", ColumnValue::Text("w".to_owned()));
    assert_eq!(found(store, label).await, ["a"]);
}

pub(crate) async fn who_goes_on_filling_finds_whole_slots_alone(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (_, checkpoint) = with_rows(store, log_id).await;
    let nothing = store.unfinished(&definition("1")).await;
    assert_eq!(nothing.expect("an answer"), None);
    let staged = stage_at(store, checkpoint).await;
    for (slot, key, whole) in [
        (3, "n", Slots::one(3)),
        (63, "l", Slots::one(63)),
        (9, "h", Slots::NONE),
    ] {
        let rows = vec![in_slot(slot, row(key, key, 4, key, None))];
        fill(store, &staged, rows, whole).await.expect("filled");
    }
    let other = store.unfinished(&definition("2")).await;
    assert_eq!(other.expect("an answer"), None);
    let left = store.unfinished(&definition("1")).await;
    let left = left.expect("an answer").expect("something is left");
    assert_eq!(left.target, staged);
    assert_eq!(left.whole, Slots::one(3).with(Slots::one(63)));
    assert_eq!(left.bounds.get(&last(store)), Some(&checkpoint));

    // The slot of which a half was there comes once more.
    let rows = vec![in_slot(9, row("h", "whole", 4, "h", None))];
    fill(store, &staged, rows, Slots::one(9))
        .await
        .expect("filled");
    finish(store, &staged).await;
    adopt(store, &staged, checkpoint).await.expect("adopted");
    assert_eq!(texts(store, &["h"]).await, ["whole"]);
    assert_eq!(texts(store, &["n", "l", "h"]).await.len(), 3);
    let label = Condition::Is("label", ColumnValue::Text("h".to_owned()));
    assert_eq!(found(store, label).await, ["h"]);
    let nothing = store.unfinished(&definition("1")).await;
    assert_eq!(nothing.expect("an answer"), None);
}

pub(crate) async fn a_key_in_two_slots_is_refused(store: Arc<dyn ReadStore>, log_id: Uuid) {
    let store = store.as_ref();
    let (_, checkpoint) = with_rows(store, log_id).await;
    let staged = stage_at(store, checkpoint).await;
    let filling = async {
        for slot in [3, 4] {
            let rows = vec![in_slot(slot, row("twice", "1", 1, "x", None))];
            fill(store, &staged, rows, Slots::one(slot)).await?;
        }
        fill(store, &staged, Vec::new(), Slots::ALL).await?;
        store.seal(&definition("1"), &staged).await
    };
    let refused = filling.await;
    let damaged =
        |refused: &CommitError| matches!(refused, CommitError::Store(ReadError::Damaged { .. }));
    assert!(refused.as_ref().is_err_and(damaged), "{refused:?}");
    assert!(is_fenced(adopt(store, &staged, checkpoint).await));
}

pub(crate) async fn what_was_live_is_kept_until_the_next_is_staged(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (old, checkpoint) = with_rows(store, log_id).await;
    assert_eq!(store.kept("things").await.expect("an answer"), None);
    let staged = stage_at(store, checkpoint).await;
    finish(store, &staged).await;
    adopt(store, &staged, checkpoint).await.expect("adopted");
    assert!(texts(store, &["a", "b"]).await.is_empty());
    let kept = store.kept("things").await.expect("an answer");
    let kept = kept.expect("kept");
    assert_eq!(kept.version, "1");
    assert_ne!(kept.target, old, "who knows the old one must not write");

    // There and back again: each keeps its rows and its checkpoints.
    let there = stored(store, &kept.target, last(store), log_id).await;
    assert_eq!(there.checkpoint, checkpoint);
    adopt(store, &kept.target, checkpoint)
        .await
        .expect("adopted");
    assert_eq!(texts(store, &["a", "b"]).await, ["1", "2"]);
    let label = Condition::Is("label", ColumnValue::Text("y".to_owned()));
    assert_eq!(found(store, label).await, ["b"]);
    let back = store.kept("things").await.expect("an answer");
    let back = back.expect("kept").target;
    stage_at(store, checkpoint).await;
    assert_eq!(store.kept("things").await.expect("an answer"), None);
    assert!(is_fenced(adopt(store, &back, checkpoint).await));
    assert_eq!(texts(store, &["a", "b"]).await, ["1", "2"]);
}

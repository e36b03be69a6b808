//! Generations: one is read, another is built beside it, and swapped in.

use std::{collections::BTreeMap, sync::Arc};

use orderlog_runtime::{
    read_store::{CommitError, ReadStore, RowChange, Target, TargetCommit},
    source::{Checkpoint, StoredCheckpoint},
};
use uuid::Uuid;

use super::{at, commit, definition, last, live, row, stored, texts, with_rows, write};

/// Stages a generation with these rows, which stands where the live one does.
async fn staged(store: &dyn ReadStore, at: Checkpoint, rows: Vec<RowChange>) -> Target {
    let staged = store.stage(&definition("1")).await.expect("staged");
    let start = Checkpoint::start_of(at.log_id);
    write(store, commit(&staged, last(store), (start, at), rows))
        .await
        .expect("written");
    staged
}

fn rows() -> Vec<RowChange> {
    vec![row("a", "1", 1, "x", None), row("n", "4", 4, "n", None)]
}

fn only(partition: u32, at: Checkpoint) -> BTreeMap<u32, Checkpoint> {
    BTreeMap::from([(partition, at)])
}

async fn adopt(
    store: &dyn ReadStore,
    staged: &Target,
    expected: Checkpoint,
) -> Result<(), CommitError> {
    let expected = only(last(store), expected);
    store.adopt(&definition("1"), staged, &expected).await
}

fn is_fenced(refused: Result<(), CommitError>) -> bool {
    matches!(refused, Err(CommitError::Fenced { .. }))
}

pub(crate) async fn a_staged_generation_is_invisible_until_adopted(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (_, checkpoint) = with_rows(store, log_id).await;
    let staged = staged(store, checkpoint, rows()).await;
    assert_eq!(texts(store, &["a", "b", "n"]).await, ["1", "2"]);
    adopt(store, &staged, checkpoint).await.expect("adopted");
    let mut now = texts(store, &["a", "b", "n"]).await;
    now.sort();
    assert_eq!(now, ["1", "4"]);
    assert_eq!(live(store, log_id).await, (staged.clone(), checkpoint));
    let listed = store.stored().await.expect("a list");
    assert_eq!((listed.len(), listed[0].rows), (1, 2));
    assert_eq!(listed[0].generation, staged.generation);
}

pub(crate) async fn two_generations_are_compared_row_by_row(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (live, checkpoint) = with_rows(store, log_id).await;
    let changed = vec![
        row("a", "other", 1, "x", None),
        row("b", "2", 2, "y", None),
        row("n", "4", 4, "n", None),
    ];
    let staged = staged(store, checkpoint, changed).await;
    let compared = store.compare(&live, &staged, 5).await.expect("compared");
    assert_eq!((compared.live.rows, compared.staged.rows), (2, 3));
    let differences: Vec<_> = compared
        .differences
        .iter()
        .map(|one| (one.key.as_str(), one.live.as_deref(), one.staged.as_deref()))
        .collect();
    assert_eq!(
        differences,
        [("a", Some("1"), Some("other")), ("n", None, Some("4"))]
    );
    assert_eq!(compared.staged, store.hash(&staged).await.expect("a hash"));
    assert_eq!(compared.live, store.hash(&live).await.expect("a hash"));
    let first = store.compare(&live, &staged, 1).await.expect("compared");
    assert_eq!(first.differences.len(), 1);

    // The same rows have the same hash, whatever they were found by.
    let columns = vec![row("b", "2", 5, "q", None), row("a", "1", 6, "r", None)];
    let same = self::staged(store, checkpoint, columns).await;
    let compared = store.compare(&live, &same, 5).await.expect("compared");
    assert_eq!(compared.live, compared.staged);
    assert!(compared.differences.is_empty());
}

pub(crate) async fn who_wrote_to_the_old_generation_is_fenced(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (old, checkpoint) = with_rows(store, log_id).await;
    let staged = staged(store, checkpoint, rows()).await;
    adopt(store, &staged, checkpoint).await.expect("adopted");
    for partition in 0..store.partitions() {
        for expected in [checkpoint, Checkpoint::start_of(log_id)] {
            let moved = (expected, at(checkpoint, 99));
            let late = vec![row("late", "1", 1, "x", None)];
            assert!(is_fenced(
                write(store, commit(&old, partition, moved, late)).await
            ));
        }
    }
    assert!(texts(store, &["late"]).await.is_empty());
}

pub(crate) async fn nothing_is_adopted_where_the_live_rows_have_moved(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (old, checkpoint) = with_rows(store, log_id).await;
    let staged = staged(store, checkpoint, rows()).await;
    let elsewhere = at(checkpoint, checkpoint.position);
    for stale in [Checkpoint::start_of(log_id), elsewhere] {
        assert!(is_fenced(adopt(store, &staged, stale).await));
    }
    // Another partition counts, too.
    let start = Checkpoint::start_of(log_id);
    for partition in 0..last(store) {
        let moved = (start, at(start, 7));
        write(store, commit(&old, partition, moved, Vec::new()))
            .await
            .expect("written");
        assert!(is_fenced(adopt(store, &staged, checkpoint).await));
    }
    assert_eq!(texts(store, &["a", "b", "n"]).await.len(), 2);
    let all = store.stored().await.expect("a list").remove(0).checkpoints;
    store
        .adopt(&definition("1"), &staged, &all)
        .await
        .expect("adopted");
}

pub(crate) async fn nothing_is_adopted_that_is_not_there_any_more(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (_, checkpoint) = with_rows(store, log_id).await;
    let left_over = staged(store, checkpoint, rows()).await;
    let staged = staged(store, checkpoint, rows()).await;
    assert_ne!(left_over, staged);
    assert!(is_fenced(adopt(store, &left_over, checkpoint).await));
    let moved = (checkpoint, at(checkpoint, 9));
    let late = commit(&left_over, last(store), moved, Vec::new());
    assert!(is_fenced(write(store, late).await));
    assert_eq!(texts(store, &["a", "b", "n"]).await.len(), 2);
    adopt(store, &staged, checkpoint).await.expect("adopted");
}

pub(crate) async fn adopted_rows_keep_their_own_checkpoints(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (live, start) = live(store, log_id).await;
    let there = at(start, 5);
    let first = TargetCommit {
        offset: Some(77),
        ..commit(&live, last(store), (start, there), Vec::new())
    };
    write(store, first).await.expect("written");
    // What stands at the same event goes on from the same offset.
    let same = staged(store, there, rows()).await;
    adopt(store, &same, there).await.expect("adopted");
    let now = stored(store, &same, last(store), log_id).await;
    let (checkpoint, offset) = (there, Some(77));
    assert_eq!(now, StoredCheckpoint { checkpoint, offset });
    // The live rows had seen an event that the log does not have any more.
    let elsewhere = at(start, 3);
    let other = staged(store, elsewhere, rows()).await;
    adopt(store, &other, there).await.expect("adopted");
    let now = stored(store, &other, last(store), log_id).await;
    let (checkpoint, offset) = (elsewhere, None);
    assert_eq!(now, StoredCheckpoint { checkpoint, offset });
}

pub(crate) async fn rows_of_another_version_are_not_served(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let store = store.as_ref();
    let (_, checkpoint) = with_rows(store, log_id).await;
    let defined = store.define(&definition("2")).await.expect("defined");
    assert!(!defined.current);
    assert!(store.get("things", vec!["a".into()]).await.is_err());
    let staged = store.stage(&definition("2")).await.expect("staged");
    store
        .adopt(&definition("2"), &staged, &only(last(store), checkpoint))
        .await
        .expect("adopted");
    let defined = store.define(&definition("2")).await.expect("defined");
    assert!(defined.current);
    assert_eq!(defined.live, staged);
    assert!(texts(store, &["a"]).await.is_empty());
}

pub(crate) async fn who_holds_may_finish_and_adopt(store: Arc<dyn ReadStore>, log_id: Uuid) {
    let store = store.as_ref();
    let (old, checkpoint) = with_rows(store, log_id).await;
    let staged = store.stage(&definition("1")).await.expect("staged");
    let hold = store.hold("things").await.expect("held");
    let start = Checkpoint::start_of(log_id);
    let moved = (start, checkpoint);
    write(store, commit(&staged, last(store), moved, rows()))
        .await
        .expect("written");
    store.compare(&old, &staged, 5).await.expect("compared");
    adopt(store, &staged, checkpoint).await.expect("adopted");
    drop(hold);
    let moved = (checkpoint, at(checkpoint, 2));
    let late = commit(&old, last(store), moved, Vec::new());
    assert!(is_fenced(write(store, late).await));
    write(store, commit(&staged, last(store), moved, Vec::new()))
        .await
        .expect("let go");
    drop(store.hold("things").await.expect("held again"));
}

pub(crate) async fn a_claim_that_was_dropped_is_free_again(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    with_rows(store.as_ref(), log_id).await;
    let one = store.claim("things").await.expect("an answer");
    let other = store.claim("others").await.expect("an answer");
    assert!(one.is_some() && other.is_some());
    drop(one);
    assert!(store.claim("things").await.expect("an answer").is_some());
}

//! What every read store does. All of it is done in the last partition that there is.

pub(crate) mod committing;
pub(crate) mod filling;
pub(crate) mod index;
pub(crate) mod paging;
pub(crate) mod staging;

use std::sync::Arc;

use orderlog_runtime::{
    projection::{Arity, Column, ColumnValue, Definition},
    read_model::{Condition, PageQuery},
    read_store::{Commit, CommitError, ReadStore, RowChange, Target, TargetCommit},
    source::{Checkpoint, StoredCheckpoint},
};
use uuid::Uuid;

pub(crate) const COLUMNS: &[Column] = &[
    Column {
        name: "rank",
        arity: Arity::One,
    },
    Column {
        name: "label",
        arity: Arity::Many,
    },
];

pub(crate) fn definition(version: &str) -> Definition {
    Definition {
        name: "things",
        version: version.to_owned(),
        columns: COLUMNS,
    }
}

/// A place in the same log.
pub(crate) fn at(before: Checkpoint, position: u64) -> Checkpoint {
    Checkpoint {
        position,
        event_id: Uuid::now_v7(),
        ..before
    }
}

/// The partition in which things happen.
pub(crate) fn last(store: &dyn ReadStore) -> u32 {
    store.partitions() - 1
}

/// The row `key` with rank and label; `stored` are those that it had before.
pub(crate) fn row(
    key: &str,
    text: &str,
    rank: i64,
    label: &str,
    stored: Option<(i64, &str)>,
) -> RowChange {
    let columns = |rank, label: &str| {
        vec![
            ColumnValue::Integer(rank),
            ColumnValue::Many(vec![label.to_owned()]),
        ]
    };
    RowChange {
        key: key.to_owned(),
        slot: 7,
        position: 1,
        row: Some(text.to_owned()),
        columns: columns(rank, label),
        stored: stored.map(|(rank, label)| columns(rank, label)),
    }
}

pub(crate) fn commit(
    target: &Target,
    partition: u32,
    (expected, to): (Checkpoint, Checkpoint),
    rows: Vec<RowChange>,
) -> TargetCommit {
    TargetCommit {
        target: target.clone(),
        partition,
        expected,
        checkpoint: to,
        offset: None,
        rows,
        parked: Vec::new(),
        unparked: Vec::new(),
        index: Vec::new(),
    }
}

pub(crate) async fn write(store: &dyn ReadStore, target: TargetCommit) -> Result<(), CommitError> {
    let targets = vec![target];
    store.commit(Arc::new(Commit { targets })).await
}

/// Where a target stands in a partition.
pub(crate) async fn stored(
    store: &dyn ReadStore,
    target: &Target,
    partition: u32,
    log_id: Uuid,
) -> StoredCheckpoint {
    let standing = store.standing(target).await.expect("a standing");
    standing.at(partition, log_id)
}

/// The live generation, and where it stands in the last partition.
pub(crate) async fn live(store: &dyn ReadStore, log_id: Uuid) -> (Target, Checkpoint) {
    let live = store.define(&definition("1")).await.expect("defined").live;
    let stored = stored(store, &live, last(store), log_id).await;
    (live, stored.checkpoint)
}

/// A live generation with the rows `a` and `b`.
pub(crate) async fn with_rows(store: &dyn ReadStore, log_id: Uuid) -> (Target, Checkpoint) {
    let (target, start) = live(store, log_id).await;
    let to = at(start, 1);
    let rows = vec![row("a", "1", 1, "x", None), row("b", "2", 2, "y", None)];
    write(store, commit(&target, last(store), (start, to), rows))
        .await
        .expect("written");
    (target, to)
}

/// The text of the rows under these keys.
pub(crate) async fn texts(store: &dyn ReadStore, keys: &[&str]) -> Vec<String> {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    let rows = store.get("things", keys).await.expect("rows");
    rows.into_iter().map(|row| row.row).collect()
}

/// The keys of the rows that meet the condition.
pub(crate) async fn found(store: &dyn ReadStore, condition: Condition) -> Vec<String> {
    let query = PageQuery {
        filter: vec![condition],
        order_by: "key",
        descending: false,
        after: None,
        limit: 100,
    };
    let page = store.page("things", &query).await.expect("a page");
    page.rows.into_iter().map(|(row, _)| row.key).collect()
}

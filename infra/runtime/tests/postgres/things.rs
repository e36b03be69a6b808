//! A projection of things, written by hand.

use std::{collections::BTreeMap, sync::Arc};

use orderlog_runtime::{
    projection::{Arity, Column, ColumnValue, Definition},
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

pub(crate) fn things() -> Definition {
    Definition {
        name: "things",
        version: "1".to_owned(),
        columns: COLUMNS,
    }
}

pub(crate) fn row(key: &str, text: &str, position: u64) -> RowChange {
    RowChange {
        key: key.to_owned(),
        slot: 7,
        position,
        row: Some(text.to_owned()),
        columns: vec![
            ColumnValue::Integer(position.cast_signed()),
            ColumnValue::Many(vec![key.to_owned(), "all".to_owned()]),
        ],
        stored: None,
    }
}

/// Rows of one partition that are due behind `expected`.
pub(crate) fn batch(
    target: &Target,
    partition: u32,
    expected: Checkpoint,
    rows: Vec<RowChange>,
) -> TargetCommit {
    let last = rows.iter().map(|row| row.position).max();
    TargetCommit {
        target: target.clone(),
        partition,
        expected,
        checkpoint: Checkpoint {
            position: last.unwrap_or(expected.position + 1),
            event_id: Uuid::now_v7(),
            ..expected
        },
        offset: None,
        rows,
        parked: Vec::new(),
        unparked: Vec::new(),
        index: Vec::new(),
    }
}

pub(crate) async fn write(store: &dyn ReadStore, commit: TargetCommit) -> Result<(), CommitError> {
    let targets = vec![commit];
    store.commit(Arc::new(Commit { targets })).await
}

/// The live generation of the things.
pub(crate) async fn live(store: &dyn ReadStore) -> Target {
    store.define(&things()).await.expect("defined").live
}

/// Where the partition of a target stands.
pub(crate) async fn at(
    store: &dyn ReadStore,
    target: &Target,
    partition: u32,
    log_id: Uuid,
) -> StoredCheckpoint {
    let standing = store.standing(target).await.expect("a standing");
    standing.at(partition, log_id)
}

/// The live checkpoints of the things.
pub(crate) async fn live_checkpoints(store: &dyn ReadStore) -> BTreeMap<u32, Checkpoint> {
    let target = live(store).await;
    let standing = store.standing(&target).await.expect("a standing");
    let stored = standing.checkpoints.into_iter();
    stored
        .map(|(partition, stored)| (partition, stored.checkpoint))
        .collect()
}

/// The texts of the live rows under these keys.
pub(crate) async fn texts(store: &dyn ReadStore, keys: &[&str]) -> Vec<String> {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    let rows = store.get("things", keys).await.expect("rows");
    rows.into_iter().map(|row| row.row).collect()
}

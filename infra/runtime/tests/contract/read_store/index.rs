//! The index of the log.

use std::sync::Arc;

use orderlog_runtime::{
    read_store::{IndexEntry, IndexedBy, ReadStore, Target, TargetCommit},
    source::Checkpoint,
};
use uuid::Uuid;

use super::{at, commit, last, write};

fn entry(position: u64, event_type: &str, correlation_id: Uuid, causation_id: Uuid) -> IndexEntry {
    IndexEntry {
        position,
        event_type: event_type.to_owned(),
        correlation_id,
        causation_id,
    }
}

fn types(types: &[&str]) -> IndexedBy {
    IndexedBy::Types(types.iter().map(|name| (*name).to_owned()).collect())
}

async fn indexed(store: &dyn ReadStore, before: Checkpoint, index: Vec<IndexEntry>) -> Checkpoint {
    let to = at(before, before.position + 4);
    let target = commit(&Target::log_index(), last(store), (before, to), Vec::new());
    write(store, TargetCommit { index, ..target })
        .await
        .expect("written");
    to
}

pub(crate) async fn the_index_of_the_log_answers_positions(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    let index = vec![
        entry(1, "A", first, second),
        entry(2, "B", first, second),
        entry(3, "C", second, second),
        entry(4, "A", second, second),
    ];
    indexed(store.as_ref(), Checkpoint::start_of(log_id), index).await;
    for (of, after, limit, expected) in [
        (types(&["A", "C"]), 0, 10, vec![1, 3, 4]),
        (types(&["A", "C"]), 1, 1, vec![3]),
        (types(&["D"]), 0, 10, vec![]),
        (IndexedBy::Correlation(first), 0, 10, vec![1, 2]),
        (IndexedBy::Correlation(second), 3, 10, vec![4]),
        (IndexedBy::Causation(second), 0, 3, vec![1, 2, 3]),
    ] {
        let found = store.positions(of.clone(), after, limit).await;
        assert_eq!(found.expect("positions"), expected, "{of:?}");
    }
}

pub(crate) async fn an_event_is_indexed_once(store: Arc<dyn ReadStore>, log_id: Uuid) {
    let chain = Uuid::now_v7();
    let index = || vec![entry(1, "A", chain, chain), entry(2, "A", chain, chain)];
    let to = indexed(store.as_ref(), Checkpoint::start_of(log_id), index()).await;
    indexed(store.as_ref(), to, index()).await;
    for of in [
        types(&["A"]),
        IndexedBy::Correlation(chain),
        IndexedBy::Causation(chain),
    ] {
        let found = store.positions(of.clone(), 0, 10).await;
        assert_eq!(found.expect("positions"), [1, 2], "{of:?}");
    }
}

//! What every read store does; one line per engine.

use std::sync::Arc;

use orderlog_log::event_store::EventStore;
use orderlog_runtime::{
    projection::{Arity, Column, ColumnValue, Definition},
    read_model::{Condition, PageQuery},
    read_store::{
        Commit, CommitError, IndexEntry, IndexedBy, NewParked, ReadStore, RowChange, Target,
        TargetCommit,
    },
    source::Checkpoint,
};
use uuid::Uuid;

use crate::toy::ToyLog;

#[tokio::test]
async fn the_sqlite_engine_keeps_the_contract() {
    let toy = ToyLog::new();
    let log_id = toy.store.head().await.expect("a head").log_id;
    contract(toy.read_store().await.as_ref(), log_id).await;
}

fn definition(version: &str) -> Definition {
    const COLUMNS: &[Column] = &[
        Column {
            name: "rank",
            arity: Arity::One,
        },
        Column {
            name: "label",
            arity: Arity::Many,
        },
    ];
    Definition {
        name: "things",
        version: version.to_owned(),
        columns: COLUMNS,
    }
}

async fn contract(store: &dyn ReadStore, log_id: Uuid) {
    let start = Checkpoint::start_of(log_id);
    rows_and_checkpoint_are_written_together(store, start).await;
    a_stale_checkpoint_writes_nothing(store, start).await;
    a_changed_column_is_found_by_its_new_value_alone(store).await;
    parked_events_are_kept_with_their_keys(store).await;
    a_staged_generation_is_invisible_until_adopted(store).await;
    rows_of_another_version_are_not_served(store).await;
    the_index_of_the_log_answers_positions(store, start).await;
}

pub(crate) fn at(before: Checkpoint, position: u64) -> Checkpoint {
    Checkpoint {
        position,
        event_id: Uuid::now_v7(),
        ..before
    }
}

fn row(key: &str, text: &str, rank: i64, label: &str, stored: Option<(i64, &str)>) -> RowChange {
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
    expected: Checkpoint,
    to: Checkpoint,
    rows: Vec<RowChange>,
) -> TargetCommit {
    let (parked, index) = (Vec::new(), Vec::new());
    TargetCommit {
        target: target.clone(),
        expected,
        checkpoint: to,
        rows,
        parked,
        index,
    }
}

pub(crate) async fn write(store: &dyn ReadStore, target: TargetCommit) -> Result<(), CommitError> {
    store
        .commit(Arc::new(Commit {
            targets: vec![target],
        }))
        .await
}

pub(crate) async fn live(store: &dyn ReadStore) -> (Target, Checkpoint) {
    let live = store.define(&definition("1")).await.expect("defined").live;
    let standing = store.standing(&live).await.expect("a standing");
    (live, standing.checkpoint)
}

async fn found(store: &dyn ReadStore, condition: Condition) -> Vec<String> {
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

async fn rows_and_checkpoint_are_written_together(store: &dyn ReadStore, start: Checkpoint) {
    let (live, checkpoint) = live(store).await;
    assert_eq!(checkpoint, start);
    let to = at(start, 1);
    let rows = vec![row("a", "1", 1, "x", None), row("b", "2", 2, "y", None)];
    write(store, commit(&live, start, to, rows))
        .await
        .expect("written");
    assert_eq!(
        store.standing(&live).await.expect("a standing").checkpoint,
        to
    );
    let rows = store
        .get("things", vec!["b".into(), "c".into(), "a".into()])
        .await
        .expect("rows");
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.key.as_str(), row.row.as_str(), row.slot))
        .collect();
    assert_eq!(rows, [("b", "2", 7), ("a", "1", 7)]);
}

async fn a_stale_checkpoint_writes_nothing(store: &dyn ReadStore, start: Checkpoint) {
    let (live, checkpoint) = live(store).await;
    let same_place_other_event = at(checkpoint, checkpoint.position);
    for stale in [start, same_place_other_event] {
        let rows = vec![row("a", "changed", 9, "z", Some((1, "x")))];
        let refused = write(store, commit(&live, stale, at(start, 9), rows)).await;
        assert_eq!(
            refused,
            Err(CommitError::Fenced {
                projection: "things".into()
            })
        );
    }
    assert_eq!(
        store.standing(&live).await.expect("a standing").checkpoint,
        checkpoint
    );
    assert_eq!(
        store.get("things", vec!["a".into()]).await.expect("rows")[0].row,
        "1"
    );
}

async fn a_changed_column_is_found_by_its_new_value_alone(store: &dyn ReadStore) {
    let (live, checkpoint) = live(store).await;
    let to = at(checkpoint, checkpoint.position + 1);
    let rows = vec![row("a", "3", 3, "z", Some((1, "x")))];
    write(store, commit(&live, checkpoint, to, rows))
        .await
        .expect("written");
    assert!(
        found(store, Condition::Is("rank", ColumnValue::Integer(1)))
            .await
            .is_empty()
    );
    assert!(
        found(store, Condition::Is("label", ColumnValue::Text("x".into())))
            .await
            .is_empty()
    );
    assert_eq!(
        found(store, Condition::Is("label", ColumnValue::Text("z".into()))).await,
        ["a"]
    );
    let gone = RowChange {
        row: None,
        columns: vec![],
        ..row("b", "", 0, "", Some((2, "y")))
    };
    let next = at(to, to.position + 1);
    write(store, commit(&live, to, next, vec![gone]))
        .await
        .expect("written");
    assert!(
        store
            .get("things", vec!["b".into()])
            .await
            .expect("rows")
            .is_empty()
    );
    assert!(
        found(store, Condition::Is("label", ColumnValue::Text("y".into())))
            .await
            .is_empty()
    );
}

async fn parked_events_are_kept_with_their_keys(store: &dyn ReadStore) {
    let (live, checkpoint) = live(store).await;
    let to = at(checkpoint, checkpoint.position + 3);
    let parked = |position, partition_key: &str| NewParked {
        partition_key: partition_key.to_owned(),
        position,
        event_id: Uuid::now_v7(),
        event_type: "Toy".to_owned(),
        reason: "broken".to_owned(),
    };
    let events = vec![parked(4, "a"), parked(5, "b"), parked(6, "a")];
    let target = TargetCommit {
        parked: events,
        ..commit(&live, checkpoint, to, Vec::new())
    };
    write(store, target).await.expect("written");
    let mut keys = store.standing(&live).await.expect("a standing").parked;
    keys.sort();
    assert_eq!(keys, [("a".to_owned(), 4), ("b".to_owned(), 5)]);
    let listed = store.parked("things", 4, 10).await.expect("a list");
    assert_eq!(
        listed
            .iter()
            .map(|parked| parked.position)
            .collect::<Vec<_>>(),
        [5, 6]
    );
}

async fn a_staged_generation_is_invisible_until_adopted(store: &dyn ReadStore) {
    let (live_target, checkpoint) = live(store).await;
    store
        .stage(&definition("1"))
        .await
        .expect("left over from a crash");
    let staged = store.stage(&definition("1")).await.expect("staged");
    let start = store
        .standing(&staged)
        .await
        .expect("a standing")
        .checkpoint;
    let rows = vec![row("a", "3", 3, "z", None), row("n", "4", 4, "n", None)];
    write(store, commit(&staged, start, checkpoint, rows))
        .await
        .expect("written");
    assert!(
        store
            .get("things", vec!["n".into()])
            .await
            .expect("rows")
            .is_empty()
    );

    let compared = store
        .compare(&live_target, &staged, 5)
        .await
        .expect("compared");
    assert_eq!((compared.live.rows, compared.staged.rows), (1, 2));
    assert_eq!(compared.differences.len(), 1);
    assert_eq!(compared.differences[0].key, "n");
    assert_eq!(compared.staged, store.hash(&staged).await.expect("a hash"));

    let stale = at(checkpoint, checkpoint.position);
    let refused = store.adopt(&definition("1"), &staged, stale).await;
    assert!(matches!(refused, Err(CommitError::Fenced { .. })));
    store
        .adopt(&definition("1"), &staged, checkpoint)
        .await
        .expect("adopted");
    assert_eq!(
        store
            .get("things", vec!["n".into()])
            .await
            .expect("rows")
            .len(),
        1
    );
    assert!(
        store
            .parked("things", 0, 10)
            .await
            .expect("a list")
            .is_empty()
    );

    let zombie = commit(&live_target, checkpoint, at(checkpoint, 99), Vec::new());
    assert!(matches!(
        write(store, zombie).await,
        Err(CommitError::Fenced { .. })
    ));
    let listed = store.stored().await.expect("a list");
    assert_eq!((listed.len(), listed[0].rows, listed[0].parked), (1, 2, 0));
    assert_eq!(listed[0].checkpoint, checkpoint);
}

async fn rows_of_another_version_are_not_served(store: &dyn ReadStore) {
    let defined = store.define(&definition("2")).await.expect("defined");
    assert!(!defined.current);
    assert!(store.get("things", vec!["a".into()]).await.is_err());
    let staged = store.stage(&definition("2")).await.expect("staged");
    let expected = store
        .standing(&defined.live)
        .await
        .expect("a standing")
        .checkpoint;
    store
        .adopt(&definition("2"), &staged, expected)
        .await
        .expect("adopted");
    assert!(
        store
            .define(&definition("2"))
            .await
            .expect("defined")
            .current
    );
    assert!(
        store
            .get("things", vec!["a".into()])
            .await
            .expect("rows")
            .is_empty()
    );
}

async fn the_index_of_the_log_answers_positions(store: &dyn ReadStore, start: Checkpoint) {
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    let entry = |position, event_type: &str, correlation_id| IndexEntry {
        position,
        event_type: event_type.to_owned(),
        correlation_id,
        causation_id: second,
    };
    let index = vec![
        entry(1, "A", first),
        entry(2, "B", first),
        entry(3, "C", second),
        entry(4, "A", second),
    ];
    let target = TargetCommit {
        index,
        ..commit(&Target::log_index(), start, at(start, 4), vec![])
    };
    write(store, target).await.expect("written");
    let types =
        |types: &[&str]| IndexedBy::Types(types.iter().map(|name| (*name).to_owned()).collect());
    for (of, after, limit, expected) in [
        (types(&["A", "C"]), 0, 10, vec![1, 3, 4]),
        (types(&["A", "C"]), 1, 1, vec![3]),
        (types(&["D"]), 0, 10, vec![]),
        (IndexedBy::Correlation(first), 0, 10, vec![1, 2]),
        (IndexedBy::Correlation(second), 3, 10, vec![4]),
        (IndexedBy::Causation(second), 0, 3, vec![1, 2, 3]),
    ] {
        let found = store
            .positions(of.clone(), after, limit)
            .await
            .expect("positions");
        assert_eq!(found, expected, "{of:?}");
    }
}

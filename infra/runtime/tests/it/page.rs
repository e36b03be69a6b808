//! Pages against a naive model: filter, sort and cut in memory.

use std::{collections::BTreeMap, sync::Arc};

use orderlog_runtime::{
    projection::{Arity, Column, ColumnValue, Definition},
    read_model::{Condition, Cursor, PageQuery},
    read_store::{Commit, ReadStore, RowChange, Target, TargetCommit},
    source::Checkpoint,
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::toy::ToyLog;

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

type Rows = BTreeMap<String, (ColumnValue, Vec<String>)>;

pub(crate) async fn write(store: &dyn ReadStore, log_id: Uuid, rows: &Rows) {
    let definition = Definition {
        name: "paged",
        version: "1".to_owned(),
        columns: COLUMNS,
    };
    let live = store.define(&definition).await.expect("defined").live;
    let rows = rows.iter().map(|(key, (rank, labels))| RowChange {
        key: key.clone(),
        slot: 0,
        position: 1,
        row: Some(format!("\"{key}\"")),
        columns: vec![rank.clone(), ColumnValue::Many(labels.clone())],
        stored: None,
    });
    let commit = TargetCommit {
        target: Target { ..live },
        expected: Checkpoint::start_of(log_id),
        checkpoint: Checkpoint {
            log_id,
            position: 1,
            event_id: Uuid::now_v7(),
        },
        rows: rows.collect(),
        parked: Vec::new(),
        index: Vec::new(),
    };
    store
        .commit(Arc::new(Commit {
            targets: vec![commit],
        }))
        .await
        .expect("committed");
}

fn holds(condition: &Condition, key: &str, row: &(ColumnValue, Vec<String>)) -> bool {
    let any = |name: &str, test: &dyn Fn(&ColumnValue) -> bool| match name {
        "key" => test(&ColumnValue::Text(key.to_owned())),
        "rank" => test(&row.0),
        _ => row
            .1
            .iter()
            .any(|label| test(&ColumnValue::Text(label.clone()))),
    };
    let both = |left: &ColumnValue, right: &ColumnValue| {
        *left != ColumnValue::Null && *right != ColumnValue::Null
    };
    match condition {
        Condition::Is(name, value) => any(name, &|found| found == value),
        Condition::OneOf(name, values) => any(name, &|found| values.contains(found)),
        Condition::From(name, value) => any(name, &|found| both(found, value) && found >= value),
        Condition::Below(name, value) => any(name, &|found| both(found, value) && found < value),
    }
}

fn expected(rows: &Rows, query: &PageQuery) -> Vec<String> {
    let place = |key: &String, rank: &ColumnValue| match query.order_by {
        "key" => (ColumnValue::Null, key.clone()),
        _ => (rank.clone(), key.clone()),
    };
    let mut all: Vec<_> = rows
        .iter()
        .filter(|(key, row)| {
            query
                .filter
                .iter()
                .all(|condition| holds(condition, key, row))
        })
        .map(|(key, (rank, _))| place(key, rank))
        .collect();
    all.sort();
    if query.descending {
        all.reverse();
    }
    all.into_iter().map(|(_, key)| key).collect()
}

/// Follows the cursors to the end.
async fn read_all(store: &dyn ReadStore, query: &PageQuery) -> Vec<String> {
    let mut query = query.clone();
    let mut keys = Vec::new();
    loop {
        let page = store.page("paged", &query).await.expect("a page");
        assert!(page.rows.len() <= query.limit);
        keys.extend(page.rows.iter().map(|(row, _)| row.key.clone()));
        match page.rows.last() {
            Some((row, value)) if page.more => {
                query.after = Some(Cursor {
                    value: value.clone(),
                    key: row.key.clone(),
                });
            }
            _ => return keys,
        }
    }
}

fn value() -> impl Strategy<Value = ColumnValue> {
    prop_oneof![
        Just(ColumnValue::Null),
        (-2i64..3).prop_map(ColumnValue::Integer),
        "[a-cé]{0,2}".prop_map(ColumnValue::Text),
    ]
}

fn label() -> impl Strategy<Value = ColumnValue> {
    "[a-c]".prop_map(ColumnValue::Text)
}

fn condition() -> impl Strategy<Value = Condition> {
    let name = prop_oneof![Just("rank"), Just("key")];
    prop_oneof![
        (name.clone(), value()).prop_map(|(name, value)| Condition::Is(name, value)),
        (name.clone(), prop::collection::vec(value(), 0..3))
            .prop_map(|(name, values)| Condition::OneOf(name, values)),
        (name.clone(), value()).prop_map(|(name, value)| Condition::From(name, value)),
        (name, value()).prop_map(|(name, value)| Condition::Below(name, value)),
        label().prop_map(|value| Condition::Is("label", value)),
        label().prop_map(|value| Condition::From("label", value)),
        prop::collection::vec(label(), 0..3).prop_map(|values| Condition::OneOf("label", values)),
    ]
}

fn query() -> impl Strategy<Value = PageQuery> {
    let order = prop_oneof![3 => Just("rank"), 1 => Just("key")];
    (
        prop::collection::vec(condition(), 0..3),
        order,
        any::<bool>(),
        1usize..6,
    )
        .prop_map(|(filter, order_by, descending, limit)| PageQuery {
            filter,
            order_by,
            descending,
            after: None,
            limit,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn pages_joined_are_the_sorted_filtered_rows(
        rows in prop::collection::btree_map(
            "[a-d]{1,3}", (value(), prop::collection::vec("[a-c]", 0..3)), 0..30),
        queries in prop::collection::vec(query(), 1..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let toy = ToyLog::new();
            let store = toy.read_store().await;
            let log_id = orderlog_log::event_store::EventStore::head(&toy.store).await.expect("a head").log_id;
            write(store.as_ref(), log_id, &rows).await;
            for query in &queries {
                assert_eq!(read_all(store.as_ref(), query).await, expected(&rows, query), "{query:?}");
            }
        });
    }
}

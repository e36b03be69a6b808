//! Pages against a naive model: filter, sort and cut in memory.

use std::{collections::BTreeMap, sync::Arc};

use orderlog_runtime::{
    projection::ColumnValue,
    read_model::{Condition, Cursor, PageQuery},
    read_store::{ReadStore, RowChange},
    source::Checkpoint,
};
use proptest::{prelude::*, test_runner::TestRunner};
use tokio::{runtime::Handle, task::block_in_place};
use uuid::Uuid;

use super::{at, commit, definition, last, live, write};

type Rows = BTreeMap<String, (ColumnValue, Vec<String>)>;

/// Makes these the live rows.
async fn replace(store: &dyn ReadStore, log_id: Uuid, rows: &Rows) {
    let (_, before) = live(store, log_id).await;
    let staged = store.stage(&definition("1")).await.expect("staged");
    let changes = rows.iter().map(|(key, (rank, labels))| RowChange {
        key: key.clone(),
        slot: 0,
        position: 1,
        row: Some(format!("\"{key}\"")),
        columns: vec![rank.clone(), ColumnValue::Many(labels.clone())],
        stored: None,
    });
    let start = Checkpoint::start_of(log_id);
    let moved = (start, at(start, 1));
    write(
        store,
        commit(&staged, last(store), moved, changes.collect()),
    )
    .await
    .expect("written");
    let expected = BTreeMap::from([(last(store), before)]);
    store
        .adopt(&definition("1"), &staged, &expected)
        .await
        .expect("adopted");
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
        let page = store.page("things", &query).await.expect("a page");
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

pub(crate) async fn pages_joined_are_the_sorted_filtered_rows(
    store: Arc<dyn ReadStore>,
    log_id: Uuid,
) {
    let rows = prop::collection::btree_map(
        "[a-d]{1,3}",
        (value(), prop::collection::vec("[a-c]", 0..3)),
        0..30,
    );
    let queries = prop::collection::vec(query(), 1..12);
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(60)
    };
    let runtime = Handle::current();
    let tried = block_in_place(|| {
        TestRunner::new(config).run(&(rows, queries), |(rows, queries)| {
            runtime.block_on(async {
                replace(store.as_ref(), log_id, &rows).await;
                for query in &queries {
                    let (read, due) = (
                        read_all(store.as_ref(), query).await,
                        expected(&rows, query),
                    );
                    let counted = store.count("things", &query.filter).await;
                    prop_assert_eq!(counted, Ok(due.len() as u64), "{:?}", query);
                    prop_assert_eq!(read, due, "{:?}", query);
                }
                Ok(())
            })
        })
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
}

//! The same commits to both engines make the same rows, hashes and pages.

use std::collections::BTreeMap;

use orderlog_runtime::{
    projection::ColumnValue,
    read_model::PageQuery,
    read_store::{CommitError, ReadError, ReadStore, RowChange},
    source::Checkpoint,
    sqlite::SqliteReadStore,
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use uuid::Uuid;

use crate::{
    database::Database,
    things::{batch, live, live_checkpoints, row, things, write},
};

/// A row's text, rank and labels.
type Thing = (String, ColumnValue, Vec<String>);

fn rank() -> impl Strategy<Value = ColumnValue> {
    prop_oneof![
        Just(ColumnValue::Null),
        any::<i64>().prop_map(ColumnValue::Integer),
        "[a-zA-Zäß€ ]{0,6}".prop_map(ColumnValue::Text),
    ]
}

/// What a batch does to some keys: `None` is a row that goes.
fn changes() -> impl Strategy<Value = BTreeMap<String, Option<Thing>>> {
    let labels = prop::collection::vec("[a-cé]{0,2}", 0..4);
    let thing = ("[ -~äß€\\\\\t\n]{0,40}", rank(), labels);
    prop::collection::btree_map(
        "[a-zA-Z0-9äÖ_-]{1,4}",
        prop::option::weighted(0.8, thing),
        0..60,
    )
}

/// The changes as a projector would write them, given the rows as they are.
fn rows(
    changes: BTreeMap<String, Option<Thing>>,
    now: &mut BTreeMap<String, Vec<ColumnValue>>,
    position: u64,
) -> Vec<RowChange> {
    let mut rows = Vec::new();
    for (key, thing) in changes {
        let stored = now.remove(&key);
        if thing.is_none() && stored.is_none() {
            continue;
        }
        let (row, columns) = match thing {
            None => (None, Vec::new()),
            Some((text, rank, labels)) => (Some(text), vec![rank, ColumnValue::Many(labels)]),
        };
        if row.is_some() {
            now.insert(key.clone(), columns.clone());
        }
        rows.push(RowChange {
            key,
            slot: 3,
            position,
            row,
            columns,
            stored,
        });
    }
    rows
}

async fn pages(store: &dyn ReadStore) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for order_by in ["key", "rank"] {
        for descending in [false, true] {
            let query = PageQuery {
                filter: Vec::new(),
                order_by,
                descending,
                after: None,
                limit: 1000,
            };
            let page = store.page("things", &query).await.expect("a page");
            all.push(page.rows.into_iter().map(|(row, _)| row.key).collect());
        }
    }
    all
}

#[tokio::test]
async fn both_engines_come_to_the_same_rows_live_and_rebuilt() {
    let database = Database::migrated().await;
    let directory = tempfile::tempdir().expect("a directory");
    let sqlite = SqliteReadStore::open(directory.path(), database.log_id).expect("a store");
    let postgres = database.folder(1).await;
    let mut runner = TestRunner::new(Config::default());
    let batches: Vec<_> = (0..12)
        .map(|_| changes().new_tree(&mut runner).expect("changes").current())
        .collect();

    let stores: [&dyn ReadStore; 2] = [&sqlite, &postgres];
    let mut hashes = Vec::new();
    for store in stores {
        let target = live(store).await;
        // Beside the live rows, the same is loaded as a rebuild does it.
        let staged = store.stage(&things()).await.expect("staged");
        let mut at = Checkpoint::start_of(database.log_id);
        let mut now = BTreeMap::new();
        for (position, changes) in (1..).zip(batches.clone()) {
            let rows = rows(changes, &mut now, position);
            let to = Checkpoint {
                position,
                event_id: Uuid::now_v7(),
                ..at
            };
            for target in [&target, &staged] {
                let mut commit = batch(target, 0, at, rows.clone());
                commit.checkpoint = to;
                write(store, commit).await.expect("written");
            }
            at = to;
        }
        let compared = store.compare(&target, &staged, 5).await.expect("compared");
        assert_eq!(compared.differences, []);
        assert_eq!(compared.live, compared.staged);
        assert_eq!(compared.live.rows, now.len() as u64);
        hashes.push((compared.live, pages(store).await));
        let expected = live_checkpoints(store).await;
        let adopted = store.adopt(&things(), &staged, &expected).await;
        adopted.expect("adopted");
        assert_eq!(hashes.last().expect("one").1, pages(store).await);
    }
    assert_eq!(hashes[0], hashes[1]);
}

#[tokio::test]
async fn what_postgres_cannot_keep_is_refused_for_good_and_nothing_of_it_is_written() {
    let database = Database::migrated().await;
    let store = database.folder(1).await;
    let target = live(&store).await;
    let staged = store.stage(&things()).await.expect("staged");
    let start = Checkpoint::start_of(database.log_id);
    // What does not get smaller when it is packed.
    let noise: String = (0..40_u32)
        .map(|n| blake3::hash(&n.to_be_bytes()).to_hex().to_string())
        .collect();
    let mut longest = row(&noise[..1000], "1", 1);
    longest.columns[0] = ColumnValue::Text(noise[..1600].to_owned());
    let mut too_long = longest.clone();
    too_long.columns[0] = ColumnValue::Text("x".repeat(1601));
    let long_key = row(&"k".repeat(1001), "1", 1);
    for target in [&target, &staged] {
        for bad in [&too_long, &long_key, &row("a\0", "1", 1)] {
            let rows = vec![row("good", "1", 1), bad.clone()];
            let refused = write(&store, batch(target, 0, start, rows)).await;
            assert!(
                matches!(&refused, Err(CommitError::Store(ReadError::Damaged { .. }))),
                "{refused:?}"
            );
        }
        assert_eq!(store.hash(target).await.expect("a hash").rows, 0);
        write(&store, batch(target, 0, start, vec![longest.clone()]))
            .await
            .expect("written");
    }
    let expected = live_checkpoints(&store).await;
    let adopted = store.adopt(&things(), &staged, &expected).await;
    adopted.expect("adopted");
}

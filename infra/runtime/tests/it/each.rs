//! Events that say none or several things today, because they were recorded in an older form: folded
//! whole or not at all, at one position, live as in a rebuild.

use std::{sync::Arc, time::Duration};

use orderlog_log::event::{RecordedEvent, Today};
use orderlog_runtime::{
    projection::{ColumnValue, Definition, FoldError, Occurred, Projection, erase_each},
    projector::{DecodeError, Projector},
    read_model::ReadModel,
    read_store::ReadStore,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    projector::Running,
    toy::{Sum, Sums, Toy, ToyLog},
};

/// `Toys` once said what are several events today.
fn decode_each(event: &RecordedEvent) -> Result<Today<Toy>, DecodeError> {
    let damaged = |error: serde_json::Error| DecodeError::Damaged(error.to_string());
    match event.event_type.as_str() {
        "Toys" => serde_json::from_str::<Vec<Toy>>(&event.data)
            .map(Today::from_vec)
            .map_err(damaged),
        _ => crate::toy::decode(event).map(|toy| Today::from_iter([toy])),
    }
}

/// A row per key and tag: the facts of one event have different keys.
struct Tags;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Tag {
    times: u64,
    version: u64,
    position: u64,
}

impl Projection<Toy> for Tags {
    type Row = Tag;

    fn definition(&self) -> Definition {
        Definition {
            name: "tags",
            version: "1".to_owned(),
            columns: &[],
        }
    }

    fn keys(&self, event: &Occurred<'_, Toy>) -> Vec<String> {
        match event.fact {
            Toy::Tagged(tag) => vec![format!("{}/{tag}", event.recorded.partition_key)],
            Toy::Added(_) | Toy::Removed | Toy::Broken => vec![],
        }
    }

    fn apply(
        &self,
        _key: &str,
        row: &mut Option<Tag>,
        event: &Occurred<'_, Toy>,
    ) -> Result<(), FoldError> {
        let tag = row.get_or_insert_default();
        tag.times += 1;
        tag.version = event.recorded.version;
        tag.position = event.recorded.position;
        Ok(())
    }

    fn columns(&self, _row: &Tag) -> Vec<ColumnValue> {
        Vec::new()
    }
}

async fn projector(toy: &ToyLog, store: &Arc<dyn ReadStore>) -> Projector<Today<Toy>> {
    let sums = Sums {
        version: "1",
        broken_folds: false,
    };
    let projections = vec![erase_each(sums), erase_each(Tags)];
    let projector = Projector::open(toy.log(), Arc::clone(store), projections, decode_each);
    projector.await.expect("a projector")
}

async fn reached(store: &Arc<dyn ReadStore>, position: u64) {
    for name in ["sums", "tags"] {
        let model: ReadModel<serde_json::Value> = ReadModel::new(Arc::clone(store), name);
        let long = Duration::from_secs(30);
        let waited = model.wait_for(position, "nobody's key", long).await;
        waited.expect("reached");
    }
}

/// Appends one event that says all of these; answers its position.
async fn append(toy: &ToyLog, key: &str, says: &[Toy]) -> u64 {
    let data = serde_json::to_string(says).expect("JSON");
    let event = (key.to_owned(), "Toys", data, Uuid::now_v7());
    toy.append_raw(&[event]).await
}

fn tagged(tag: &str) -> Toy {
    Toy::Tagged(tag.to_owned())
}

#[tokio::test]
async fn what_one_event_says_is_folded_at_its_position_and_anew_to_the_same() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let running = Running::start(&projector, toy.fan_out());
    toy.append("a", &Toy::Added(1)).await;
    let split = append(
        &toy,
        "a",
        &[tagged("x"), Toy::Added(2), tagged("y"), tagged("x")],
    )
    .await;
    append(&toy, "a", &[]).await;
    let last = toy.append("a", &Toy::Added(4)).await;
    reached(&store, last).await;

    let sums: ReadModel<Sum> = ReadModel::new(Arc::clone(&store), "sums");
    let sum = sums.get("a").await.expect("a row").expect("there");
    let tags = ["x", "y", "x"].map(str::to_owned).to_vec();
    assert_eq!((sum.sum, sum.events, sum.tags), (7, 6, tags));
    let tags: ReadModel<Tag> = ReadModel::new(Arc::clone(&store), "tags");
    for (tag, times) in [("x", 2), ("y", 1)] {
        let row = tags.get(&format!("a/{tag}")).await.expect("a row");
        let expected = Tag {
            times,
            version: 2,
            position: split,
        };
        assert_eq!(row, Some(expected), "{tag}");
    }
    for status in projector.projections().await.expect("a list") {
        assert_eq!((status.position, status.lag, status.parked), (last, 0, 0));
    }
    for report in projector.rebuild_all(&|_| {}).await.expect("rebuilt") {
        assert!(report.equal, "{report:?}");
        assert_eq!(report.events, 4, "an event is one, whatever it says");
    }
    running.stop().await.expect("a clean end");
}

#[tokio::test]
async fn an_event_of_which_one_part_cant_be_folded_leaves_nothing_in_the_rows() {
    let toy = ToyLog::new();
    let store = toy.read_store().await;
    let projector = projector(&toy, &store).await;
    let running = Running::start(&projector, toy.fan_out());
    toy.append("a", &Toy::Added(1)).await;
    let broken = append(&toy, "a", &[Toy::Added(2), Toy::Broken, tagged("x")]).await;
    reached(&store, broken).await;

    let sums: ReadModel<Sum> = ReadModel::new(Arc::clone(&store), "sums");
    assert_eq!(sums.get("a").await.expect("a row").expect("there").sum, 1);
    let parked = store.parked("sums", 0, 10).await.expect("a list");
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].position, broken);
    // Of the other read model it touches nothing that can't be folded.
    assert!(
        store
            .parked("tags", 0, 10)
            .await
            .expect("a list")
            .is_empty()
    );
    running.stop().await.expect("a clean end");
}

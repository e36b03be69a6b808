//! Every event handled twice and every work row attempted twice, the second time as after a crash:
//! each stream has the very same events as without.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{
    fuse::Fuse,
    world::{Time, World},
};
use crate::process::simulated_gateway::TOKENS;

/// The types of the events of each stream. Ids that are drawn at random are left out of a stream's
/// name, and equal streams are put in order.
async fn told(token: &str, twice: bool) -> BTreeMap<String, Vec<Vec<String>>> {
    let directory = tempfile::tempdir().unwrap();
    let world = World::open(directory.path(), &Time::new(), &Fuse::endless(), twice).await;
    world.place(token).await;
    world.settle().await;
    world.ship().await;
    world.pass(TimeDelta::hours(1)).await;
    let mut streams: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in world.events().await {
        streams
            .entry(event.stream)
            .or_default()
            .push(event.event_type);
    }
    let mut told: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for (stream, types) in streams {
        let category = stream.split_once('-').unwrap().0.to_owned();
        told.entry(category).or_default().push(types);
    }
    told.values_mut()
        .for_each(|streams| streams.sort_unstable());
    told
}

#[tokio::test]
async fn everything_done_twice_is_done_once() {
    for token in TOKENS {
        assert_eq!(told(token, true).await, told(token, false).await, "{token}");
    }
}

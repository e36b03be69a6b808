//! Recorded histories, one file per branch of the saga: `golden/histories/<branch>.ndjson`. Today's
//! rules must decide on each what was decided when it was recorded. `UPDATE_GOLDEN=1` records all of
//! them anew: a change of mind is then to be seen in the diff. A branch's history is the first of a
//! simulated order that comes by all that the branch is about.

use std::{collections::BTreeSet, fs, path::PathBuf};

use cqrs_es::Aggregate;
use orderlog_domain::fulfilment::{
    Fulfilment, FulfilmentEvent,
    history::{Recorded, read, write},
    replay::replay,
};

use crate::{
    books,
    branches::{Branch, branches},
    golden, what,
    world::World,
};

/// Orders that are simulated in search of a branch, at most.
const SEEDS: u64 = 20_000;

#[test]
fn todays_rules_decide_every_recorded_history_as_it_was_decided() {
    let mut decisions = 0;
    for branch in branches() {
        let name = branch.name;
        if golden::updating() {
            let text = write(&search(&branch)).expect("histories can be written");
            fs::create_dir_all(folder()).expect("a folder");
            fs::write(file(name), text).expect("recorded");
        }
        let recorded = fs::read_to_string(file(name))
            .unwrap_or_else(|error| panic!("{name}: {error}; UPDATE_GOLDEN=1 records it"));
        let history = read(&recorded).unwrap_or_else(|error| panic!("{name}: {error}"));
        let replayed = replay(&history);
        assert_eq!(
            replayed.differences,
            [],
            "{name}: today's rules decide otherwise; if that is meant, UPDATE_GOLDEN=1 records it"
        );
        let seen = seen(&history);
        assert!(
            branch.is_in(&seen),
            "{name} is not what its name says: {seen:?}"
        );
        decisions += replayed.decisions;
    }
    every_file_is_of_a_branch();
    println!("{} histories, {decisions} decisions", branches().len());
}

fn every_file_is_of_a_branch() {
    let known: BTreeSet<PathBuf> = branches().iter().map(|branch| file(branch.name)).collect();
    let files = fs::read_dir(folder()).expect("there are histories");
    let files: BTreeSet<PathBuf> = files
        .map(|file| file.expect("the folder can be read").path())
        .collect();
    assert_eq!(files, known);
}

fn folder() -> PathBuf {
    golden::folder().join("histories")
}

fn file(branch: &str) -> PathBuf {
    folder().join(format!("{branch}.ndjson"))
}

/// The first history that comes by all that the branch is about.
fn search(branch: &Branch) -> Vec<Recorded> {
    let mut lives = (0..SEEDS).map(|seed| {
        let mut world = World::new(seed, branch.stock);
        world.is_hectic = branch.is_hectic;
        world.place(branch.plan_of(seed));
        world.run();
        books::check(&world);
        let (_, (_, history)) = world.sagas.pop_first().expect("a saga");
        history
    });
    let found = lives.find(|history| branch.is_in(&seen(history)));
    found.unwrap_or_else(|| panic!("{} never came by", branch.name))
}

/// What a history comes by, each also with the step in which it does.
fn seen(history: &[Recorded]) -> BTreeSet<String> {
    let mut saga = Fulfilment::default();
    let mut seen = BTreeSet::new();
    for event in history {
        if let FulfilmentEvent::TimerFired { .. } = event.data {
            seen.insert(format!("rings in {}", saga.step));
        }
        if let Some(what) = what(&event.data) {
            seen.insert(format!("{what} in {}", saga.step));
            seen.insert(what);
        }
        saga.apply(event.data.clone());
    }
    seen.insert(format!("ends in {}", saga.step));
    seen
}

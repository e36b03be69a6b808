//! Every story of an order, and in each, one thing that goes wrong, at every place where it can: before
//! and after each write a crash, each write refused and its answer lost, each event handled twice,
//! forgotten, overtaken and late, each work row attempted twice and late, each call of the gateway
//! answered late or not at all. Wherever time plays no part, all ends as if nothing had happened; and
//! always the books are in order. The cases are counted and printed.

mod bank;
mod books;
mod cases;
mod lives;
mod races;
mod stories;

use std::{
    sync::{LazyLock, Mutex},
    thread,
};

use super::ground::{Database, Ground, topic};
use cases::{Case, Tally, cases};
use lives::{again, survives};
use stories::STORIES;

static CASES: LazyLock<Vec<Case>> = LazyLock::new(cases);

/// Cases at a time; most of each is waiting for the disk.
const AT_ONCE: usize = 4;

#[test]
fn whatever_goes_wrong_once_on_the_embedded_engines_all_is_well_in_the_end() {
    let tally = run_all(CASES.iter(), Ground::embedded);
    tally.print("embedded engines");
    assert!(tally.came() >= 500, "only {} cases", tally.came());
}

#[test]
fn whatever_goes_wrong_once_on_postgresql_all_is_well_in_the_end() {
    let model = wait(Database::migrated());
    let tally = run_all(CASES.iter().step_by(4), || {
        Ground::Postgres(wait(model.copy()))
    });
    tally.print("PostgreSQL");
    assert!(tally.came() >= 200, "only {} cases", tally.came());
}

#[test]
fn what_goes_wrong_once_behind_kafka_is_well_in_the_end() {
    let model = wait(Database::migrated());
    let tally = run_all(CASES.iter().step_by(60), || {
        Ground::Kafka(wait(model.copy()), topic())
    });
    tally.print("PostgreSQL and Kafka");
    assert!(tally.came() >= 10, "only {} cases", tally.came());
}

#[test]
fn every_event_handled_again_long_after_changes_nothing() {
    let events: usize = STORIES.iter().map(again).sum();
    println!(
        "{events} events of {} stories came again at the end",
        STORIES.len()
    );
    assert!(events >= 500, "only {events} events");
}

/// Runs all cases, some at a time, each on a ground of its own.
fn run_all<'a>(
    cases: impl Iterator<Item = &'a Case> + Send,
    ground: impl Fn() -> Ground + Sync,
) -> Tally {
    let (cases, tally) = (Mutex::new(cases), Mutex::new(Tally::default()));
    let next = || cases.lock().unwrap().next();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = next() {
                    let came = survives(case, &ground());
                    tally.lock().unwrap().note(case, came);
                }
            });
        }
    });
    tally.into_inner().unwrap()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    lives::runtime().block_on(future)
}

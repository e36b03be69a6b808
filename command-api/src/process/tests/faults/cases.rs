//! Which cases there are: an undisturbed life of each story tells all its places, and what can go
//! wrong at each. A place that an earlier story has, too, is disturbed in the first of them alone; so
//! are checkpoints without work, of which one is like the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{
    books::End,
    lives::undisturbed,
    stories::{STORIES, Story},
};
use crate::process::tests::fuse::{AtAttempt, AtCall, AtEvent, AtWrite, Fault, Place};

/// One thing that goes wrong in one story.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) story: Story,
    pub(super) fault: Fault,
    pub(super) place: Place,
    /// Where the story ends undisturbed.
    pub(super) end: End,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            story,
            fault,
            place,
            ..
        } = self;
        write!(f, "{}: {fault:?} at {place}", story.name)
    }
}

/// Checkpoints without work that are disturbed.
const CHECKPOINTS: usize = 4;

/// Every case, story by story.
pub(super) fn cases() -> Vec<Case> {
    let mut known = BTreeSet::new();
    let mut cases = Vec::new();
    for story in STORIES {
        let (end, seen) = undisturbed(&story);
        let places = seen.into_iter().flat_map(|(label, times)| {
            (1..=times).map(move |nth| Place {
                label: label.clone(),
                nth,
            })
        });
        let is_told = |place: &Place| place.label != "save checkpoint" || place.nth <= CHECKPOINTS;
        let places = places.filter(is_told);
        for place in places.filter(|place| known.insert(place.clone())) {
            cases.extend(faults(&place.label).into_iter().map(|fault| Case {
                story,
                fault,
                place: place.clone(),
                end: end.clone(),
            }));
        }
    }
    cases
}

/// What can go wrong at a place of this kind.
fn faults(label: &str) -> Vec<Fault> {
    match label.split(' ').next().unwrap_or_default() {
        "append" | "save" | "settle" => [
            AtWrite::CrashBefore,
            AtWrite::CrashAfter,
            AtWrite::Refused,
            AtWrite::AnswerLost,
        ]
        .map(Fault::Write)
        .to_vec(),
        "lease" => [AtWrite::CrashAfter, AtWrite::AnswerLost]
            .map(Fault::Write)
            .to_vec(),
        "event" => [
            AtEvent::Twice,
            AtEvent::Forgotten,
            AtEvent::Overtaken,
            AtEvent::Late,
        ]
        .map(Fault::Event)
        .to_vec(),
        "attempt" => [AtAttempt::Twice, AtAttempt::Late]
            .map(Fault::Attempt)
            .to_vec(),
        "call" => [AtCall::Late, AtCall::Silent, AtCall::Unreached]
            .map(Fault::Call)
            .to_vec(),
        kind => panic!("nobody knows what can go wrong at a {kind}"),
    }
}

/// Whether time plays no part in a fault, so that all must end as if it had not been.
pub(super) fn is_timeless(fault: Fault) -> bool {
    match fault {
        Fault::Write(_)
        | Fault::Event(AtEvent::Twice | AtEvent::Forgotten | AtEvent::Overtaken)
        | Fault::Attempt(AtAttempt::Twice) => true,
        Fault::Event(AtEvent::Late) | Fault::Attempt(AtAttempt::Late) | Fault::Call(_) => false,
    }
}

/// How many cases of each kind came by.
#[derive(Default)]
pub(super) struct Tally {
    came: BTreeMap<String, usize>,
    missed: usize,
}

impl Tally {
    pub(super) fn note(&mut self, case: &Case, came: bool) {
        if came {
            *self.came.entry(format!("{:?}", case.fault)).or_default() += 1;
        } else {
            self.missed += 1;
        }
    }

    /// Cases in which what was planned went wrong.
    pub(super) fn came(&self) -> usize {
        self.came.values().sum()
    }

    pub(super) fn print(&self, engines: &str) {
        println!("{} cases on the {engines}: {:?}", self.came(), self.came);
        println!("{} more places did not come by this time", self.missed);
    }
}

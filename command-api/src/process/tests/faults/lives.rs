//! One case: a life in which something goes wrong, after a crash another one, and what must be true
//! in the end.

use std::{collections::BTreeMap, time::Duration};

use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};

use super::{
    bank::{Bank, Books},
    books::{End, check},
    cases::{Case, is_timeless},
    stories::{Story, tell},
};
use crate::process::tests::{
    fuse::{AtCall, Fault, Fuse},
    ground::Ground,
    world::{Time, World},
};

/// Longer than any life; one that is not over by then never ends.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// Plays the case; whether what was planned went wrong.
pub(super) fn survives(case: &Case, ground: &Ground) -> bool {
    let fuse = Fuse::planned(case.fault, case.place.clone());
    let (time, books) = (Time::new(), Books::default());
    let told = || {
        let end = live(ground, &time, &books, &fuse, &case.story);
        end.or_else(|| live(ground, &time, &books, &Fuse::endless(), &case.story))
    };
    // Whatever fails in there does not know the case.
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(told));
    let end = told.unwrap_or_else(|_| panic!("{case}"));
    let end = end.unwrap_or_else(|| panic!("{case}: it died without a reason"));
    if is_timeless(case.fault) {
        assert_eq!(end, case.end, "{case}");
    }
    let may_wait = case.story.needs_a_person || case.fault == Fault::Call(AtCall::Unreached);
    assert!(may_wait || !end.needs_a_person(), "{case}: {end:?}");
    fuse.came()
}

/// A story in which nothing goes wrong: its end, and all its places.
pub(super) fn undisturbed(story: &Story) -> (End, BTreeMap<String, usize>) {
    let fuse = Fuse::endless();
    let (ground, time, books) = (Ground::embedded(), Time::new(), Books::default());
    let end = live(&ground, &time, &books, &fuse, story).unwrap();
    assert_eq!(end.needs_a_person(), story.needs_a_person, "{end:?}");
    (end, fuse.seen())
}

/// Has every event of a story handled again when it is over, the last first; answers how many.
pub(super) fn again(story: &Story) -> usize {
    runtime().block_on(async {
        let (ground, time, books) = (Ground::embedded(), Time::new(), Books::default());
        let world = world(&ground, &time, &books, &Fuse::endless()).await;
        tell(&world, story).await;
        let events = world.events().await;
        for event in events.iter().rev() {
            world.handle_again(event).await;
            let now = world.events().await;
            assert_eq!(now.len(), events.len(), "{}: {event:?}", story.name);
        }
        check(&world, &books).await;
        events.len()
    })
}

/// One life; `None` if it ended in a crash.
fn live(ground: &Ground, time: &Time, books: &Books, fuse: &Fuse, story: &Story) -> Option<End> {
    runtime().block_on(async {
        tokio::select! {
            biased;
            () = fuse.blown() => None,
            end = timeout(LONG, whole(ground, time, books, fuse, story)) => {
                Some(end.expect("it ends"))
            }
        }
    })
}

async fn whole(ground: &Ground, time: &Time, books: &Books, fuse: &Fuse, story: &Story) -> End {
    let world = world(ground, time, books, fuse).await;
    tell(&world, story).await;
    check(&world, books).await
}

pub(super) async fn world(ground: &Ground, time: &Time, books: &Books, fuse: &Fuse) -> World {
    let world = World::over(ground.open().await, time, fuse);
    let bank = Bank::new(books, fuse, world.meantime());
    world.with_gateway(std::sync::Arc::new(bank))
}

pub(super) fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

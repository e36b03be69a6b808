//! The guard: what it repeats, what it gives up, whom it sends away.

use std::cell::Cell;

use futures::future::{join, pending, ready};
use tokio::sync::Notify;

use super::*;

const MOMENT: Duration = Duration::from_millis(1);

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(60);

fn settings() -> GuardSettings {
    GuardSettings {
        timeout: LONG,
        patience: LONG,
        pause: Backoff {
            first: MOMENT,
            most: 2 * MOMENT,
        },
        ..GuardSettings::default()
    }
}

fn guard() -> Guard {
    Guard::new("test", settings())
}

fn refused() -> NoAnswer {
    not_called("nobody listens", MOMENT)
}

/// Ends as told, one end after another, and counts the calls.
async fn ends(guard: &Guard, ends: &[Result<u8, NoAnswer>]) -> (Result<u8, NoAnswer>, usize) {
    let calls = Cell::new(0);
    let ended = guard
        .call(|| {
            let end = ends[calls.get()].clone();
            calls.set(calls.get() + 1);
            ready(end)
        })
        .await;
    (ended, calls.get())
}

#[tokio::test]
async fn what_was_not_called_is_repeated_a_few_times() {
    let guard = guard();
    let (ended, calls) = ends(&guard, &[Err(refused()), Err(refused()), Ok(7)]).await;
    assert_eq!((ended, calls), (Ok(7), 3));
    let three = [Err(refused()), Err(refused()), Err(refused())];
    assert_eq!(ends(&guard, &three).await, (Err(refused()), 3));
}

#[tokio::test]
async fn what_nobody_knows_the_outcome_of_is_not_repeated() {
    let (ended, calls) = ends(&guard(), &[Err(NoAnswer::TimedOut), Ok(7)]).await;
    assert_eq!((ended, calls), (Err(NoAnswer::TimedOut), 1));
}

#[tokio::test]
async fn who_is_told_to_come_much_later_does_not_wait() {
    let later = not_called("too many requests", LONG);
    let (ended, calls) = ends(&guard(), &[Err(later.clone()), Ok(7)]).await;
    assert_eq!((ended, calls), (Err(later), 1));
}

#[tokio::test]
async fn a_budget_bounds_the_repeats() {
    let mut settings = settings();
    settings.breaker.failures = u32::MAX;
    let guard = Guard::new("test", settings);
    let mut calls = 0;
    for _ in 0..100 {
        let three = [Err(refused()), Err(refused()), Err(refused())];
        calls += ends(&guard, &three).await.1;
    }
    // A hundred first ones; ten repeats in hand, and one earned by ten calls.
    assert!((115..=120).contains(&calls), "{calls}");
}

#[tokio::test]
async fn a_call_that_hangs_is_given_up_and_opens_the_circuit() {
    let timeout = 20 * MOMENT;
    let guard = Guard::new(
        "test",
        GuardSettings {
            timeout,
            ..settings()
        },
    );
    for _ in 0..5 {
        let ended = guard.call(pending::<Result<u8, NoAnswer>>).await;
        assert_eq!(ended, Err(NoAnswer::TimedOut));
    }
    assert_eq!(guard.circuit(), Circuit::Open);
    let (ended, calls) = ends(&guard, &[Ok(7)]).await;
    assert!(
        matches!(ended, Err(NoAnswer::NotCalled { .. })),
        "{ended:?}"
    );
    assert_eq!(calls, 0);
}

#[tokio::test]
async fn a_probe_that_is_answered_closes_the_circuit() {
    let mut settings = settings();
    settings.breaker.pause = Backoff {
        first: Duration::ZERO,
        most: Duration::ZERO,
    };
    let guard = Guard::new("test", settings);
    for _ in 0..5 {
        ends(&guard, &[Err(NoAnswer::TimedOut)])
            .await
            .0
            .expect_err("no answer");
    }
    assert_eq!(guard.circuit(), Circuit::Open);
    assert_eq!(ends(&guard, &[Ok(7)]).await, (Ok(7), 1));
    assert_eq!(guard.circuit(), Circuit::Closed);
}

#[tokio::test]
async fn so_many_at_once_and_no_more() {
    let settings = GuardSettings {
        concurrency: 1,
        patience: 10 * MOMENT,
        ..settings()
    };
    let (guard, sent_away) = (Guard::new("test", settings), Notify::new());
    let first = guard.call(|| async {
        sent_away.notified().await;
        Ok::<_, NoAnswer>(1)
    });
    let second = async {
        let ended = ends(&guard, &[Ok(2)]).await;
        sent_away.notify_one();
        ended
    };
    let (first, (second, calls)) = join(first, second).await;
    assert_eq!((first, calls), (Ok(1), 0));
    assert!(
        matches!(second, Err(NoAnswer::NotCalled { .. })),
        "{second:?}"
    );
    assert_eq!(ends(&guard, &[Ok(3)]).await, (Ok(3), 1));
}

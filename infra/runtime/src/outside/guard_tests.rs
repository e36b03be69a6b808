//! The guard, with time that passes at once.

use std::{cell::Cell, sync::Arc};

use futures::future::{join_all, ready};

use super::*;

fn guard() -> Guard {
    Guard::new("test", GuardSettings::default())
}

fn refused() -> NoAnswer {
    not_called("nobody listens", Duration::from_millis(1))
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

#[tokio::test(start_paused = true)]
async fn what_was_not_called_is_repeated_a_few_times() {
    let guard = guard();
    let (ended, calls) = ends(&guard, &[Err(refused()), Err(refused()), Ok(7)]).await;
    assert_eq!((ended, calls), (Ok(7), 3));
    let (ended, calls) = ends(&guard, &[const { Err(NoAnswer::TimedOut) }, Ok(7)]).await;
    assert_eq!((ended, calls), (Err(NoAnswer::TimedOut), 1));
}

#[tokio::test(start_paused = true)]
async fn who_is_told_to_come_much_later_does_not_wait() {
    let later = not_called("too many requests", Duration::from_secs(20));
    let (ended, calls) = ends(&guard(), &[Err(later.clone()), Ok(7)]).await;
    assert_eq!((ended, calls), (Err(later), 1));
}

#[tokio::test(start_paused = true)]
async fn a_budget_bounds_the_repeats() {
    let mut settings = GuardSettings::default();
    settings.breaker.failures = u32::MAX;
    let guard = Guard::new("test", settings);
    let mut calls = 0;
    for _ in 0..100 {
        calls += ends(&guard, &[Err(refused()), Err(refused()), Err(refused())])
            .await
            .1;
    }
    // A hundred first ones; ten repeats in hand, and one earned by ten calls.
    assert!((115..=120).contains(&calls), "{calls}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_is_given_up_and_opens_the_circuit() {
    let guard = guard();
    let began = Instant::now();
    for _ in 0..5 {
        let ended = guard
            .call(std::future::pending::<Result<u8, NoAnswer>>)
            .await;
        assert_eq!(ended, Err(NoAnswer::TimedOut));
    }
    assert_eq!(began.elapsed(), Duration::from_secs(50));
    assert_eq!(guard.circuit(), Circuit::Open);
    let (ended, calls) = ends(&guard, &[Ok(7)]).await;
    assert!(
        matches!(ended, Err(NoAnswer::NotCalled { .. })),
        "{ended:?}"
    );
    assert_eq!(calls, 0);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(ends(&guard, &[Ok(7)]).await, (Ok(7), 1));
    assert_eq!(guard.circuit(), Circuit::Closed);
}

#[tokio::test(start_paused = true)]
async fn so_many_at_once_and_no_more() {
    let guard = Arc::new(guard());
    let calls = (0..40).map(|_| {
        let guard = Arc::clone(&guard);
        async move {
            guard
                .call(|| async {
                    sleep(Duration::from_millis(600)).await;
                    Ok::<_, NoAnswer>(())
                })
                .await
        }
    });
    let ended = join_all(calls).await;
    // Two rounds of sixteen within a second of patience, and eight who found no place.
    let answered = ended.iter().filter(|ended| ended.is_ok()).count();
    assert_eq!(answered, 32);
    assert!(ended.iter().all(|ended| *ended != Err(NoAnswer::TimedOut)));
}

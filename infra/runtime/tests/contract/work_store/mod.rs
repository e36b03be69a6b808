//! What every work store does.

use std::{collections::HashSet, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use orderlog_runtime::work::{Lease, NewWork, Settled, WorkCounts, WorkOutcome, WorkStore};
use uuid::Uuid;

pub(crate) fn work(kind: &'static str, due_at: DateTime<Utc>) -> NewWork {
    NewWork {
        id: Uuid::now_v7(),
        kind,
        due_at,
        payload: "{}".to_owned(),
        event_id: Uuid::now_v7(),
        correlation_id: Uuid::now_v7(),
    }
}

fn seconds(count: i64) -> DateTime<Utc> {
    let start = DateTime::from_timestamp(1_700_000_000, 0).expect("an instant");
    start + TimeDelta::seconds(count)
}

fn lease(owner: Uuid, now: DateTime<Utc>) -> Lease {
    let until = now + TimeDelta::seconds(60);
    Lease {
        owner,
        kinds: vec!["timer".to_owned()],
        now,
        until,
        limit: 10,
    }
}

fn done(id: Uuid, at: DateTime<Utc>) -> Vec<Settled> {
    vec![Settled {
        id,
        outcome: WorkOutcome::Done,
        at,
    }]
}

async fn taken(store: &dyn WorkStore, owner: Uuid, now: DateTime<Utc>) -> Vec<(Uuid, u32)> {
    let leased = store.lease(lease(owner, now)).await.expect("a lease");
    leased
        .iter()
        .map(|row| (row.id, row.earlier_attempts))
        .collect()
}

pub(crate) async fn a_row_is_leased_once_and_not_before_it_is_due(store: Arc<dyn WorkStore>) {
    let store = store.as_ref();
    let (me, you) = (Uuid::now_v7(), Uuid::now_v7());
    let row = work("timer", seconds(10));
    store
        .insert(vec![row.clone()], seconds(0))
        .await
        .expect("inserted");
    let kinds = ["timer".to_owned()];
    assert_eq!(
        store.next_due(&kinds).await.expect("an instant"),
        Some(seconds(10))
    );
    assert!(taken(store, me, seconds(9)).await.is_empty());
    let later = WorkCounts {
        later: 1,
        ..WorkCounts::default()
    };
    assert_eq!(store.counts(seconds(9)).await.expect("counts"), later);
    assert_eq!(taken(store, me, seconds(10)).await, [(row.id, 0)]);
    assert!(taken(store, you, seconds(10)).await.is_empty());
    let leased = WorkCounts {
        leased: 1,
        ..WorkCounts::default()
    };
    assert_eq!(store.counts(seconds(10)).await.expect("counts"), leased);
    store
        .settle(me, done(row.id, seconds(11)))
        .await
        .expect("settled");
    assert_eq!(
        store.counts(seconds(99)).await.expect("counts"),
        WorkCounts::default()
    );
    assert_eq!(store.next_due(&kinds).await.expect("none"), None);
}

pub(crate) async fn a_row_is_known_for_ever_once_inserted(store: Arc<dyn WorkStore>) {
    let store = store.as_ref();
    let me = Uuid::now_v7();
    let row = work("timer", seconds(0));
    let again = NewWork {
        payload: "other".to_owned(),
        due_at: seconds(-5),
        ..row.clone()
    };
    store
        .insert(vec![row.clone(), again.clone()], seconds(0))
        .await
        .expect("inserted");
    let leased = store.lease(lease(me, seconds(0))).await.expect("a lease");
    assert_eq!(leased.len(), 1);
    assert_eq!(
        (leased[0].payload.as_str(), leased[0].created_at),
        ("{}", seconds(0))
    );
    assert_eq!(
        (leased[0].event_id, leased[0].correlation_id),
        (row.event_id, row.correlation_id)
    );
    store
        .settle(me, done(row.id, seconds(1)))
        .await
        .expect("settled");
    store
        .insert(vec![again], seconds(2))
        .await
        .expect("ignored");
    assert!(taken(store, me, seconds(99)).await.is_empty());
    assert_eq!(store.prune(seconds(1)).await.expect("pruned"), 0);
    assert!(store.prune(seconds(100)).await.expect("pruned") >= 1);
}

pub(crate) async fn an_expired_lease_is_taken_over_and_the_loser_settles_nothing(
    store: Arc<dyn WorkStore>,
) {
    let store = store.as_ref();
    let (me, you) = (Uuid::now_v7(), Uuid::now_v7());
    let row = work("timer", seconds(0));
    store
        .insert(vec![row.clone()], seconds(0))
        .await
        .expect("inserted");
    assert_eq!(taken(store, me, seconds(0)).await, [(row.id, 0)]);
    assert!(taken(store, you, seconds(59)).await.is_empty());
    assert_eq!(taken(store, you, seconds(60)).await, [(row.id, 1)]);
    let again = WorkOutcome::Again {
        at: seconds(61),
        reason: "late".to_owned(),
    };
    let late = vec![Settled {
        id: row.id,
        outcome: again,
        at: seconds(61),
    }];
    store.settle(me, late).await.expect("nothing");
    store
        .settle(me, done(row.id, seconds(61)))
        .await
        .expect("nothing");
    assert!(taken(store, me, seconds(62)).await.is_empty());
    assert_eq!(store.counts(seconds(62)).await.expect("counts").leased, 1);
    store
        .settle(you, done(row.id, seconds(63)))
        .await
        .expect("settled");
    assert!(store.counts(seconds(999)).await.expect("counts").is_idle());
}

pub(crate) async fn a_rescheduled_row_comes_back_at_its_time(store: Arc<dyn WorkStore>) {
    let store = store.as_ref();
    let me = Uuid::now_v7();
    let row = work("timer", seconds(0));
    store
        .insert(vec![row.clone()], seconds(0))
        .await
        .expect("inserted");
    assert_eq!(taken(store, me, seconds(0)).await, [(row.id, 0)]);
    let again = WorkOutcome::Again {
        at: seconds(30),
        reason: "busy".to_owned(),
    };
    let settled = vec![Settled {
        id: row.id,
        outcome: again,
        at: seconds(1),
    }];
    store.settle(me, settled).await.expect("settled");
    assert!(taken(store, me, seconds(29)).await.is_empty());
    assert_eq!(taken(store, me, seconds(30)).await, [(row.id, 1)]);
    store
        .settle(me, done(row.id, seconds(31)))
        .await
        .expect("settled");
}

pub(crate) async fn a_postponed_row_comes_back_as_if_it_had_not_been_tried(
    store: Arc<dyn WorkStore>,
) {
    let store = store.as_ref();
    let me = Uuid::now_v7();
    let row = work("timer", seconds(0));
    store
        .insert(vec![row.clone()], seconds(0))
        .await
        .expect("inserted");
    let settled = |outcome| {
        vec![Settled {
            id: row.id,
            outcome,
            at: seconds(1),
        }]
    };
    let reason = "the circuit is open".to_owned();
    for (now, attempts) in [(0, 0), (30, 0)] {
        assert_eq!(taken(store, me, seconds(now)).await, [(row.id, attempts)]);
        let (at, reason) = (seconds(now + 30), reason.clone());
        let postponed = settled(WorkOutcome::Postponed { at, reason });
        store.settle(me, postponed).await.expect("settled");
        assert!(taken(store, me, seconds(now + 29)).await.is_empty());
    }
    assert_eq!(taken(store, me, seconds(60)).await, [(row.id, 0)]);
    let at = seconds(90);
    let again = settled(WorkOutcome::Again { at, reason });
    store.settle(me, again).await.expect("settled");
    assert_eq!(taken(store, me, seconds(90)).await, [(row.id, 1)]);
    store
        .settle(me, done(row.id, seconds(91)))
        .await
        .expect("settled");
}

pub(crate) async fn rows_of_other_kinds_are_left_alone(store: Arc<dyn WorkStore>) {
    let store = store.as_ref();
    let me = Uuid::now_v7();
    store
        .insert(vec![work("novelty", seconds(0))], seconds(0))
        .await
        .expect("inserted");
    assert!(taken(store, me, seconds(9)).await.is_empty());
    assert_eq!(
        store.next_due(&["timer".to_owned()]).await.expect("none"),
        None
    );
    assert_eq!(store.counts(seconds(9)).await.expect("counts").due, 1);
}

pub(crate) async fn what_is_due_first_is_leased_first(store: Arc<dyn WorkStore>) {
    let rows: Vec<_> = [30, 10, 20, 40]
        .map(|due| work("timer", seconds(due)))
        .into();
    store
        .insert(rows.clone(), seconds(0))
        .await
        .expect("inserted");
    let lease = Lease {
        limit: 3,
        ..lease(Uuid::now_v7(), seconds(99))
    };
    let leased = store.lease(lease).await.expect("a lease");
    let leased: HashSet<_> = leased.iter().map(|row| row.id).collect();
    assert_eq!(leased, HashSet::from([1, 2, 0].map(|n| rows[n].id)));
}

pub(crate) async fn many_who_lease_at_once_have_different_rows(store: Arc<dyn WorkStore>) {
    let rows: Vec<_> = (0..60).map(|n| work("timer", seconds(n))).collect();
    store
        .insert(rows.clone(), seconds(0))
        .await
        .expect("inserted");
    let mut leased = Vec::new();
    while leased.len() < rows.len() {
        let before = leased.len();
        let leases = (0..6).map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { taken(store.as_ref(), Uuid::now_v7(), seconds(60)).await })
        });
        for taken in join_all(leases).await {
            leased.extend(taken.expect("no panic"));
        }
        assert!(leased.len() > before, "somebody has to get some");
    }
    let ids: HashSet<_> = leased.iter().map(|(id, _)| *id).collect();
    assert_eq!((ids.len(), leased.len()), (60, 60));
    assert!(leased.iter().all(|(_, attempts)| *attempts == 0));
}

pub(crate) async fn who_waits_for_rows_is_woken(store: Arc<dyn WorkStore>) {
    let me = Uuid::now_v7();
    let row = work("timer", seconds(0));
    let woken = async |waiting: &mut tokio::sync::watch::Receiver<u64>| {
        tokio::time::timeout(Duration::from_secs(30), waiting.changed())
            .await
            .expect("in time")
            .expect("open");
        waiting.borrow_and_update();
    };
    let mut waiting = store.changed();
    waiting.borrow_and_update();
    store
        .insert(vec![row.clone()], seconds(0))
        .await
        .expect("inserted");
    woken(&mut waiting).await;
    assert_eq!(taken(store.as_ref(), me, seconds(0)).await.len(), 1);
    woken(&mut waiting).await;
    store
        .settle(me, done(row.id, seconds(1)))
        .await
        .expect("settled");
    woken(&mut waiting).await;
}

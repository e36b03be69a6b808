//! What every work store does; one line per engine.

use chrono::{DateTime, TimeDelta, Utc};
use orderlog_runtime::{
    sqlite::SqliteWorkStore,
    work::{Lease, NewWork, Settled, WorkCounts, WorkOutcome, WorkStore},
};
use uuid::Uuid;

use crate::toy::{ToyLog, start};

#[tokio::test]
async fn the_sqlite_engine_keeps_the_contract() {
    let toy = ToyLog::new();
    contract(
        &SqliteWorkStore::open(toy.store.clone())
            .await
            .expect("a store"),
    )
    .await;
}

async fn contract(store: &dyn WorkStore) {
    a_row_is_leased_once_and_not_before_it_is_due(store).await;
    a_row_is_known_for_ever_once_inserted(store).await;
    an_expired_lease_is_taken_over_and_the_loser_settles_nothing(store).await;
    a_rescheduled_row_comes_back_at_its_time(store).await;
    rows_of_other_kinds_are_left_alone(store).await;
}

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
    start() + TimeDelta::seconds(count)
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

async fn a_row_is_leased_once_and_not_before_it_is_due(store: &dyn WorkStore) {
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

async fn a_row_is_known_for_ever_once_inserted(store: &dyn WorkStore) {
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

async fn an_expired_lease_is_taken_over_and_the_loser_settles_nothing(store: &dyn WorkStore) {
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

async fn a_rescheduled_row_comes_back_at_its_time(store: &dyn WorkStore) {
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

async fn rows_of_other_kinds_are_left_alone(store: &dyn WorkStore) {
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

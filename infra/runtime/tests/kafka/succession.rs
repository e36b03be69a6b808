//! Several relays: one leads, another one takes over, and what they publish together is still one
//! unbroken sequence per partition.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::{
    relay::{Running, load, positions},
    services::{self, Database},
    toy_log::ToyLog,
    wire,
};

#[tokio::test(flavor = "multi_thread")]
async fn relays_that_are_killed_at_any_moment_lose_and_reorder_nothing() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(4));
    let stop = CancellationToken::new();
    let loading = load(&log, &stop);
    let mut standby = Running::start(&log, &database, &topic);
    for round in 1..=8_u64 {
        let mut leader = standby;
        leader.is(|standing| standing.leads).await;
        standby = Running::start(&log, &database, &topic);
        let reached = leader.standing.borrow().position;
        // Any moment will do: what is under way differs each time.
        leader.reaches(reached + 1 + round * 97).await;
        leader.kill().await;
    }
    stop.cancel();
    let head = loading.await.expect("no panic");
    standby.reaches(head).await;
    standby.stop().await;
    let records = wire::records(&topic).await;
    assert_eq!(wire::accepted(&records), log.per_partition(4).await);
    let (epoch, position) = database.saved(&topic).await;
    assert!(epoch >= 9, "nine have led");
    assert_eq!(position, head as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_cut_off_is_succeeded_within_seconds_and_harms_nothing() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(4));
    let stop = CancellationToken::new();
    let loading = load(&log, &stop);
    let mut relays = [
        Running::start(&log, &database, &topic),
        Running::start(&log, &database, &topic),
    ];
    let mut epoch = 0;
    for _ in 0..5 {
        let led = futures::future::select_all(
            relays
                .iter_mut()
                .map(|relay| Box::pin(relay.is(|standing| standing.leads))),
        );
        let ((), leading, _) = led.await;
        let reached = relays[leading].standing.borrow().position;
        relays[leading].reaches(reached + 200).await;
        let (now, _) = database.saved(&topic).await;
        assert!(now > epoch, "each leader has an epoch of its own");
        epoch = now;
        let cut = Instant::now();
        assert!(database.cut_off_the_leader().await, "somebody leads");
        relays[leading].is(|standing| !standing.leads).await;
        assert!(
            cut.elapsed() < Duration::from_secs(5),
            "noticed after {:?}",
            cut.elapsed()
        );
    }
    stop.cancel();
    let head = loading.await.expect("no panic");
    for relay in &mut relays {
        relay.reaches(head).await;
    }
    for relay in relays {
        relay.stop().await;
    }
    let records = wire::records(&topic).await;
    assert_eq!(wire::accepted(&records), log.per_partition(4).await);
    let published: usize = positions(&records).values().map(Vec::len).sum();
    assert!(published >= head as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_whose_epoch_has_passed_saves_nothing_more() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(2));
    let head = log.append(10, 5).await;
    let mut relay = Running::start(&log, &database, &topic);
    relay.reaches(head).await;
    // As if another one had taken over without this one's connection having died.
    sqlx::raw_sql(
        "UPDATE relays SET epoch = 70, position = 0, event_id = gen_random_uuid(), \
        previous = '{0,0}', offsets = '{-1,-1}'; UPDATE relays SET \
        event_id = '00000000-0000-0000-0000-000000000000'",
    )
    .execute(&mut database.connect().await)
    .await
    .expect("another epoch");
    relay.is(|standing| !standing.leads).await;
    let head = log.append(10, 5).await;
    relay
        .is(|standing| standing.leads && standing.position == head)
        .await;
    relay.stop().await;
    assert_eq!(database.saved(&topic).await, (71, head as i64));
    let records = wire::records(&topic).await;
    assert_eq!(wire::accepted(&records), log.per_partition(2).await);
    let published: usize = positions(&records).values().map(Vec::len).sum();
    assert_eq!(
        published, 30,
        "it began anew from what the other one had saved"
    );
}

//! A consumer group on the topic: partitions move between workers, and every event is still handled
//! once and in order.

use std::{sync::Arc, time::Duration};

use orderlog_runtime::{
    kafka::KafkaFanOut,
    source::{Checkpoint, FanOut, SourceError, StoredCheckpoint},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    follower::Follower,
    ledger::Ledger,
    relay::{Running, load},
    services::{self, Database, LONG},
    toy_log::ToyLog,
};

#[tokio::test(flavor = "multi_thread")]
async fn workers_come_and_go_and_each_event_is_handled_once_and_in_order() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(6));
    let stop = CancellationToken::new();
    let loading = load(&log, &stop);
    let mut relay = Running::start(&log, &database, &topic);
    relay.reaches(1).await;
    let ledger = Arc::new(Ledger::new(log.log_id().await));
    let mut first = Follower::join(&topic, &topic.name, log.store(), &ledger).await;
    first.is_granted(6).await;
    for round in 0..3 {
        let mut second = Follower::join(&topic, &topic.name, log.store(), &ledger).await;
        second.is_granted(3).await;
        ledger.reaches(ledger.handled() + 500).await;
        let third = Follower::join(&topic, &topic.name, log.store(), &ledger).await;
        if round == 1 {
            third.kill();
        } else {
            third.leave().await;
        }
        ledger.reaches(ledger.handled() + 500).await;
        second.leave().await;
        ledger.reaches(ledger.handled() + 500).await;
    }
    stop.cancel();
    let head = loading.await.expect("no panic");
    ledger.reaches(head as usize).await;
    first.leave().await;
    relay.stop().await;
    assert_eq!(ledger.events(), log.per_partition(6).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_is_granted_again_only_once_its_last_worker_has_let_go() {
    let (log, topic) = (ToyLog::new(), services::topic(1));
    topic.ensure().await.expect("a topic");
    let join = || KafkaFanOut::join(topic.clone(), &topic.name, log.store());
    let mut first = join().await.expect("a member");
    let grant = timeout(LONG, first.granted())
        .await
        .expect("in time")
        .expect("granted");
    let mut others = [
        join().await.expect("a member"),
        join().await.expect("a member"),
    ];
    // One partition among three: that it moves is not sure, so the first one leaves.
    drop(first);
    timeout(LONG, grant.revoked.cancelled())
        .await
        .expect("it is told");
    let mut next = Box::pin(futures::future::select_all(
        others.iter_mut().map(|other| Box::pin(other.granted())),
    ));
    let early = timeout(Duration::from_secs(2), &mut next).await;
    assert!(early.is_err(), "granted while it was still held");
    drop(grant);
    let (granted, _, _) = timeout(LONG, next).await.expect("in time");
    assert_eq!(granted.expect("granted").partition, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_of_another_history_is_refused() {
    let (log, topic) = (ToyLog::new(), services::topic(1));
    topic.ensure().await.expect("a topic");
    log.append(5, 2).await;
    let mut fan_out = KafkaFanOut::join(topic.clone(), &topic.name, log.store())
        .await
        .expect("a member");
    let grant = timeout(LONG, fan_out.granted())
        .await
        .expect("in time")
        .expect("granted");
    let elsewhere = StoredCheckpoint {
        checkpoint: Checkpoint {
            log_id: log.log_id().await,
            position: 3,
            event_id: Uuid::now_v7(),
        },
        offset: Some(2),
    };
    let refused = grant
        .source(elsewhere)
        .await
        .err()
        .expect("not this history");
    assert!(
        matches!(refused, SourceError::Diverged { position: 3, .. }),
        "{refused}"
    );
    let foreign = StoredCheckpoint::start_of(Uuid::now_v7());
    let refused = grant.source(foreign).await.err().expect("not this log");
    assert!(matches!(refused, SourceError::OtherLog { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_the_relay_has_not_made_yet_is_waited_for_by_trying_again() {
    let (log, topic) = (ToyLog::new(), services::topic(1));
    let missing = KafkaFanOut::join(topic.clone(), &topic.name, log.store())
        .await
        .err()
        .expect("no topic");
    assert!(missing.is_retryable(), "{missing}");
    assert!(
        missing.to_string().contains("the relay makes it"),
        "{missing}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_may_be_dropped_and_asked_for_anew_at_any_moment() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(1));
    let head = log.append(5000, 10).await;
    let mut relay = Running::start(&log, &database, &topic);
    relay.reaches(head).await;
    relay.stop().await;
    let mut fan_out = KafkaFanOut::join(topic.clone(), &topic.name, log.store())
        .await
        .expect("a member");
    let grant = timeout(LONG, fan_out.granted())
        .await
        .expect("in time")
        .expect("granted");
    let mut at = StoredCheckpoint::start_of(log.log_id().await);
    let mut seen = Vec::new();
    let mut last = None;
    while at.checkpoint.position < head {
        let mut source = grant.source(at).await.expect("a source");
        // The one before is dropped once the new one is there, as an assignment does it.
        drop(last.take());
        for _ in 0..2 {
            if at.checkpoint.position < head {
                let batch = timeout(LONG, source.next())
                    .await
                    .expect("in time")
                    .expect("a batch");
                seen.extend(batch.events.iter().map(|event| event.position));
                at = batch.end();
            }
        }
        last = Some(source);
    }
    assert_eq!(seen, (1..=head).collect::<Vec<_>>());
    assert_eq!(at.offset, Some(head as i64 - 1));
}

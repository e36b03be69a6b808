//! A topic that is not as the relay would leave it: repetitions are dropped, gaps and what is not
//! readable are read from the log.

use std::{collections::BTreeMap, sync::Arc};

use orderlog_log::event::{Position, RecordedEvent};
use orderlog_runtime::source::partition_of;

use crate::{follower::Follower, ledger::Ledger, services, toy_log::ToyLog, wire::Wire};

/// Events with their partition and the position before them in it.
fn placed(events: Vec<RecordedEvent>, partitions: u32) -> Vec<(u32, Position, RecordedEvent)> {
    let mut previous: BTreeMap<u32, Position> = BTreeMap::new();
    let place = |event: RecordedEvent| {
        let partition = partition_of(&event.partition_key, partitions);
        let before = previous
            .insert(partition, event.position)
            .unwrap_or_default();
        (partition, before, event)
    };
    events.into_iter().map(place).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn repetitions_are_dropped_and_gaps_filled() {
    let (log, topic) = (ToyLog::new(), services::topic(3));
    topic.ensure().await.expect("a topic");
    let head = log.append(2000, 50).await;
    let wire = Wire::new(&topic, log.log_id().await);
    let events = placed(log.all().await, 3);
    for (nth, (partition, previous, event)) in events.iter().enumerate() {
        // Three in ten are missing, some of them in long rows, others at the very start.
        let missing = nth < 20 || nth % 10 == 3 || (nth / 100) % 5 == 2;
        if !missing || nth + 3 >= events.len() {
            wire.send(*partition, *previous, event);
        }
        if nth % 7 == 0 {
            // As a relay does that begins anew: all from some earlier event on.
            for (partition, previous, event) in &events[nth.saturating_sub(15)..nth] {
                wire.send(*partition, *previous, event);
            }
        }
        if nth % 500 == 250 {
            wire.send_garbage(*partition);
        }
    }
    wire.flush();
    let ledger = Arc::new(Ledger::new(log.log_id().await));
    let follower = Follower::join(&topic, &topic.name, log.store(), &ledger).await;
    // The last of each partition may be missing; what comes next tells.
    log.append(50, 50).await;
    for (partition, previous, event) in &placed(log.all().await, 3)[head as usize..] {
        wire.send(*partition, *previous, event);
    }
    wire.flush();
    ledger.reaches(head as usize + 50).await;
    follower.leave().await;
    assert_eq!(ledger.events(), log.per_partition(3).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_does_not_hold_up_what_the_log_has() {
    let (log, topic) = (ToyLog::new(), services::topic(1));
    topic.ensure().await.expect("a topic");
    log.append(10, 3).await;
    let wire = Wire::new(&topic, log.log_id().await);
    for (partition, previous, event) in &placed(log.all().await, 1)[..9] {
        wire.send(*partition, *previous, event);
    }
    // It stands where the tenth should be, and nothing follows.
    wire.send_garbage(0);
    wire.flush();
    let ledger = Arc::new(Ledger::new(log.log_id().await));
    let follower = Follower::join(&topic, &topic.name, log.store(), &ledger).await;
    ledger.reaches(10).await;
    follower.leave().await;
    assert_eq!(ledger.events(), log.per_partition(1).await);
}

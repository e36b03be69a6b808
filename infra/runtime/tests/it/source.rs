//! The tail of the log as a source.

use std::time::Duration;

use orderlog_log::event_reader::EventReader;
use orderlog_runtime::source::{
    Checkpoint, EventSource, LogTail, SourceError, last_positions, partition_of,
};
use uuid::Uuid;

use crate::{
    grants::Chance,
    toy::{Toy, ToyLog},
};

#[tokio::test]
async fn a_tail_answers_pages_and_then_waits_for_news() {
    let toy = ToyLog::new();
    let log_id = toy.store.head().await.expect("a head").log_id;
    let many: Vec<_> = (0..7).map(|n| ("a".to_owned(), Toy::Added(n))).collect();
    toy.append_all(&many).await;
    let mut tail = LogTail::start(toy.log(), Checkpoint::start_of(log_id), 3)
        .await
        .expect("a tail");
    for expected in [vec![1, 2, 3], vec![4, 5, 6], vec![7]] {
        let batch = tail.next().await.expect("a batch");
        let positions: Vec<_> = batch.events.iter().map(|event| event.position).collect();
        assert_eq!(positions, expected);
        assert_eq!(batch.checkpoint.position, expected[expected.len() - 1]);
    }
    assert!(tail.ready().await.expect("the end").is_none());
    let waiting = tokio::spawn(async move { tail.next().await.expect("news").events.len() });
    toy.append("b", &Toy::Added(1)).await;
    let news = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    assert_eq!(news.expect("in time").expect("no panic"), 1);
}

#[tokio::test]
async fn a_checkpoint_of_another_history_is_refused() {
    let toy = ToyLog::new();
    let log_id = toy.store.head().await.expect("a head").log_id;
    let position = toy.append("a", &Toy::Added(1)).await;
    let other = Checkpoint {
        log_id,
        position,
        event_id: Uuid::now_v7(),
    };
    let refused = LogTail::start(toy.log(), other, 10).await.err();
    assert!(matches!(
        refused,
        Some(SourceError::Diverged {
            position: 1,
            head: 1,
            ..
        })
    ));

    let beyond = Checkpoint {
        log_id,
        position: 5,
        event_id: Uuid::now_v7(),
    };
    let refused = LogTail::start(toy.log(), beyond, 10).await.err();
    assert!(matches!(
        refused,
        Some(SourceError::Diverged {
            position: 5,
            head: 1,
            ..
        })
    ));

    let foreign = Checkpoint::start_of(Uuid::now_v7());
    let refused = LogTail::start(toy.log(), foreign, 10).await.err();
    assert!(matches!(refused, Some(SourceError::OtherLog { .. })));
}

#[tokio::test]
async fn the_end_of_each_partition_is_found_from_the_end_of_the_log() {
    let toy = ToyLog::new();
    let mut chance = Chance::new(5);
    // Key 0 occurs in the beginning alone, so that its partition lies far back.
    let event = |n: u64, chance: &mut Chance| {
        let key = if n < 10 { 0 } else { 1 + chance.below(4) };
        (format!("k{key}"), Toy::Added(1))
    };
    let events: Vec<_> = (0..2500).map(|n| event(n, &mut chance)).collect();
    let head = toy.append_all(&events).await;
    for count in [1, 3, 8] {
        for _ in 0..20 {
            let passed: Vec<_> = (0..count).map(|_| chance.below(head + 1)).collect();
            let mut ends = passed.clone();
            for (position, (key, _)) in (1..).zip(&events) {
                let end = &mut ends[partition_of(key, count) as usize];
                *end = position.max(*end);
            }
            let found = last_positions(toy.log().as_ref(), &passed).await;
            assert_eq!(found.expect("positions"), ends, "{passed:?}");
        }
    }
}

//! Versions, positions and atomicity.

use std::sync::Arc;

use orderlog_log::event_store::{AppendOutcome, EventStore};

use super::{append, decided, event, instant, position, record, write};

pub(crate) async fn positions_are_gapless_from_one(store: Arc<dyn EventStore>) {
    let first = record(&*store, decided("thing-1", 0, 2)).await;
    let second = record(&*store, decided("thing-2", 0, 1)).await;
    assert_eq!((first.position, first.version, first.events), (2, 2, 2));
    assert_eq!((second.position, second.version, second.events), (3, 1, 1));
    let log = store.read_all(0, 10).await.expect("read");
    let positions: Vec<_> = log.iter().map(|event| event.position).collect();
    assert_eq!(positions, [1, 2, 3]);
}

pub(crate) async fn what_was_appended_is_read_back_byte_for_byte(store: Arc<dyn EventStore>) {
    let mut decided = decided("thing-1", 0, 0);
    let odd = " { \"b\" : 1.10,\"a\":\"\\u00e9 é 𝄞 \\u0000 \\ud800\",\t\"b\": 1e400 }\n";
    decided.writes[0].events = vec![event(odd), event("0")];
    decided.command.traceparent = None;
    let (command, events) = (decided.command.clone(), decided.writes[0].events.clone());
    let recorded = record(&*store, decided).await;
    let read = store.read_stream("thing-1", 0, 10).await.expect("read");
    assert_eq!(read.len(), 2);
    for (version, (read, new)) in (1..).zip(read.iter().zip(&events)) {
        assert_eq!((read.version, read.position), (version, version));
        assert_eq!(
            (read.event_id, &read.event_type),
            (new.event_id, &new.event_type)
        );
        assert_eq!((read.schema_version, &read.data), (2, &new.data));
        assert_eq!(
            (read.stream.as_str(), read.category()),
            ("thing-1", "thing")
        );
        assert_eq!(read.partition_key, "key-of-thing-1");
        assert_eq!(
            (read.command_id, &read.actor),
            (command.command_id, &command.actor)
        );
        assert_eq!(read.correlation_id, command.correlation_id);
        assert_eq!(read.causation_id, command.causation_id);
        assert_eq!(read.traceparent, None);
        assert_eq!(read.occurred_at, instant());
        assert_eq!(read.recorded_at, recorded.recorded_at);
    }
}

pub(crate) async fn a_conflict_in_a_batch_refuses_that_command_alone(store: Arc<dyn EventStore>) {
    let batch = vec![
        decided("thing-1", 0, 1),
        decided("thing-1", 7, 1),
        decided("thing-1", 1, 1),
    ];
    let stale = batch[1].command.command_id;
    let outcomes = store.append(batch).await.expect("append");
    assert!(
        outcomes[0].is_recorded() && outcomes[2].is_recorded(),
        "{outcomes:?}"
    );
    let conflict = AppendOutcome::Conflict {
        stream: "thing-1".to_owned(),
        expected: 7,
        actual: 1,
    };
    assert_eq!(outcomes[1], conflict);
    assert_eq!(
        store
            .read_stream("thing-1", 0, 10)
            .await
            .expect("read")
            .len(),
        2
    );
    assert_eq!(store.command(stale).await.expect("read"), None);
}

pub(crate) async fn commands_of_a_batch_see_those_before_them(store: Arc<dyn EventStore>) {
    let batch = (0..100)
        .map(|version| decided("thing-1", version, 1))
        .collect();
    let outcomes = store.append(batch).await.expect("append");
    assert!(outcomes.iter().all(AppendOutcome::is_recorded));
    assert_eq!(
        store
            .read_stream("thing-1", 0, 200)
            .await
            .expect("read")
            .len(),
        100
    );
}

pub(crate) async fn streams_of_one_command_are_written_together_or_not_at_all(
    store: Arc<dyn EventStore>,
) {
    record(&*store, decided("thing-2", 0, 3)).await;
    let mut stale = decided("thing-1", 0, 2);
    stale.writes.push(write("thing-2", 1, 1));
    let outcome = append(&*store, stale).await;
    let conflict = AppendOutcome::Conflict {
        stream: "thing-2".to_owned(),
        expected: 1,
        actual: 3,
    };
    assert_eq!(outcome, conflict);
    assert_eq!(store.read_stream("thing-1", 0, 10).await.expect("read"), []);
    assert_eq!(position(&*store).await, 3);

    let mut fresh = decided("thing-1", 0, 2);
    fresh.writes.push(write("thing-2", 3, 1));
    let recorded = record(&*store, fresh).await;
    assert_eq!(
        (recorded.version, recorded.position, recorded.events),
        (2, 6, 3)
    );
    assert_eq!(recorded.partition_key, "key-of-thing-2");
    assert_eq!(
        store
            .read_stream("thing-2", 3, 10)
            .await
            .expect("read")
            .len(),
        1
    );
}

pub(crate) async fn a_stream_may_occur_twice_in_one_command(store: Arc<dyn EventStore>) {
    let mut twice = decided("thing-1", 0, 1);
    twice.writes.push(write("thing-1", 1, 2));
    assert_eq!(record(&*store, twice).await.version, 3);
    let mut overlapping = decided("thing-1", 3, 1);
    overlapping.writes.push(write("thing-1", 3, 1));
    let outcome = append(&*store, overlapping).await;
    let conflict = AppendOutcome::Conflict {
        stream: "thing-1".to_owned(),
        expected: 3,
        actual: 4,
    };
    assert_eq!(outcome, conflict);
    assert_eq!(position(&*store).await, 3);
}

pub(crate) async fn an_event_above_the_limit_is_refused(store: Arc<dyn EventStore>) {
    const LIMIT: usize = 512 * 1024;
    let (mut largest, mut larger) = (decided("thing-1", 0, 0), decided("thing-1", 1, 1));
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    largest.writes[0].events = vec![event(&text(LIMIT))];
    larger.writes[0].events.push(event(&text(LIMIT + 1)));
    record(&*store, largest).await;
    let event_type = "Changed".to_owned();
    let too_large = AppendOutcome::TooLarge {
        event_type,
        bytes: LIMIT + 1,
        limit: LIMIT,
    };
    assert_eq!(append(&*store, larger).await, too_large);
    assert_eq!(position(&*store).await, 1);
}

pub(crate) async fn a_broken_chain_refuses_all_behind_it(store: Arc<dyn EventStore>) {
    let first = decided("thing-1", 0, 1);
    record(&*store, first.clone()).await;
    // The repeat does not move the stream, and yet the version of those behind it fits: someone
    // else moved it there. They were decided on what the repeat would have left behind.
    let chain = vec![first, decided("thing-1", 1, 1), decided("thing-1", 2, 1)];
    let outcomes = store.append_chain(chain).await.expect("append");
    assert!(
        matches!(outcomes[0], AppendOutcome::Repeated(_)),
        "{outcomes:?}"
    );
    for outcome in &outcomes[1..] {
        assert!(
            matches!(outcome, AppendOutcome::Conflict { .. }),
            "{outcomes:?}"
        );
    }
    assert_eq!(position(&*store).await, 1);

    let whole = vec![
        decided("thing-1", 1, 1),
        decided("thing-1", 2, 0),
        decided("thing-1", 2, 1),
    ];
    let outcomes = store.append_chain(whole).await.expect("append");
    assert!(
        outcomes.iter().all(AppendOutcome::is_recorded),
        "{outcomes:?}"
    );
}

pub(crate) async fn recorded_at_never_goes_back(store: Arc<dyn EventStore>) {
    for number in 0..50 {
        record(&*store, decided(&format!("thing-{number}"), 0, 1)).await;
    }
    let log = store.read_all(0, 100).await.expect("read");
    assert!(log.is_sorted_by_key(|event| event.recorded_at));
}

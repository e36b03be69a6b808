//! One id, one command: its first outcome is its only one.

use std::sync::Arc;

use orderlog_log::event_store::{AppendOutcome, EventStore, Fingerprint, Verdict};
use uuid::Uuid;

use super::{append, decided, event, position, record, refused, write};

pub(crate) async fn a_repeat_is_answered_with_the_first_outcome(store: Arc<dyn EventStore>) {
    let command = decided("thing-1", 0, 2);
    let first = record(&*store, command.clone()).await;
    record(&*store, decided("thing-1", 2, 1)).await;

    // Decided anew, on whatever version and with whatever events, it is still the same command.
    let (mut anew, mut large) = (command.clone(), command.clone());
    anew.writes = vec![write("thing-1", 3, 5)];
    large.writes[0].events = vec![event(&"x".repeat(600 * 1024))];
    for repeat in [command.clone(), anew, large] {
        assert_eq!(
            append(&*store, repeat).await,
            AppendOutcome::Repeated(first.clone())
        );
    }
    assert_eq!(position(&*store).await, 3);
    assert_eq!(
        store
            .command(command.command.command_id)
            .await
            .expect("read"),
        Some(first)
    );
}

pub(crate) async fn an_id_with_other_content_is_told_apart(store: Arc<dyn EventStore>) {
    let command = decided("thing-1", 0, 1);
    let first = record(&*store, command.clone()).await;
    let mut other = decided("thing-2", 0, 1);
    other.command.command_id = command.command.command_id;
    other.command.fingerprint = Fingerprint::of(b"something else");
    assert_eq!(
        append(&*store, other.clone()).await,
        AppendOutcome::IdReused(first.clone())
    );
    other.writes[0].expected_version = 9;
    assert_eq!(append(&*store, other).await, AppendOutcome::IdReused(first));
    assert_eq!(position(&*store).await, 1);
}

pub(crate) async fn a_repeat_inside_one_batch_is_noticed(store: Arc<dyn EventStore>) {
    let command = decided("thing-1", 0, 1);
    let mut reused = decided("thing-2", 0, 1);
    reused.command.command_id = command.command.command_id;
    let batch = vec![command.clone(), command, reused, decided("thing-1", 1, 1)];
    let outcomes = store.append(batch).await.expect("append");
    let AppendOutcome::Recorded(first) = &outcomes[0] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(outcomes[1], AppendOutcome::Repeated(first.clone()));
    assert_eq!(outcomes[2], AppendOutcome::IdReused(first.clone()));
    assert!(outcomes[3].is_recorded());
    assert_eq!(position(&*store).await, 2);
}

pub(crate) async fn a_refusal_is_remembered(store: Arc<dyn EventStore>) {
    record(&*store, decided("thing-1", 0, 3)).await;
    let command = refused("thing-1", 3);
    let first = record(&*store, command.clone()).await;
    assert_eq!((first.version, first.position, first.events), (3, 3, 0));
    assert_eq!(first.verdict, command.verdict);
    assert_eq!(first.command, command.command);
    assert_eq!(first.partition_key, "key-of-thing-1");

    // The rules may say otherwise today; the first outcome stands.
    let mut accepted = command.clone();
    (accepted.verdict, accepted.writes) = (Verdict::Accepted, vec![write("thing-1", 3, 1)]);
    assert_eq!(
        append(&*store, accepted).await,
        AppendOutcome::Repeated(first.clone())
    );
    assert_eq!(
        store
            .command(command.command.command_id)
            .await
            .expect("read"),
        Some(first)
    );
    assert_eq!(position(&*store).await, 3);
}

pub(crate) async fn a_command_without_events_is_remembered(store: Arc<dyn EventStore>) {
    let command = decided("thing-1", 0, 0);
    let first = record(&*store, command.clone()).await;
    assert_eq!((first.version, first.position, first.events), (0, 0, 0));
    assert_eq!(
        append(&*store, command.clone()).await,
        AppendOutcome::Repeated(first.clone())
    );
    assert_eq!(
        store
            .command(command.command.command_id)
            .await
            .expect("read"),
        Some(first)
    );
}

pub(crate) async fn a_refusal_on_a_stale_version_is_not_recorded(store: Arc<dyn EventStore>) {
    record(&*store, decided("thing-1", 0, 2)).await;
    let command = refused("thing-1", 1);
    let conflict = AppendOutcome::Conflict {
        stream: "thing-1".to_owned(),
        expected: 1,
        actual: 2,
    };
    assert_eq!(append(&*store, command.clone()).await, conflict);
    assert_eq!(
        store
            .command(command.command.command_id)
            .await
            .expect("read"),
        None
    );
    let again = refused("thing-1", 2);
    record(&*store, again).await;
}

pub(crate) async fn a_command_on_several_streams_is_remembered_whole(store: Arc<dyn EventStore>) {
    record(&*store, decided("thing-2", 0, 4)).await;
    let mut command = decided("thing-1", 0, 2);
    command.writes.push(write("thing-2", 4, 1));
    command.writes.push(write("thing-3", 0, 0));
    let first = record(&*store, command.clone()).await;
    assert_eq!(first.command.stream, "thing-1");
    assert_eq!(
        store
            .command(command.command.command_id)
            .await
            .expect("read"),
        Some(first)
    );
}

pub(crate) async fn an_unknown_command_has_no_record(store: Arc<dyn EventStore>) {
    assert_eq!(store.command(Uuid::now_v7()).await.expect("read"), None);
}

//! What every engine of the event store must do. An engine takes part with one line in a test of
//! its own: `event_store_contract!(crate::open);`, where `open` makes an empty store, and whatever
//! must live as long as it. What an engine can't do, its line names: `except fact, ...`.

pub(crate) mod append;
pub(crate) mod concurrency;
pub(crate) mod idempotency;
pub(crate) mod reading;

use chrono::{DateTime, Utc};
use orderlog_log::{
    event::NewEvent,
    event_store::{
        AppendOutcome, CommandEnvelope, CommandRecord, Decided, EventStore, Fingerprint,
        StreamAppend, Verdict,
    },
};
use uuid::Uuid;

macro_rules! event_store_contract {
    (($d:tt) $open:expr, [$($excepted:ident)*] => $($module:ident { $($fact:ident,)* })*) => {
        macro_rules! unless_excepted {
            $(($excepted $d($d test:tt)*) => {};)*
            ($d fact:ident $d($d test:tt)*) => { $d($d test)* };
        }
        $(mod $module {
            $(unless_excepted! { $fact
                #[tokio::test(flavor = "multi_thread")]
                async fn $fact() {
                    let (store, _guard) = $open();
                    crate::contract::$module::$fact(store).await;
                }
            })*
        })*
    };
    ($open:expr $(, except $($excepted:ident),+)? $(,)?) => {
        crate::contract::event_store_contract! { ($) $open, [$($($excepted)+)?] =>
            append {
                positions_are_gapless_from_one,
                what_was_appended_is_read_back_byte_for_byte,
                a_conflict_in_a_batch_refuses_that_command_alone,
                commands_of_a_batch_see_those_before_them,
                streams_of_one_command_are_written_together_or_not_at_all,
                a_stream_may_occur_twice_in_one_command,
                an_event_above_the_limit_is_refused,
                a_broken_chain_refuses_all_behind_it,
                recorded_at_never_goes_back,
            }
            idempotency {
                a_repeat_is_answered_with_the_first_outcome,
                an_id_with_other_content_is_told_apart,
                a_repeat_inside_one_batch_is_noticed,
                a_refusal_is_remembered,
                a_command_without_events_is_remembered,
                a_refusal_on_a_stale_version_is_not_recorded,
                a_command_on_several_streams_is_remembered_whole,
                an_unknown_command_has_no_record,
            }
            reading {
                an_empty_log_has_a_head,
                a_stream_is_read_in_pages,
                the_log_is_read_in_pages,
                events_are_read_at_positions_in_the_order_asked_for,
                the_head_is_watched,
                commands_without_events_are_found_by_stream_and_by_chain,
            }
            concurrency {
                writers_on_one_stream_leave_no_gap,
                writers_on_many_streams_leave_no_gap,
                a_reader_never_sees_a_gap_or_goes_back,
                one_id_from_many_writers_is_recorded_once,
            }
        }
    };
}
pub(crate) use event_store_contract;

/// A command on `stream` with so many events, decided on `expected`.
pub(crate) fn decided(stream: &str, expected: u64, events: usize) -> Decided {
    let command_id = Uuid::now_v7();
    Decided {
        command: CommandEnvelope {
            command_id,
            fingerprint: Fingerprint::of(command_id.as_bytes()),
            command_type: "Change".to_owned(),
            stream: stream.to_owned(),
            actor: "tester".to_owned(),
            correlation_id: Uuid::now_v7(),
            causation_id: Uuid::now_v7(),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        },
        verdict: Verdict::Accepted,
        writes: vec![write(stream, expected, events)],
    }
}

/// The refusal of a command on `stream`, decided on `expected`.
pub(crate) fn refused(stream: &str, expected: u64) -> Decided {
    let verdict = Verdict::Refused {
        code: "thing.closed".to_owned(),
        refusal: r#"{"Closed":{"since":3}}"#.to_owned(),
    };
    Decided {
        verdict,
        ..decided(stream, expected, 0)
    }
}

pub(crate) fn write(stream: &str, expected: u64, events: usize) -> StreamAppend {
    StreamAppend {
        stream: stream.to_owned(),
        expected_version: expected,
        partition_key: format!("key-of-{stream}"),
        events: (0..events)
            .map(|number| event(&format!(r#"{{"number":{number}}}"#)))
            .collect(),
    }
}

pub(crate) fn event(data: &str) -> NewEvent {
    NewEvent {
        event_id: Uuid::now_v7(),
        event_type: "Changed".to_owned(),
        schema_version: 2,
        data: data.to_owned(),
        occurred_at: instant(),
    }
}

/// An instant with microseconds that no clock of today shows.
pub(crate) fn instant() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_234_567_890_123_456).expect("in range")
}

/// Appends one command.
pub(crate) async fn append(store: &dyn EventStore, decided: Decided) -> AppendOutcome {
    let mut outcomes = store.append(vec![decided]).await.expect("the store works");
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

/// Appends one command that nothing stands against.
pub(crate) async fn record(store: &dyn EventStore, decided: Decided) -> CommandRecord {
    match append(store, decided).await {
        AppendOutcome::Recorded(record) => record,
        other => panic!("not recorded: {other:?}"),
    }
}

/// Position of the log's end.
pub(crate) async fn position(store: &dyn EventStore) -> u64 {
    store.head().await.expect("the store works").position
}

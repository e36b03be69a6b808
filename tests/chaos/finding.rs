//! Everything that a run can find wrong.

use thiserror::Error;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Finding {
    #[error("after minutes of peace the system was still at work, the log at {head}")]
    NeverQuiet { head: i64 },
    #[error("{what} is at position {at} of {of}")]
    Behind { what: String, at: i64, of: i64 },
    #[error("{rows} pieces of work are due")]
    WorkDue { rows: i64 },
    #[error("a {role} that ran ended by itself: {said}")]
    Fell { role: &'static str, said: String },
    #[error("the command {key} was never answered")]
    Unanswered { key: Uuid },
    #[error("{path} under {key} was acknowledged at position {position}, but {what}")]
    Acknowledged {
        key: Uuid,
        path: String,
        position: u64,
        what: &'static str,
    },
    #[error("position {found} comes after {before}")]
    PositionGap { before: u64, found: u64 },
    #[error("version {found} of {stream} comes after {before}")]
    VersionGap {
        stream: String,
        before: u64,
        found: u64,
    },
    #[error("the command {command} is recorded with {recorded} events, and has {found}")]
    Effects {
        command: Uuid,
        recorded: u64,
        found: u64,
    },
    #[error("{kind} {id} is in the log twice")]
    Twice { kind: &'static str, id: String },
    #[error("the event at {position} is no fact of this build: {reason}")]
    Unreadable { position: u64, reason: String },
    #[error("order {order} ({story}): {what}")]
    Order {
        order: String,
        story: String,
        what: String,
    },
    #[error("{of}: {what} are {found}, not {expected}")]
    Sum {
        of: String,
        what: &'static str,
        expected: i128,
        found: i128,
    },
    #[error("{parked} events are parked in {by}")]
    Parked { by: &'static str, parked: i64 },
    #[error("rebuilding the read models: {said}")]
    Rebuild { said: String },
    #[error("partition {partition} of the topic, offset {offset}: {what}")]
    Record {
        partition: i32,
        offset: i64,
        what: String,
    },
    #[error("the topic lacks position {position}")]
    NotPublished { position: u64 },
}

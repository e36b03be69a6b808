//! What every fold needs: the row that must be there, the id in a stream's name, and values of
//! columns. Invariant: nothing here looks at a clock; times come from the event alone.

use chrono::{DateTime, Utc};
use orderlog_domain::{
    fact::{Fact, FactError, Facts},
    money::Money,
};
use orderlog_log::event::RecordedEvent;
use orderlog_runtime::projection::{ColumnValue, FoldError};
use serde::Serialize;

/// What a recorded event says today.
pub(crate) fn facts(recorded: &RecordedEvent) -> Result<Facts, FactError> {
    let (kind, version) = (&recorded.event_type, recorded.schema_version);
    Fact::decode(&recorded.stream, kind, version, &recorded.data)
}

/// The row, where the event can only follow one that made it.
pub(crate) fn existing<'a, R>(
    projection: &'static str,
    row: &'a mut Option<R>,
    recorded: &RecordedEvent,
) -> Result<&'a mut R, FoldError> {
    row.as_mut().ok_or_else(|| FoldError {
        projection,
        reason: format!(
            "{} at {} has no row to change in {}",
            recorded.event_type, recorded.position, recorded.stream
        ),
    })
}

/// A fold error that says why `recorded` does not fit.
pub(crate) fn unfit(
    projection: &'static str,
    recorded: &RecordedEvent,
    why: impl std::fmt::Display,
) -> FoldError {
    let (kind, position) = (&recorded.event_type, recorded.position);
    FoldError {
        projection,
        reason: format!("{kind} at {position}: {why}"),
    }
}

/// Adds an amount of the same currency. One of another currency never was part of the sum: the
/// gateway reported it by mistake, and an operator sees to it. No amount can stop a fold.
pub(crate) fn add(sum: &mut Money, amount: Money) {
    if sum.currency == amount.currency {
        sum.amount_minor = sum.amount_minor.saturating_add(amount.amount_minor);
    }
}

/// The id behind the stream's type: `0190...` of `order-0190...`.
pub(crate) fn stream_id(recorded: &RecordedEvent) -> &str {
    recorded
        .stream
        .split_once('-')
        .map_or(recorded.stream.as_str(), |(_, id)| id)
}

/// An instant as a column: microseconds since 1970.
pub(crate) fn instant(at: DateTime<Utc>) -> ColumnValue {
    ColumnValue::Integer(at.timestamp_micros())
}

/// An enum of unit variants as a column: its name in JSON.
pub(crate) fn name(value: &impl Serialize) -> ColumnValue {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => ColumnValue::Text(name),
        Ok(_) | Err(_) => ColumnValue::Null,
    }
}

/// Anything that prints itself as a column.
pub(crate) fn text(value: impl std::fmt::Display) -> ColumnValue {
    ColumnValue::Text(value.to_string())
}

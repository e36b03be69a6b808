//! Rows of the log as values, and the queries that yield them. Columns are read by their place,
//! and each text is copied once.

use chrono::{DateTime, Utc};
use rusqlite::{
    Connection, OptionalExtension, Result, Row, params,
    types::{Type, Value},
};
use uuid::Uuid;

use super::heads::StreamHead;
use crate::{
    event::{Position, RecordedEvent, Version},
    event_reader::SilentOf,
    event_store::{CommandEnvelope, CommandRecord, Fingerprint, Verdict},
};

macro_rules! select_events {
    ($rest:literal) => {
        concat!(
            "SELECT position, event_id, stream, version, type, schema_version, data, ",
            "partition_key, command_id, correlation_id, causation_id, actor, traceparent, ",
            "occurred_at, recorded_at FROM log ",
            $rest
        )
    };
}

/// What its last event says of a command is joined from there. Not from the view `log`: SQLite would
/// make all of it for each command, because a join on the right of a left join is not looked into.
macro_rules! select_commands {
    ($rest:literal) => {
        concat!(
            "
SELECT c.fingerprint, c.type, coalesce(c.stream, s.name), coalesce(c.actor, e.actor),
       coalesce(c.correlation_id, e.correlation_id, e.command_id),
       coalesce(c.causation_id, e.causation_id, e.command_id),
       coalesce(c.traceparent, e.traceparent), c.code, c.refusal, c.version, c.position,
       coalesce(c.partition_key, e.partition_key, s.name), c.events,
       coalesce(c.recorded_at, e.recorded_at), c.command_id
FROM commands c
LEFT JOIN events e ON c.events > 0 AND e.position = c.position
LEFT JOIN streams s ON s.id = e.stream
WHERE ",
            $rest
        )
    };
}

/// Events of one stream behind `after`, none behind the position `until`.
pub(super) fn of_stream(
    connection: &Connection,
    stream: &str,
    after: Version,
    limit: usize,
    until: Position,
) -> Result<Vec<RecordedEvent>> {
    let sql = select_events!(
        "WHERE stream = ?1 AND version > ?2 AND position <= ?4 ORDER BY version LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(sql)?;
    statement
        .query_map(params![stream, bounded(after), limit, until], event)?
        .collect()
}

/// Events of the log behind `after`, none behind `until`.
pub(super) fn of_log(
    connection: &Connection,
    after: Position,
    limit: usize,
    until: Position,
) -> Result<Vec<RecordedEvent>> {
    let sql = select_events!("WHERE position > ?1 AND position <= ?3 ORDER BY position LIMIT ?2");
    let mut statement = connection.prepare_cached(sql)?;
    let mut events = Vec::with_capacity(limit.min(1024));
    for found in statement.query_map(params![bounded(after), limit, until], event)? {
        events.push(found?);
    }
    Ok(events)
}

/// The events at these positions, in the order asked for.
pub(super) fn at(connection: &Connection, positions: &[Position]) -> Result<Vec<RecordedEvent>> {
    let mut statement = connection.prepare_cached(select_events!("WHERE position = ?1"))?;
    let mut events = Vec::with_capacity(positions.len());
    for position in positions {
        events.extend(
            statement
                .query_row([bounded(*position)], event)
                .optional()?,
        );
    }
    Ok(events)
}

/// What became of a command.
pub(super) fn command(connection: &Connection, id: Uuid) -> Result<Option<CommandRecord>> {
    let mut statement = connection.prepare_cached(select_commands!("c.command_id = ?1"))?;
    statement
        .query_row([id.as_bytes()], command_record)
        .optional()
}

/// Which commands without events are read.
pub(super) struct Silent {
    sql: &'static str,
    of: Value,
    after: Uuid,
    limit: usize,
}

impl Silent {
    pub(super) fn new(of: SilentOf<'_>, after: Uuid, limit: usize) -> Self {
        let (sql, of) = match of {
            SilentOf::Stream(stream) => (
                select_commands!(
                    "c.stream = ?1 AND c.events = 0 AND c.command_id > ?2
                     ORDER BY c.command_id LIMIT ?3"
                ),
                Value::from(stream.to_owned()),
            ),
            SilentOf::Correlation(id) => (
                select_commands!(
                    "c.correlation_id = ?1 AND c.events = 0 AND c.command_id > ?2
                     ORDER BY c.command_id LIMIT ?3"
                ),
                Value::from(id.into_bytes().to_vec()),
            ),
        };
        Self {
            sql,
            of,
            after,
            limit,
        }
    }

    /// Reads them, in the order of their ids.
    pub(super) fn read(&self, connection: &Connection) -> Result<Vec<CommandRecord>> {
        let mut statement = connection.prepare_cached(self.sql)?;
        let found = params![self.of, self.after.as_bytes(), self.limit];
        statement.query_map(found, command_record)?.collect()
    }
}

/// Where a stream stands.
pub(super) fn stream_head(connection: &Connection, stream: &str) -> Result<StreamHead> {
    let sql = "SELECT id, (SELECT max(version) FROM events WHERE stream = id)
               FROM streams WHERE name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let head = |row: &Row<'_>| {
        Ok(StreamHead {
            id: Some(row.get(0)?),
            version: row.get(1)?,
        })
    };
    let unbegun = StreamHead {
        id: None,
        version: 0,
    };
    Ok(statement
        .query_row([stream], head)
        .optional()?
        .unwrap_or(unbegun))
}

/// Microseconds since 1970, as the log keeps instants.
pub(super) fn micros(instant: DateTime<Utc>) -> i64 {
    instant.timestamp_micros()
}

/// No position or version is larger than SQLite's largest integer.
fn bounded(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn event(row: &Row<'_>) -> Result<RecordedEvent> {
    Ok(RecordedEvent {
        position: row.get(0)?,
        event_id: uuid(row, 1)?,
        stream: row.get(2)?,
        version: row.get(3)?,
        event_type: row.get(4)?,
        schema_version: row.get(5)?,
        data: row.get(6)?,
        partition_key: row.get(7)?,
        command_id: uuid(row, 8)?,
        correlation_id: uuid(row, 9)?,
        causation_id: uuid(row, 10)?,
        actor: row.get(11)?,
        traceparent: row.get(12)?,
        occurred_at: instant(row, 13)?,
        recorded_at: instant(row, 14)?,
    })
}

fn command_record(row: &Row<'_>) -> Result<CommandRecord> {
    let verdict = match row.get::<_, Option<String>>(7)? {
        Some(code) => Verdict::Refused {
            code,
            refusal: row.get(8)?,
        },
        None => Verdict::Accepted,
    };
    Ok(CommandRecord {
        command: CommandEnvelope {
            command_id: uuid(row, 14)?,
            fingerprint: Fingerprint(row.get(0)?),
            command_type: row.get(1)?,
            stream: row.get(2)?,
            actor: row.get(3)?,
            correlation_id: uuid(row, 4)?,
            causation_id: uuid(row, 5)?,
            traceparent: row.get(6)?,
        },
        verdict,
        version: row.get(9)?,
        position: row.get(10)?,
        partition_key: row.get(11)?,
        events: row.get(12)?,
        recorded_at: instant(row, 13)?,
    })
}

pub(super) fn uuid(row: &Row<'_>, column: usize) -> Result<Uuid> {
    row.get(column).map(Uuid::from_bytes)
}

pub(super) fn instant(row: &Row<'_>, column: usize) -> Result<DateTime<Utc>> {
    let micros = row.get(column)?;
    DateTime::from_timestamp_micros(micros).ok_or_else(|| {
        let reason = format!("{micros} is no instant");
        rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, reason.into())
    })
}

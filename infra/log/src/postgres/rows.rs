//! Rows of the log as values, and the queries that yield them. Columns are read by their place.

use sqlx::{FromRow, Result, Row, postgres::PgRow};
use uuid::Uuid;

use crate::{
    event::RecordedEvent,
    event_store::{CommandEnvelope, CommandRecord, Fingerprint, Head, Verdict},
};

macro_rules! select_events {
    ($rest:literal) => {
        select_events!("", $rest)
    };
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT position, event_id, aggregate_type || '-' || aggregate_id, sequence, ",
            "event_type, event_version, payload::text, partition_key, command_id, ",
            "correlation_id, causation_id, actor, traceparent, occurred_at, recorded_at",
            $more,
            " FROM ",
            $rest
        )
    };
}

/// Of several streams, each behind a version of its own, with the place of its question.
pub(super) const OF_STREAMS: &str = select_events!(
    ", place",
    "unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
         WITH ORDINALITY AS asked(type, id, after, most, place),
     LATERAL (
         SELECT * FROM events
         WHERE aggregate_type = asked.type AND aggregate_id = asked.id
             AND sequence > asked.after
         ORDER BY sequence LIMIT asked.most
     ) AS found
     ORDER BY place, sequence"
);

pub(super) const OF_LOG: &str =
    select_events!("events WHERE position > $1 ORDER BY position LIMIT $2");

pub(super) const AT: &str = select_events!(
    "unnest($1) WITH ORDINALITY AS asked(position, place) JOIN events USING (position)
     ORDER BY place"
);

/// Commands. What its last event says of a command is joined from there.
macro_rules! select_commands {
    ($rest:literal) => {
        concat!(
            "
SELECT c.command_id, c.fingerprint, c.type,
       coalesce(c.stream, e.aggregate_type || '-' || e.aggregate_id), coalesce(c.actor, e.actor),
       coalesce(c.correlation_id, e.correlation_id), coalesce(c.causation_id, e.causation_id),
       coalesce(c.traceparent, e.traceparent), c.code, c.refusal, c.version, c.position,
       coalesce(c.partition_key, e.partition_key), c.events,
       coalesce(c.recorded_at, e.recorded_at), e.event_id
FROM commands c LEFT JOIN events e ON c.events > 0 AND e.position = c.position
WHERE ",
            $rest
        )
    };
}

pub(super) const COMMANDS: &str = select_commands!("c.command_id = ANY ($1)");

pub(super) const SILENT_OF_STREAM: &str = select_commands!(
    "c.stream = $1 AND c.events = 0 AND c.command_id > $2 ORDER BY c.command_id LIMIT $3"
);

pub(super) const SILENT_OF_CORRELATION: &str = select_commands!(
    "c.correlation_id = $1 AND c.events = 0 AND c.command_id > $2 ORDER BY c.command_id LIMIT $3"
);

/// A cursor over the commands of a range of positions; those without events also from right in front
/// of it.
pub(super) const COMMANDS_OF_RANGE: &str = concat!(
    "DECLARE commands_of_range NO SCROLL CURSOR FOR ",
    select_commands!(
        "c.position >= CASE WHEN c.events > 0 THEN $1 ELSE $1 - 1 END AND c.position <= $2
         ORDER BY c.position, c.command_id"
    )
);

pub(super) const HEAD: &str = "
SELECT log_id, last.position, last.event_id
FROM log LEFT JOIN LATERAL (
    SELECT position, event_id FROM events ORDER BY position DESC LIMIT 1
) AS last ON true";

pub(super) const POSITION: &str = "SELECT coalesce(max(position), 0) FROM events";

pub(super) const VERSION: &str = "
SELECT coalesce(max(sequence), 0) FROM events WHERE aggregate_type = $1 AND aggregate_id = $2";

/// A number of the log as the database keeps it. Nothing there is larger than its largest.
pub(super) fn bounded(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Category and id of a stream: what stands before and behind its first `-`.
pub(super) fn split(stream: &str) -> Option<(&str, &str)> {
    stream.split_once('-')
}

/// An event as it is recorded.
pub(super) struct Event(pub(super) RecordedEvent);

impl FromRow<'_, PgRow> for Event {
    fn from_row(row: &PgRow) -> Result<Self> {
        Ok(Self(RecordedEvent {
            position: number(row, 0)?,
            event_id: row.try_get(1)?,
            stream: row.try_get(2)?,
            version: number(row, 3)?,
            event_type: row.try_get(4)?,
            schema_version: schema_version(row, 5)?,
            data: row.try_get(6)?,
            partition_key: row.try_get(7)?,
            command_id: row.try_get(8)?,
            correlation_id: row.try_get(9)?,
            causation_id: row.try_get(10)?,
            actor: row.try_get(11)?,
            traceparent: row.try_get(12)?,
            occurred_at: row.try_get(13)?,
            recorded_at: row.try_get(14)?,
        }))
    }
}

/// An event that answers one of several questions, and that question's place from 1.
pub(super) struct Answering {
    pub(super) place: usize,
    pub(super) event: RecordedEvent,
}

impl FromRow<'_, PgRow> for Answering {
    fn from_row(row: &PgRow) -> Result<Self> {
        let Event(event) = Event::from_row(row)?;
        let place = usize::try_from(row.try_get::<i64, _>(15)?);
        let place = place.map_err(|_| unlike(15, "a place"))?;
        Ok(Self { place, event })
    }
}

/// A command as it is recorded.
#[derive(Clone)]
pub(super) struct Command {
    pub(super) record: CommandRecord,
    /// Id of its last event, if it has any.
    pub(super) last_event: Option<Uuid>,
}

impl FromRow<'_, PgRow> for Command {
    fn from_row(row: &PgRow) -> Result<Self> {
        let verdict = match row.try_get(8)? {
            Some(code) => Verdict::Refused {
                code,
                refusal: row.try_get(9)?,
            },
            None => Verdict::Accepted,
        };
        let fingerprint: &[u8] = row.try_get(1)?;
        let command = CommandEnvelope {
            command_id: row.try_get(0)?,
            fingerprint: Fingerprint(fingerprint.try_into().map_err(|_| unlike(1, "16 bytes"))?),
            command_type: row.try_get(2)?,
            stream: row.try_get(3)?,
            actor: row.try_get(4)?,
            correlation_id: row.try_get(5)?,
            causation_id: row.try_get(6)?,
            traceparent: row.try_get(7)?,
        };
        let record = CommandRecord {
            command,
            verdict,
            version: number(row, 10)?,
            position: number(row, 11)?,
            partition_key: row.try_get(12)?,
            events: u32::try_from(row.try_get::<i32, _>(13)?).map_err(|_| unlike(13, "a count"))?,
            recorded_at: row.try_get(14)?,
        };
        let last_event = row.try_get(15)?;
        Ok(Self { record, last_event })
    }
}

/// The end of the log as one row.
pub(super) struct LogHead(pub(super) Head);

impl FromRow<'_, PgRow> for LogHead {
    fn from_row(row: &PgRow) -> Result<Self> {
        let empty = row.try_get::<Option<i64>, _>(1)?.is_none();
        Ok(Self(Head {
            log_id: row.try_get(0)?,
            position: if empty { 0 } else { number(row, 1)? },
            event_id: row.try_get::<Option<Uuid>, _>(2)?.unwrap_or_default(),
        }))
    }
}

pub(super) fn number(row: &PgRow, column: usize) -> Result<u64> {
    u64::try_from(row.try_get::<i64, _>(column)?).map_err(|_| unlike(column, "a position"))
}

/// Ours are whole numbers; a postgres-es application may count in `1.0`.
fn schema_version(row: &PgRow, column: usize) -> Result<u16> {
    let text: &str = row.try_get(column)?;
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    whole
        .parse()
        .map_err(|_| unlike(column, "a schema version"))
}

pub(super) fn unlike(column: usize, what: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_string(),
        source: format!("it is not {what}").into(),
    }
}

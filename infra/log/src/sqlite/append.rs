//! One decided command inside the writer's transaction: checked against all that stands before
//! it, those of the same transaction included, then written whole or not at all.
//!
//! The id is checked by the insert itself; only a command that cannot be written anyway is looked
//! up first, because a repeat answers its first outcome whatever else is wrong with it.

use rusqlite::{CachedStatement, Connection, Result, params};
use uuid::Uuid;

use super::{
    heads::Heads,
    rows::{self, micros},
};
use crate::{
    event::{NewEvent, Position, Version},
    event_store::{AppendOutcome, CommandEnvelope, CommandRecord, Decided, StreamAppend, Verdict},
};

/// The largest payload of an event, bytes.
const EVENT_LIMIT: usize = 512 * 1024;

pub(super) const INSERT_EVENT: &str = "
INSERT INTO events (position, event_id, stream, version, type, schema_version, partition_key,
    command_id, correlation_id, causation_id, actor, traceparent, occurred_at, recorded_at, data)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";

const INSERT_COMMAND: &str = "
INSERT INTO commands (command_id, fingerprint, type, position, version, events, stream)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (command_id) DO NOTHING";

pub(super) const INSERT_COMMAND_IN_FULL: &str = "
INSERT INTO commands (command_id, fingerprint, type, position, version, events, stream, code,
    refusal, partition_key, correlation_id, causation_id, actor, traceparent, recorded_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
ON CONFLICT (command_id) DO NOTHING";

/// The end of the log as the open transaction sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) position: Position,
    pub(super) event_id: Uuid,
    /// When what is written now is recorded, microseconds; never before what stands in the log.
    pub(super) recorded_at: i64,
}

/// Appends commands to the open transaction.
pub(super) struct Appender<'c> {
    connection: &'c Connection,
    heads: &'c mut Heads,
    insert_event: CachedStatement<'c>,
    insert_command: CachedStatement<'c>,
    pub(super) end: End,
}

impl<'c> Appender<'c> {
    pub(super) fn new(connection: &'c Connection, heads: &'c mut Heads, end: End) -> Result<Self> {
        Ok(Self {
            connection,
            heads,
            insert_event: connection.prepare_cached(INSERT_EVENT)?,
            insert_command: connection.prepare_cached(INSERT_COMMAND)?,
            end,
        })
    }

    pub(super) fn append(&mut self, decided: Decided) -> Result<AppendOutcome> {
        if let Some(refused) = self.check(&decided)? {
            return Ok(self.first_outcome(&decided.command)?.unwrap_or(refused));
        }
        let Decided {
            command,
            verdict,
            writes,
        } = decided;
        let record = self.record(command, verdict, &writes)?;
        if !self.insert_command(&record, &writes)? {
            let first = self.first_outcome(&record.command)?;
            return first.ok_or(rusqlite::Error::QueryReturnedNoRows);
        }
        for write in &writes {
            self.insert_events(&record.command, write)?;
        }
        Ok(AppendOutcome::Recorded(record))
    }

    /// Why the command cannot be written, if it can't.
    fn check(&mut self, decided: &Decided) -> Result<Option<AppendOutcome>> {
        for (place, write) in decided.writes.iter().enumerate() {
            let actual = self.heads.of(self.connection, &write.stream)?.version
                + added(&decided.writes[..place], &write.stream);
            if actual != write.expected_version {
                let (stream, expected) = (write.stream.clone(), write.expected_version);
                return Ok(Some(AppendOutcome::Conflict {
                    stream,
                    expected,
                    actual,
                }));
            }
        }
        let mut events = decided.writes.iter().flat_map(|write| &write.events);
        Ok(events
            .find(|event| event.data.len() > EVENT_LIMIT)
            .map(too_large))
    }

    fn first_outcome(&self, command: &CommandEnvelope) -> Result<Option<AppendOutcome>> {
        let first = rows::command(self.connection, command.command_id)?;
        Ok(first.map(|first| {
            if first.command.fingerprint == command.fingerprint {
                AppendOutcome::Repeated(first)
            } else {
                AppendOutcome::IdReused(first)
            }
        }))
    }

    fn record(
        &mut self,
        command: CommandEnvelope,
        verdict: Verdict,
        writes: &[StreamAppend],
    ) -> Result<CommandRecord> {
        let events: usize = writes.iter().map(|write| write.events.len()).sum();
        let version = self.heads.of(self.connection, &command.stream)?.version
            + added(writes, &command.stream);
        let last = writes.iter().rfind(|write| !write.events.is_empty());
        let addressed = || writes.iter().find(|write| write.stream == command.stream);
        let partition_key = last.or_else(addressed).map_or_else(
            || command.stream.clone(),
            |write| write.partition_key.clone(),
        );
        Ok(CommandRecord {
            command,
            verdict,
            version,
            position: self.end.position + events as u64,
            partition_key,
            events: u32::try_from(events).unwrap_or(u32::MAX),
            recorded_at: chrono::DateTime::from_timestamp_micros(self.end.recorded_at)
                .unwrap_or_default(),
        })
    }

    /// False where the id is known already.
    fn insert_command(&mut self, record: &CommandRecord, writes: &[StreamAppend]) -> Result<bool> {
        let command = &record.command;
        let last = writes.iter().rfind(|write| !write.events.is_empty());
        if let (Some(last), Verdict::Accepted) = (last, &record.verdict) {
            let other_stream = (last.stream != command.stream).then_some(&command.stream);
            let inserted = self.insert_command.execute(params![
                command.command_id.as_bytes(),
                command.fingerprint.0,
                command.command_type,
                record.position,
                record.version,
                record.events,
                other_stream,
            ])?;
            return Ok(inserted == 1);
        }
        let (code, refusal) = match &record.verdict {
            Verdict::Accepted => (None, None),
            Verdict::Refused { code, refusal } => (Some(code), Some(refusal)),
        };
        let mut insert = self.connection.prepare_cached(INSERT_COMMAND_IN_FULL)?;
        let inserted = insert.execute(params![
            command.command_id.as_bytes(),
            command.fingerprint.0,
            command.command_type,
            record.position,
            record.version,
            record.events,
            command.stream,
            code,
            refusal,
            record.partition_key,
            command.correlation_id.as_bytes(),
            command.causation_id.as_bytes(),
            command.actor,
            command.traceparent,
            micros(record.recorded_at),
        ])?;
        Ok(inserted == 1)
    }

    fn insert_events(&mut self, command: &CommandEnvelope, write: &StreamAppend) -> Result<()> {
        if write.events.is_empty() {
            return Ok(());
        }
        let id = self.heads.begun(self.connection, &write.stream)?;
        for (version, event) in (write.expected_version + 1..).zip(&write.events) {
            self.insert_event(command, write, (id, version), event)?;
        }
        let version = write.expected_version + write.events.len() as u64;
        self.heads.moved(&write.stream, id, version);
        Ok(())
    }

    fn insert_event(
        &mut self,
        command: &CommandEnvelope,
        write: &StreamAppend,
        (stream, version): (i64, Version),
        event: &NewEvent,
    ) -> Result<()> {
        let unlike = |id: Uuid| (id != command.command_id).then_some(id.into_bytes());
        let partition_key = (write.partition_key != write.stream).then_some(&write.partition_key);
        self.end.position += 1;
        self.end.event_id = event.event_id;
        self.insert_event.execute(params![
            self.end.position,
            event.event_id.as_bytes(),
            stream,
            version,
            event.event_type,
            event.schema_version,
            partition_key,
            command.command_id.as_bytes(),
            unlike(command.correlation_id),
            unlike(command.causation_id),
            command.actor,
            command.traceparent,
            micros(event.occurred_at),
            self.end.recorded_at,
            event.data,
        ])?;
        Ok(())
    }
}

/// How many events these writes add to the stream.
fn added(writes: &[StreamAppend], stream: &str) -> u64 {
    let of_stream = writes.iter().filter(|write| write.stream == stream);
    of_stream.map(|write| write.events.len() as u64).sum()
}

fn too_large(event: &NewEvent) -> AppendOutcome {
    AppendOutcome::TooLarge {
        event_type: event.event_type.clone(),
        bytes: event.data.len(),
        limit: EVENT_LIMIT,
    }
}

//! Reads the history of a log, beside a process that writes it: in one snapshot, on a thread of its
//! own.

use std::{path::Path, thread};

use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use super::super::{beside::Snapshot, failure::classify, rows};
use crate::{
    event::Position,
    event_store::{CommandRecord, StoreError},
    history::{History, PAGE, Range, Reading, Stretch},
};

/// Ids of the commands of a range; those without events also from right in front of it.
const COMMANDS: &str = "
SELECT command_id, position FROM commands
WHERE position >= CASE WHEN events > 0 THEN ?1 ELSE ?1 - 1 END AND position <= ?2
ORDER BY position, command_id";

/// The history of the log in `directory`, which others may have open.
pub fn history(directory: &Path, range: Range) -> Result<History, StoreError> {
    let snapshot = Snapshot::open(directory)?;
    let head = snapshot.head;
    let (from, until) = range.within(head.position);
    let before = id_at(&snapshot, from.saturating_sub(1)).map_err(classify)?;
    let (history, reading) = History::new(head, (from, until), before);
    thread::spawn(move || {
        if let Err(error) = read(&snapshot, (from, until), &reading) {
            // Nobody listens where the history was dropped.
            let _ = reading.blocking_send(Err(error));
        }
    });
    Ok(history)
}

fn read(
    connection: &Connection,
    (from, until): (Position, Position),
    reading: &Reading,
) -> Result<(), StoreError> {
    let mut ids = connection.prepare(COMMANDS).map_err(classify)?;
    let mut ids = ids.query_map([from, until], id_and_position);
    let ids = ids.as_mut().map_err(|error| StoreError::Unavailable {
        detail: error.to_string(),
    })?;
    let mut next = ids.next().transpose().map_err(classify)?;
    let mut after = from.saturating_sub(1);
    loop {
        let events = rows::of_log(connection, after, PAGE, until).map_err(classify)?;
        let end = events.last().map_or(until, |event| event.position);
        let done = events.is_empty();
        let mut commands = Vec::new();
        while let Some((id, position)) = next.filter(|(_, position)| done || *position <= end) {
            commands.push(command(connection, id, position)?);
            next = ids.next().transpose().map_err(classify)?;
        }
        if done && commands.is_empty() {
            return Ok(());
        }
        let stretch = Stretch { events, commands };
        if reading.blocking_send(Ok(stretch)).is_err() || done {
            return Ok(());
        }
        after = end;
    }
}

fn command(
    connection: &Connection,
    id: Uuid,
    position: Position,
) -> Result<CommandRecord, StoreError> {
    let found = rows::command(connection, id).optional().map_err(classify)?;
    found.flatten().ok_or_else(|| StoreError::Corrupt {
        detail: format!("the command {id} at position {position} can't be read"),
    })
}

fn id_at(connection: &Connection, position: Position) -> rusqlite::Result<Uuid> {
    let select = "SELECT event_id FROM events WHERE position = ?1";
    let found = connection.query_row(select, [position], |row| row.get(0).map(Uuid::from_bytes));
    found.optional().map(Option::unwrap_or_default)
}

fn id_and_position(row: &Row<'_>) -> rusqlite::Result<(Uuid, Position)> {
    Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?))
}

//! Looks for one event in a log that has no index of ids. An id that tells its time (UUIDv7) is looked for
//! from about that time on first, and everywhere where it is not there: found fast, or slowly, never missed.

use chrono::{DateTime, TimeDelta, Utc};
use orderlog_log::{
    event::{Position, RecordedEvent},
    event_reader::EventReader,
};
use uuid::Uuid;

use crate::{cli::Failure, system::StartError};

/// Events that are read at once.
const PAGE: usize = 5_000;
/// Clocks of those that make ids and of those that record may differ by this much.
const SLACK: TimeDelta = TimeDelta::hours(1);

/// The event at a position.
pub(super) async fn at(
    log: &dyn EventReader,
    position: Position,
) -> Result<Option<RecordedEvent>, Failure> {
    let found = log.read_at(&[position]).await.map_err(StartError::from)?;
    Ok(found.into_iter().next())
}

/// The event with an id.
pub(super) async fn by_id(
    log: &dyn EventReader,
    id: Uuid,
) -> Result<Option<RecordedEvent>, Failure> {
    let head = log.head().await.map_err(StartError::from)?.position;
    let near = match made_at(id) {
        Some(made) => last_before(log, made - SLACK, head).await?,
        None => 0,
    };
    match between(log, id, near, head).await? {
        None => between(log, id, 0, near).await,
        found => Ok(found),
    }
}

/// When an id was made, if it tells.
fn made_at(id: Uuid) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}

/// The last position that was recorded before `instant`; instants of recording never go back.
async fn last_before(
    log: &dyn EventReader,
    instant: DateTime<Utc>,
    head: Position,
) -> Result<Position, Failure> {
    let (mut before, mut not_before) = (0, head + 1);
    while before + 1 < not_before {
        let middle = before.midpoint(not_before);
        match at(log, middle).await? {
            Some(event) if event.recorded_at < instant => before = middle,
            Some(_) | None => not_before = middle,
        }
    }
    Ok(before)
}

/// The event with the id behind `after`, up to `until`.
async fn between(
    log: &dyn EventReader,
    id: Uuid,
    mut after: Position,
    until: Position,
) -> Result<Option<RecordedEvent>, Failure> {
    while after < until {
        let page = log.read_all(after, PAGE).await.map_err(StartError::from)?;
        let Some(last) = page.last() else { break };
        after = last.position;
        if let Some(found) = page.into_iter().find(|event| event.event_id == id) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

//! The one statement that writes, and what it answers.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{
    arrays,
    plan::Plan,
    rows::{self, Command},
};
use crate::event::{Position, Version};

/// 37 arrays, in the order in which `arrays` binds them.
const APPEND: &str = "
SELECT base, written_at, stale, actual, known
FROM orderlog_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
    $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36,
    $37)";

/// What was written, and what kept the rest from it.
#[derive(Default)]
pub(super) struct Written<'a> {
    /// The position behind which was written.
    pub(super) base: Position,
    pub(super) recorded_at: DateTime<Utc>,
    /// Bundles of which nothing was written.
    pub(super) failed: HashSet<usize>,
    /// Streams that have another version than was assumed.
    pub(super) stale: Vec<(&'a str, Version)>,
    /// Commands that are recorded already.
    pub(super) known: Vec<Uuid>,
}

#[derive(FromRow)]
struct Answer {
    base: i64,
    written_at: DateTime<Utc>,
    stale: Option<Vec<i64>>,
    actual: Option<Vec<i64>>,
    known: Option<Vec<i64>>,
}

/// Has the plan written. When this returns, what was written is durable.
pub(super) async fn write<'a>(
    connection: &mut PgConnection,
    plan: &Plan<'a>,
) -> sqlx::Result<Written<'a>> {
    // All has its answer without a look at the log.
    if plan.items.iter().all(|item| !item.is_new()) {
        return Ok(Written::default());
    }
    let answer: Answer = arrays::bind(sqlx::query_as(APPEND), plan)
        .fetch_one(connection)
        .await?;
    let mut written = Written {
        base: answer.base.unsigned_abs(),
        recorded_at: answer.written_at,
        ..Written::default()
    };
    let actual = answer.actual.unwrap_or_default();
    for (place, actual) in places(answer.stale).zip(actual) {
        let stream = &plan.streams[place];
        written.stale.push((stream.name, actual.unsigned_abs()));
        written.failed.insert(plan.items[stream.item].bundle);
    }
    let new: Vec<_> = plan.items.iter().filter(|item| item.is_new()).collect();
    for place in places(answer.known) {
        written.known.push(new[place].decided.command.command_id);
        written.failed.insert(new[place].bundle);
    }
    Ok(written)
}

/// What is recorded under these ids.
pub(super) async fn recorded(
    connection: &mut PgConnection,
    ids: &[Uuid],
) -> sqlx::Result<Vec<(Uuid, Command)>> {
    let found: Vec<Command> = sqlx::query_as(rows::COMMANDS)
        .bind(ids)
        .fetch_all(connection)
        .await?;
    let by_id = |command: Command| (command.record.command.command_id, command);
    Ok(found.into_iter().map(by_id).collect())
}

/// Places as the database counts them, from 1.
fn places(places: Option<Vec<i64>>) -> impl Iterator<Item = usize> {
    let places = places.unwrap_or_default().into_iter();
    places.map(|place| usize::try_from(place - 1).unwrap_or_default())
}

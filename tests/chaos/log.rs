//! The log as its tables have it, read with plain SQL and by none of the code under test.

use orderlog_log::event::RecordedEvent;
use sqlx::{PgPool, Row, postgres::PgRow};
use uuid::Uuid;

pub(crate) struct Log {
    pub(crate) id: Uuid,
    /// By position.
    pub(crate) events: Vec<RecordedEvent>,
    pub(crate) commands: Vec<Command>,
}

/// What is remembered of a command.
pub(crate) struct Command {
    pub(crate) id: Uuid,
    pub(crate) position: u64,
    pub(crate) events: u64,
    pub(crate) refused: bool,
}

impl Log {
    /// The event at a position, which need not be there.
    pub(crate) fn at(&self, position: u64) -> Option<&RecordedEvent> {
        let index = self
            .events
            .binary_search_by_key(&position, |event| event.position);
        self.events.get(index.ok()?)
    }

    pub(crate) async fn read(pool: &PgPool) -> sqlx::Result<Self> {
        let id = sqlx::query_scalar("SELECT log_id FROM log")
            .fetch_one(pool)
            .await?;
        let events = sqlx::query(
            "SELECT position, event_id, aggregate_type || '-' || aggregate_id, sequence, \
             event_type, event_version, payload::text, partition_key, command_id, \
             correlation_id, causation_id, actor, traceparent, occurred_at, recorded_at \
             FROM events ORDER BY position",
        );
        let commands = "SELECT command_id, position, events, code IS NOT NULL FROM commands";
        let events = events.fetch_all(pool).await?;
        let commands = sqlx::query(commands).fetch_all(pool).await?;
        Ok(Self {
            id,
            events: events.iter().map(event).collect::<sqlx::Result<_>>()?,
            commands: commands.iter().map(command).collect::<sqlx::Result<_>>()?,
        })
    }
}

fn event(row: &PgRow) -> sqlx::Result<RecordedEvent> {
    let schema_version: String = row.try_get(5)?;
    Ok(RecordedEvent {
        position: row.try_get::<i64, _>(0)?.cast_unsigned(),
        event_id: row.try_get(1)?,
        stream: row.try_get(2)?,
        version: row.try_get::<i64, _>(3)?.cast_unsigned(),
        event_type: row.try_get(4)?,
        schema_version: schema_version.parse().unwrap(),
        data: row.try_get(6)?,
        partition_key: row.try_get(7)?,
        command_id: row.try_get(8)?,
        correlation_id: row.try_get(9)?,
        causation_id: row.try_get(10)?,
        actor: row.try_get(11)?,
        traceparent: row.try_get(12)?,
        occurred_at: row.try_get(13)?,
        recorded_at: row.try_get(14)?,
    })
}

fn command(row: &PgRow) -> sqlx::Result<Command> {
    Ok(Command {
        id: row.try_get(0)?,
        position: row.try_get::<i64, _>(1)?.cast_unsigned(),
        events: row.try_get::<i32, _>(2)?.cast_unsigned().into(),
        refused: row.try_get(3)?,
    })
}

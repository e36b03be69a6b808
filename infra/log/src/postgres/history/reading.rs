//! Reads the history of a log in one snapshot, beside whoever writes it: pages of events, and the
//! commands from a cursor.

use std::collections::VecDeque;

use sqlx::PgConnection;
use uuid::Uuid;

use super::super::{
    PgOptions,
    connect::{BULK, Database, Purpose},
    failure::classify,
    rows::{self, Command, Event, LogHead},
    schema,
};
use crate::{
    event::Position,
    event_store::{CommandRecord, Head, StoreError},
    history::{History, PAGE, Range, Reading, Stretch},
};

const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const NEXT_COMMANDS: &str = "FETCH 1000 FROM commands_of_range";

/// The history of the log at `url`.
pub async fn history(url: &str, range: Range) -> Result<History, StoreError> {
    let database = Database::new(url, PgOptions::default())?;
    let mut connection = database.connect(Purpose::Append).await?;
    schema::check(&mut connection, &database.name).await?;
    let begun = async {
        sqlx::raw_sql(BULK).execute(&mut connection).await?;
        sqlx::raw_sql(SNAPSHOT).execute(&mut connection).await?;
        head(&mut connection).await
    };
    let failed = |error| classify(&database.name, &error);
    let head = begun.await.map_err(failed)?;
    let (from, until) = range.within(head.position);
    let before = id_at(&mut connection, from.saturating_sub(1)).await;
    let before = before.map_err(failed)?;
    let (history, reading) = History::new(head, (from, until), before);
    tokio::spawn(async move {
        if let Err(error) = read(&mut connection, (from, until), &reading).await {
            // Nobody listens where the history was dropped.
            let _ = reading.send(Err(classify(&database.name, &error))).await;
        }
    });
    Ok(history)
}

/// The end of the log as the connection sees it.
pub(super) async fn head(connection: &mut PgConnection) -> sqlx::Result<Head> {
    let LogHead(head) = sqlx::query_as(rows::HEAD).fetch_one(connection).await?;
    Ok(head)
}

async fn id_at(connection: &mut PgConnection, position: Position) -> sqlx::Result<Uuid> {
    let found = sqlx::query_scalar("SELECT event_id FROM events WHERE position = $1")
        .bind(rows::bounded(position))
        .fetch_optional(connection)
        .await?;
    Ok(found.unwrap_or_default())
}

/// Reads a range inside an open transaction.
pub(super) async fn read(
    connection: &mut PgConnection,
    (from, until): (Position, Position),
    reading: &Reading,
) -> sqlx::Result<()> {
    sqlx::query(rows::COMMANDS_OF_RANGE)
        .bind(rows::bounded(from))
        .bind(rows::bounded(until))
        .execute(&mut *connection)
        .await?;
    let mut commands = Commands::default();
    let mut after = from.saturating_sub(1);
    loop {
        let events = events(connection, after, until).await?;
        let end = events.last().map_or(until, |event| event.position);
        let done = events.is_empty();
        let commands = commands.up_to(connection, end).await?;
        if done && commands.is_empty() {
            break;
        }
        let stretch = Stretch { events, commands };
        if reading.send(Ok(stretch)).await.is_err() || done {
            break;
        }
        after = end;
    }
    let closed = sqlx::query("CLOSE commands_of_range");
    closed.execute(&mut *connection).await.map(drop)
}

async fn events(
    connection: &mut PgConnection,
    after: Position,
    until: Position,
) -> sqlx::Result<Vec<crate::event::RecordedEvent>> {
    let left = usize::try_from(until.saturating_sub(after)).unwrap_or(usize::MAX);
    let found: Vec<Event> = sqlx::query_as(rows::OF_LOG)
        .bind(rows::bounded(after))
        .bind(rows::bounded(left.min(PAGE) as u64))
        .fetch_all(connection)
        .await?;
    Ok(found.into_iter().map(|Event(event)| event).collect())
}

/// What the cursor has yielded and nobody has taken.
#[derive(Default)]
struct Commands {
    ahead: VecDeque<CommandRecord>,
    done: bool,
}

impl Commands {
    async fn up_to(
        &mut self,
        connection: &mut PgConnection,
        end: Position,
    ) -> sqlx::Result<Vec<CommandRecord>> {
        let mut taken = Vec::new();
        loop {
            while let Some(record) = self.ahead.pop_front_if(|record| record.position <= end) {
                taken.push(record);
            }
            if !self.ahead.is_empty() || self.done {
                return Ok(taken);
            }
            let fetched: Vec<Command> = sqlx::query_as(NEXT_COMMANDS)
                .fetch_all(&mut *connection)
                .await?;
            self.done = fetched.is_empty();
            self.ahead
                .extend(fetched.into_iter().map(|command| command.record));
        }
    }
}

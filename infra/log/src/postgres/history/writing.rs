//! Writes history into a log, stretch after stretch, inside transactions that its caller begins and
//! ends: what else lies in the database is written in the same ones. Other writers wait meanwhile.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    super::{
        PgOptions,
        connect::{BULK, Database, Purpose},
        failure::classify,
        rows::{self, Command, Event},
        schema,
    },
    columns, reading,
};
use crate::{
    event::{Position, RecordedEvent},
    event_store::{CommandRecord, Head, StoreError},
    history::{Digest, History, Stretch, Summary},
};

/// Tells this session from those of roles.
const NAME: &str = "SET application_name = 'orderlog history'";

/// A log that takes history.
pub struct PgTarget {
    connection: PgConnection,
    database: String,
    head: Head,
}

impl PgTarget {
    /// Connects, and checks that the tables are those of this build.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let database = Database::new(url, PgOptions::default())?;
        let mut connection = database.connect(Purpose::Append).await?;
        schema::check(&mut connection, &database.name).await?;
        let ready = async {
            sqlx::raw_sql(BULK).execute(&mut connection).await?;
            run(&mut connection, NAME).await?;
            reading::head(&mut connection).await
        };
        let head = ready
            .await
            .map_err(|error| classify(&database.name, &error))?;
        Ok(Self {
            connection,
            database: database.name,
            head,
        })
    }

    /// The database, without its password.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The end of the log, as the last transaction left it.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The connection, for what else is written in the same transaction.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// What an error of the connection means.
    pub fn failed(&self, error: &sqlx::Error) -> StoreError {
        classify(&self.database, error)
    }

    /// Begins a transaction; until it ends nobody else appends. Refused where somebody has appended
    /// since the last one.
    pub async fn begin(&mut self) -> Result<(), StoreError> {
        let begun = async {
            run(&mut self.connection, "BEGIN").await?;
            run(&mut self.connection, "SELECT FROM log FOR UPDATE").await?;
            reading::head(&mut self.connection).await
        };
        let found = begun
            .await
            .map_err(|error| classify(&self.database, &error))?;
        if found != self.head {
            return Err(StoreError::Invalid {
                detail: format!(
                    "somebody else has written to {}: it ends at {} now",
                    self.database, found.position
                ),
            });
        }
        Ok(())
    }

    /// Ends the transaction; what it wrote is durable.
    pub async fn commit(&mut self) -> Result<(), StoreError> {
        let committed = run(&mut self.connection, "COMMIT").await;
        committed.map_err(|error| classify(&self.database, &error))
    }

    /// Events behind `after`, oldest first, at most `limit`.
    pub async fn events(
        &mut self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let found = sqlx::query_as(rows::OF_LOG)
            .bind(rows::bounded(after))
            .bind(rows::bounded(limit as u64))
            .fetch_all(&mut self.connection)
            .await;
        let found: Vec<Event> = found.map_err(|error| classify(&self.database, &error))?;
        Ok(found.into_iter().map(|Event(event)| event).collect())
    }

    /// Which of these commands are recorded.
    pub async fn known(&mut self, ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError> {
        let found = sqlx::query_as(rows::COMMANDS)
            .bind(ids)
            .fetch_all(&mut self.connection)
            .await;
        let found: Vec<Command> = found.map_err(|error| classify(&self.database, &error))?;
        Ok(found.into_iter().map(|command| command.record).collect())
    }

    /// Makes a log without events and commands the log `log_id`.
    pub async fn name(&mut self, log_id: Uuid) -> Result<(), StoreError> {
        let named = sqlx::query("UPDATE log SET log_id = $1")
            .bind(log_id)
            .execute(&mut self.connection)
            .await;
        named.map_err(|error| classify(&self.database, &error))?;
        self.head.log_id = log_id;
        Ok(())
    }

    /// Writes a stretch, which must follow what is there.
    pub async fn write(&mut self, stretch: &Stretch) -> Result<(), StoreError> {
        let events = columns::events(stretch)?;
        let commands = columns::commands(stretch);
        let written = async {
            copy(&mut self.connection, columns::COPY_EVENTS, events).await?;
            copy(&mut self.connection, columns::COPY_COMMANDS, commands).await
        };
        written
            .await
            .map_err(|error| classify(&self.database, &error))?;
        if let Some(last) = stretch.events.last() {
            (self.head.position, self.head.event_id) = (last.position, last.event_id);
        }
        Ok(())
    }

    /// Counts and hashes of events and commands up to a position, as the open transaction sees them.
    pub async fn digest(
        &mut self,
        until: Position,
        mut seen: impl FnMut(Position) + Send,
    ) -> Result<Summary, StoreError> {
        let range = (1, until);
        let (mut history, reading) = History::new(self.head, range, Uuid::nil());
        let read = async {
            let read = reading::read(&mut self.connection, range, &reading).await;
            drop(reading);
            read.map_err(|error| classify(&self.database, &error))
        };
        let digested = async {
            let mut digest = Digest::default();
            while let Some(stretch) = history.next().await? {
                digest.add(&stretch);
                seen(stretch.last().unwrap_or(range.1));
            }
            Ok(digest.summary())
        };
        let (read, digested) = tokio::join!(read, digested);
        read?;
        digested
    }
}

async fn copy(connection: &mut PgConnection, statement: &str, lines: String) -> sqlx::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut copying = connection.copy_in_raw(statement).await?;
    match copying.send(lines.into_bytes()).await {
        Ok(_) => copying.finish().await.map(drop),
        Err(error) => {
            copying.abort("the rest did not come").await?;
            Err(error)
        }
    }
}

async fn run(connection: &mut PgConnection, sql: &str) -> sqlx::Result<()> {
    sqlx::raw_sql(sql).execute(connection).await.map(drop)
}

//! Takes over a database that a cqrs-es application filled through postgres-es. The table stays the
//! same one, with more columns; of what it held before nothing changes, which is checked before the
//! one transaction is committed. After it the application and orderlog both write to it.
//!
//! First [`survey`], which changes nothing; then [`adopt`]. `shape` looks at the table, `survey` at
//! its rows; `tables.sql` makes the log's tables around it and `positions.sql` fills them.

mod shape;
mod survey;

use sqlx::{Connection, PgConnection};

pub use self::survey::{Order, Survey, TypeCount};
use super::super::{
    PgOptions,
    connect::{BULK, Database, Purpose},
    failure::classify,
    schema,
};
use crate::{event::Position, event_store::StoreError};

/// Nobody reads or writes the table until the transaction ends.
const LOCK: &str = "LOCK TABLE events IN ACCESS EXCLUSIVE MODE";
/// A schema in which the log's tables are made before they are put around the old one.
const SCRATCH: &str = "CREATE SCHEMA orderlog_adoption; SET LOCAL search_path = orderlog_adoption";
const BACK: &str = "SET LOCAL search_path = DEFAULT";
const TABLES: &str = include_str!("adopt/tables.sql");
const POSITIONS: &str = include_str!("adopt/positions.sql");
const COMMANDS: &str = include_str!("adopt/commands.sql");

/// How many rows, and a sum over what they hold in the old columns, whatever their order.
const CHECKSUM: &str = "
SELECT count(*) || ':' || coalesce(sum(('x' || left(hash, 16))::bit(64)::bigint::numeric), 0)
    || ':' || coalesce(sum(('x' || right(hash, 16))::bit(64)::bigint::numeric), 0)
FROM events, LATERAL (SELECT md5(ROW(aggregate_type, aggregate_id, sequence, event_type,
    event_version, payload::text, metadata::text)::text) AS hash) AS hashed";

/// What a database is to an adoption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// postgres-es filled it.
    Foreign(Survey),
    /// It is orderlog's already; there is nothing to do.
    Adopted,
}

/// What an adoption did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Adopted {
    /// What was found.
    pub survey: Survey,
    /// Position of the last event.
    pub head: Position,
    /// Rows and sums over the old columns, the same before and after.
    pub checksum: String,
}

/// Why a database was not adopted. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The database can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no table of events.
    #[error("{database} has no table `events`; for a new log run `orderlog migrate`")]
    NoEvents {
        /// The database, without its password.
        database: String,
    },
    /// Something in it stands against an adoption.
    #[error("{database} can't be adopted: {}", hindrances.join("; "))]
    Hindered {
        /// The database, without its password.
        database: String,
        /// What stands against it.
        hindrances: Vec<String>,
    },
    /// The old columns did not come out as they went in.
    #[error("{database}: the old columns changed from {before} to {after}; nothing was kept")]
    Changed {
        /// The database, without its password.
        database: String,
        /// Their checksum before.
        before: String,
        /// And after.
        after: String,
    },
}

/// What an adoption would find and do; changes nothing. `time_key` names the entry of the metadata
/// that tells when an event happened, where it has none of the usual names.
pub async fn survey(url: &str, time_key: Option<&str>) -> Result<Standing, AdoptError> {
    let mut adoption = Adoption::open(url).await?;
    if adoption.is_done().await? {
        return Ok(Standing::Adopted);
    }
    let failed = failed(&adoption.database);
    let mut transaction = adoption.connection.begin().await.map_err(&failed)?;
    sqlx::raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        .execute(&mut *transaction)
        .await
        .map_err(&failed)?;
    let found = look(&mut transaction, &adoption.database, time_key).await?;
    transaction.rollback().await.map_err(&failed)?;
    Ok(Standing::Foreign(found))
}

/// Adopts the database, in one transaction; none if it is orderlog's already.
pub async fn adopt(url: &str, time_key: Option<&str>) -> Result<Option<Adopted>, AdoptError> {
    let mut adoption = Adoption::open(url).await?;
    if adoption.is_done().await? {
        return Ok(None);
    }
    let database = adoption.database.clone();
    let failed = failed(&database);
    let mut transaction = adoption.connection.begin().await.map_err(&failed)?;
    run(&mut transaction, LOCK).await.map_err(&failed)?;
    // Somebody may have adopted it while the lock was waited for.
    if shape::is_ours(&mut transaction).await.map_err(&failed)? == Some(true) {
        return Ok(None);
    }
    let survey = look(&mut transaction, &database, time_key).await?;
    unhindered(&database, &survey.hindrances)?;
    let before = checksum(&mut transaction).await.map_err(&failed)?;
    run(&mut transaction, SCRATCH).await.map_err(&failed)?;
    schema::create(&mut transaction, &database).await?;
    let head = fill(&mut transaction, survey.order.key()).await;
    let head = head.map_err(&failed)?;
    let checksum = checksum(&mut transaction).await.map_err(&failed)?;
    if checksum != before {
        return Err(AdoptError::Changed {
            database,
            before,
            after: checksum,
        });
    }
    transaction.commit().await.map_err(&failed)?;
    Ok(Some(Adopted {
        survey,
        head: head.unsigned_abs(),
        checksum,
    }))
}

/// What there is in a table that has the form of postgres-es's.
async fn look(
    connection: &mut PgConnection,
    database: &str,
    time_key: Option<&str>,
) -> Result<Survey, AdoptError> {
    let failed = failed(database);
    let form = shape::hindrances(connection).await.map_err(&failed)?;
    unhindered(database, &form)?;
    survey::survey(connection, time_key).await.map_err(failed)
}

fn unhindered(database: &str, hindrances: &[String]) -> Result<(), AdoptError> {
    match hindrances {
        [] => Ok(()),
        _ => Err(AdoptError::Hindered {
            database: database.to_owned(),
            hindrances: hindrances.to_vec(),
        }),
    }
}

/// A connection to the database that is to be adopted.
struct Adoption {
    connection: PgConnection,
    database: String,
}

impl Adoption {
    async fn open(url: &str) -> Result<Self, AdoptError> {
        let database = Database::new(url, PgOptions::default())?;
        let mut connection = database.connect(Purpose::Append).await?;
        let settings = run(&mut connection, BULK).await;
        settings.map_err(failed(&database.name))?;
        Ok(Self {
            connection,
            database: database.name,
        })
    }

    /// Whether the table is orderlog's; an error if there is none.
    async fn is_done(&mut self) -> Result<bool, AdoptError> {
        let done = shape::is_ours(&mut self.connection).await;
        let database = &self.database;
        done.map_err(failed(database))?
            .ok_or_else(|| AdoptError::NoEvents {
                database: database.clone(),
            })
    }
}

/// Puts the log's tables around the old one and gives each event its position.
async fn fill(connection: &mut PgConnection, time_key: Option<&str>) -> sqlx::Result<i64> {
    run(connection, BACK).await?;
    run(connection, TABLES).await?;
    sqlx::query(POSITIONS)
        .bind(time_key)
        .execute(&mut *connection)
        .await?;
    run(connection, COMMANDS).await?;
    sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM events")
        .fetch_one(connection)
        .await
}

async fn checksum(connection: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::query_scalar(CHECKSUM).fetch_one(connection).await
}

async fn run(connection: &mut PgConnection, sql: &str) -> sqlx::Result<()> {
    sqlx::raw_sql(sql).execute(connection).await.map(drop)
}

fn failed(database: &str) -> impl Fn(sqlx::Error) -> AdoptError + use<> {
    let database = database.to_owned();
    move |error| classify(&database, &error).into()
}

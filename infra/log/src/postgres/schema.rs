//! The log's tables and functions: making them, and checking that they are those of this build.
//! The read models' migrations may live in the same database; theirs are numbered from 1001.

use sqlx::{
    PgConnection, PgPool,
    migrate::{MigrateError, Migrator},
};

use super::failure::classify;
use crate::event_store::StoreError;

/// Migrations of the log are numbered below.
const END: i64 = 1000;

fn migrations() -> Migrator {
    let mut migrations = sqlx::migrate!();
    migrations.set_ignore_missing(true);
    migrations
}

/// Creates the log's tables, or brings them up to date. Processes that do so at once wait for each
/// other. A database that has them already is left as it is.
pub async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    let address = pool.connect_options();
    let database = address.get_database().unwrap_or(address.get_username());
    let failed = |error| classify(database, &error);
    let mut connection = pool.acquire().await.map_err(failed)?;
    match version(&mut connection).await.map_err(failed)? {
        found if found > known() => Err(newer(database, found)),
        0 if has_events(&mut connection).await.map_err(failed)? => Err(StoreError::Foreign {
            database: database.to_owned(),
        }),
        _ => create(&mut connection, database).await,
    }
}

/// Creates the log's tables, or brings them up to date, whatever else there is.
pub(super) async fn create(
    connection: &mut PgConnection,
    database: &str,
) -> Result<(), StoreError> {
    let created = migrations().run(connection).await;
    created.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            classify(database, &error)
        }
        other => StoreError::Corrupt {
            detail: format!("{database}: the log's tables: {other}"),
        },
    })
}

/// The version of the schema that this build needs.
pub(super) fn known() -> i64 {
    migrations().iter().map(|it| it.version).max().unwrap_or(0)
}

/// Checks that the tables are those of this build.
pub(super) async fn check(connection: &mut PgConnection, database: &str) -> Result<(), StoreError> {
    let found = version(connection)
        .await
        .map_err(|error| classify(database, &error))?;
    match (found, known()) {
        (found, known) if found > known => Err(newer(database, found)),
        (found, known) if found < known => Err(StoreError::NotMigrated {
            database: database.to_owned(),
            found,
            known,
        }),
        _ => Ok(()),
    }
}

async fn has_events(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT to_regclass('events') IS NOT NULL")
        .fetch_one(connection)
        .await
}

/// Version of the schema as it is found; 0 where there is none.
async fn version(connection: &mut PgConnection) -> sqlx::Result<i64> {
    let exists = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    if !sqlx::query_scalar(exists)
        .fetch_one(&mut *connection)
        .await?
    {
        return Ok(0);
    }
    sqlx::query_scalar(
        "SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success AND version <= $1",
    )
    .bind(END)
    .fetch_one(connection)
    .await
}

fn newer(database: &str, found: i64) -> StoreError {
    StoreError::Newer {
        path: database.to_owned(),
        found,
        known: known(),
    }
}

//! The tables that are the same for every definition: migrations bring them, opening an engine
//! checks that they are there, and that this build knows them.

use std::time::Duration;

use sqlx::{
    PgConnection, PgPool,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

/// Migrations of this crate; those of others in the same database have other numbers.
static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");
/// The numbers that this crate gives its migrations.
const NUMBERS: std::ops::Range<i64> = 1001..2000;
/// How long one statement may take; what takes longer says so itself.
const STATEMENT: &str = "30s";
/// How long a transaction may wait for its own client.
const IDLE: &str = "60s";
/// A connection that was idle for longer is asked for a sign of life before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// Why an engine on PostgreSQL was not opened.
#[derive(Debug, thiserror::Error)]
pub enum PgOpenError {
    /// The tables are not there, or not all of them.
    #[error(
        "the database lacks tables (migration {needed} is missing): run `orderlog migrate \
         --database URL`"
    )]
    NotMigrated {
        /// The last migration that this build needs.
        needed: i64,
    },
    /// A newer build has changed the tables.
    #[error("a newer version has changed the tables (migration {found}, this build knows {known})")]
    Newer {
        /// The migration found.
        found: i64,
        /// The newest one that this build knows.
        known: i64,
    },
    /// The read models were folded from another log.
    #[error(
        "the read models in this database are of log {found}, this is log {log}: give each log's \
         read models a database of their own"
    )]
    OtherLog {
        /// This log.
        log: Uuid,
        /// The log that the read models name.
        found: Uuid,
    },
    /// The read models were created for another number of partitions.
    #[error(
        "the read models in this database have {found} partitions, {asked} were asked for: start \
         with {found}, or give the read models a new database, where they are rebuilt"
    )]
    Partitions {
        /// What they were created with.
        found: u32,
        /// What was asked for.
        asked: u32,
    },
    /// The number of partitions is not between 1 and 64.
    #[error("{asked} partitions can't be: there are 1 to 64")]
    NoSuchPartitions {
        /// What was asked for.
        asked: u32,
    },
    /// The database can't be reached, or refuses.
    #[error("the database can't be used: {0}")]
    Database(#[from] sqlx::Error),
}

/// Brings the tables of this crate up to date; safe to run at any time, by many at once.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateError> {
    let mut migrator = Migrator {
        migrations: MIGRATIONS.migrations.clone(),
        ..Migrator::DEFAULT
    };
    migrator.set_ignore_missing(true).run(pool).await
}

/// Connections to a database, at most so many, as the engines of this crate want them: statements,
/// idle transactions and the silence of a client are bounded. Connects when first used.
///
/// A plan is made once and kept: each statement that is written again and again finds its rows by an
/// index whatever its values are, and to plan it takes as long as to carry it out. It is made to use
/// that index even if the tables were still small at the time. A connection that was just used is not
/// tested: those who write try again where one has broken.
pub fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    let options = options.application_name("orderlog").options([
        ("statement_timeout", STATEMENT),
        ("idle_in_transaction_session_timeout", IDLE),
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("jit", "off"),
        // A machine that has vanished holds its locks no longer than this.
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
    ]);
    trusting(connections).connect_lazy_with(options)
}

/// One connection beside those of `pool`, for a task that writes again and again: it plans each of its
/// statements once, where a pool would have every connection do so.
pub(super) fn one_beside(pool: &PgPool, settings: &[(&str, &str)]) -> PgPool {
    let options = PgConnectOptions::clone(&pool.connect_options());
    trusting(1).connect_lazy_with(options.options(settings.iter().copied()))
}

/// Connections beside those of `pool`, for what clients ask: plans fit the values, and a connection is
/// tested before, for nobody asks again.
pub(super) fn planning(pool: &PgPool) -> PgPool {
    let options = PgConnectOptions::clone(&pool.connect_options()).options([
        ("plan_cache_mode", "force_custom_plan"),
        ("enable_seqscan", "on"),
        ("enable_hashjoin", "on"),
        ("enable_mergejoin", "on"),
    ]);
    connecting(pool.options().get_max_connections()).connect_lazy_with(options)
}

/// Connections of which one that was just used is not tested.
fn trusting(connections: u32) -> PgPoolOptions {
    connecting(connections)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_IDLE {
                    sqlx::Connection::ping(connection).await?;
                }
                Ok(true)
            })
        })
}

fn connecting(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
}

/// Checks that the tables are there, and that no newer build has changed them.
pub(super) async fn check(pool: &PgPool) -> Result<(), PgOpenError> {
    check_on(&mut *pool.acquire().await?).await
}

/// The same, on a connection.
pub(crate) async fn check_on(connection: &mut PgConnection) -> Result<(), PgOpenError> {
    let known = MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(NUMBERS.start);
    let missing = PgOpenError::NotMigrated { needed: known };
    let there: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !there {
        return Err(missing);
    }
    let found: Option<i64> = sqlx::query_scalar(
        "SELECT max(version) FROM _sqlx_migrations \
         WHERE success AND version >= $1 AND version < $2",
    )
    .bind(NUMBERS.start)
    .bind(NUMBERS.end)
    .fetch_one(connection)
    .await?;
    match found {
        Some(found) if found == known => Ok(()),
        Some(found) if found > known => Err(PgOpenError::Newer { found, known }),
        Some(_) | None => Err(missing),
    }
}

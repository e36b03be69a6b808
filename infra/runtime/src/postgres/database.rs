//! A database that holds all of a shop: the log, work, and read models. Where it is, and connections to
//! it for the engines of this crate.

use orderlog_log::event_store::StoreError;
use sqlx::{PgPool, migrate::MigrateError, postgres::PgConnectOptions};

use super::schema;

/// A database. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct PgDatabase {
    options: Box<PgConnectOptions>,
    pool: PgPool,
}

/// Why the tables could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PgMigrateError {
    /// Those of the log.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// Those of this crate.
    #[error("the tables of read models and work can't be made: {0}")]
    Tables(#[from] MigrateError),
}

impl PgDatabase {
    /// The database at `url`, reached over at most so many connections, opened when first used.
    pub fn new(url: &str, connections: u32) -> Result<Self, sqlx::Error> {
        let options: PgConnectOptions = url.parse()?;
        let pool = schema::pool(options.clone(), connections);
        Ok(Self {
            options: Box::new(options),
            pool,
        })
    }

    /// The connections.
    pub fn pool(&self) -> PgPool {
        self.pool.clone()
    }

    /// How it is reached, for connections beside the pool.
    pub fn options(&self) -> PgConnectOptions {
        self.options.as_ref().clone()
    }

    /// Creates all tables, those of the log included, or brings them up to date; safe to run at any
    /// time, by many at once.
    pub async fn migrate(&self) -> Result<(), PgMigrateError> {
        orderlog_log::postgres::migrate(&self.pool).await?;
        Ok(schema::migrate(&self.pool).await?)
    }
}

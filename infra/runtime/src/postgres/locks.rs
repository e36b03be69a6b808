//! Advisory locks: what processes agree on by holding something on a connection, so that it ends
//! with the process, whatever becomes of it. A lock is a class and a key made of a name; two names
//! that share a key by chance only wait for each other, or are mistaken for each other in a reason.

use std::collections::HashSet;

use sqlx::{Connection, Executor, PgConnection, PgExecutor, PgPool};

use super::failure::Failure;
use crate::read_store::Hold;

/// Shared by commits to live rows, taken alone by who holds a projection.
pub(super) const HOLD: i32 = 0x6f6c_7201;
/// Taken alone by who rebuilds a projection.
pub(super) const CLAIM: i32 = 0x6f6c_7202;
/// Shared by processes that fold a projection.
pub(super) const RUNNING: i32 = 0x6f6c_7203;
/// Shared by processes whose rebuild holds a projection.
pub(super) const REBUILDING: i32 = 0x6f6c_7204;
/// Shared by processes that stand before an event that they do not know in a partition.
pub(super) const HALTED: i32 = 0x6f6c_7205;

/// A class and a key.
pub(super) type Lock = (i32, i32);

/// The key of a name.
pub(super) fn key(name: &str) -> i32 {
    let hash = blake3::hash(name.as_bytes());
    let [a, b, c, d, ..] = *hash.as_bytes();
    i32::from_be_bytes([a, b, c, d])
}

/// A lock that lives as long as a connection of its own: whoever rebuilds many projections holds as
/// many, and must not take the pool's connections from those who write.
struct Held {
    _connection: PgConnection,
}

impl Hold for Held {}

/// Waits for the lock of a name.
pub(super) async fn hold(pool: &PgPool, name: &str) -> Result<Box<dyn Hold>, Failure> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    lock(&mut connection, (HOLD, key(name))).await?;
    Ok(Box::new(Held {
        _connection: connection,
    }))
}

/// Takes the lock of a name unless another one has it. Waits a little: one that was dropped is let
/// go only once the server has noticed.
pub(super) async fn claim(pool: &PgPool, name: &str) -> Result<Option<Box<dyn Hold>>, Failure> {
    const LOCK_TIMEOUT: &str = "55P03";
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    connection.execute("SET lock_timeout = '1s'").await?;
    match lock(&mut connection, (CLAIM, key(name))).await {
        Ok(()) => Ok(Some(Box::new(Held {
            _connection: connection,
        }))),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(LOCK_TIMEOUT) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn lock(connection: &mut PgConnection, (class, key): Lock) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_advisory_lock($1, $2)")
        .bind(class)
        .bind(key)
        .execute(connection)
        .await?;
    Ok(())
}

/// Shares locks for as long as the connection lives.
pub(super) async fn share(connection: impl PgExecutor<'_>, locks: &[Lock]) -> sqlx::Result<()> {
    const SHARE: &str = "SELECT pg_advisory_lock_shared(class, key) FROM unnest($1::int4[], $2::int4[]) AS locks (class, key)";
    each(connection, SHARE, locks).await
}

/// Lets go of shared locks.
pub(super) async fn release(connection: impl PgExecutor<'_>, locks: &[Lock]) -> sqlx::Result<()> {
    const RELEASE: &str = "SELECT pg_advisory_unlock_shared(class, key) FROM unnest($1::int4[], $2::int4[]) AS locks (class, key)";
    each(connection, RELEASE, locks).await
}

async fn each(connection: impl PgExecutor<'_>, sql: &str, locks: &[Lock]) -> sqlx::Result<()> {
    if locks.is_empty() {
        return Ok(());
    }
    let (classes, keys): (Vec<i32>, Vec<i32>) = locks.iter().copied().unzip();
    sqlx::query(sql)
        .bind(classes)
        .bind(keys)
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets go of all that a connection may have kept from its use before.
pub(super) async fn release_all(connection: impl PgExecutor<'_>) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_advisory_unlock_all()")
        .execute(connection)
        .await?;
    Ok(())
}

/// What processes say by sharing locks of these classes.
pub(super) async fn shared(connection: impl PgExecutor<'_>) -> sqlx::Result<HashSet<Lock>> {
    // The system shows the two halves as unsigned numbers.
    let found: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT DISTINCT classid::int8, objid::int8 FROM pg_locks \
         WHERE locktype = 'advisory' AND objsubid = 2 AND granted \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND classid::int8 = ANY($1)",
    )
    .bind([RUNNING, REBUILDING, HALTED].map(i64::from))
    .fetch_all(connection)
    .await?;
    let half = |number: i64| (number & 0xffff_ffff) as u32 as i32;
    let lock = |(class, key)| (half(class), half(key));
    Ok(found.into_iter().map(lock).collect())
}

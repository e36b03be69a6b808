//! Whose the read models of a database are: of one log, in one number of partitions, for ever.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{PgOpenError, PgReadSettings, checkpoints};
use crate::{read_store::Target, source::SLOTS};

/// Makes the read models those of this log and number of partitions, or checks that they are.
pub(super) async fn own(pool: &PgPool, settings: PgReadSettings) -> Result<(), PgOpenError> {
    let (log, asked) = (settings.log_id, settings.partitions);
    if asked == 0 || asked > SLOTS {
        return Err(PgOpenError::NoSuchPartitions { asked });
    }
    let mut transaction = pool.begin().await?;
    make(&mut transaction, log, asked).await?;
    transaction.commit().await?;
    let (found_log, found): (Uuid, i32) =
        sqlx::query_as("SELECT log_id, partitions FROM read_models.store")
            .fetch_one(pool)
            .await?;
    let found = found.cast_unsigned();
    if found_log != log {
        let found = found_log;
        return Err(PgOpenError::OtherLog { log, found });
    }
    if found != asked {
        return Err(PgOpenError::Partitions { found, asked });
    }
    Ok(())
}

/// Makes the read models those of this log and number of partitions, unless they are of some already.
pub(crate) async fn make(
    connection: &mut PgConnection,
    log: Uuid,
    partitions: u32,
) -> sqlx::Result<()> {
    let created = sqlx::query(
        "INSERT INTO read_models.store (log_id, partitions) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(log)
    .bind(partitions.cast_signed())
    .execute(&mut *connection)
    .await?;
    match created.rows_affected() {
        1 => checkpoints::begin(connection, &Target::log_index()).await,
        _ => Ok(()),
    }
}

/// In how many partitions the read models are; none where there are none.
pub(crate) async fn partitions(connection: &mut PgConnection) -> sqlx::Result<Option<u32>> {
    let found: Option<i32> = sqlx::query_scalar("SELECT partitions FROM read_models.store")
        .fetch_optional(connection)
        .await?;
    Ok(found.map(i32::cast_unsigned))
}

//! The seals of a log in a PostgreSQL database, whichever engine writes the events. It has connections
//! of its own, so that nobody waits for it. Payloads are hashed as the text that was stored: the
//! columns are `json`, never `jsonb`. Next: `crate::seal`.

use async_trait::async_trait;
use blake3::Hash;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use sqlx::{PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    PgOptions,
    connect::{Database, Purpose},
    failure::classify,
    rows::{self, LogHead, bounded},
    schema,
};
use crate::{
    event::Position,
    event_store::{Head, StoreError},
    seal::{
        Digested, PublicKey, Seal, SealBody, SealStore, SealedLog, Signature, StoredEvent,
        StreamKey, proof::EventShown,
    },
};

const EVENTS: &str = "
SELECT position, event_id, aggregate_type || '-' || aggregate_id, sequence, event_type,
    event_version, payload::text, metadata::text, partition_key, command_id, correlation_id,
    causation_id, actor, traceparent, occurred_at, recorded_at
FROM events WHERE position BETWEEN $1 AND $2 ORDER BY position";

const INSERT: &str = "
INSERT INTO seals (number, log_id, first_position, last_position, root, previous, key, introduces,
    sealed_at, signature, digests)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (number) DO NOTHING";

macro_rules! select_seals {
    ($rest:literal) => {
        concat!(
            "SELECT number, log_id, first_position, last_position, root, previous, key, ",
            "introduces, sealed_at, signature FROM seals ",
            $rest
        )
    };
}

/// A log and its seals in a PostgreSQL database. Cheap to clone.
#[derive(Clone)]
pub struct PgSeals {
    pool: PgPool,
    /// For adding seals; whoever only reads never connects it.
    adding: PgPool,
    database: String,
}

impl PgSeals {
    /// Connects, and checks that the tables are those of this build.
    pub async fn connect(url: &str, options: PgOptions) -> Result<Self, StoreError> {
        let database = Database::new(url, options)?;
        let mut first = database.connect(Purpose::Read).await?;
        schema::check(&mut first, &database.name).await?;
        Ok(Self {
            pool: database.pool(Purpose::Read, options.readers),
            adding: database.pool(Purpose::Append, 1),
            database: database.name,
        })
    }

    fn failed(&self, error: &sqlx::Error) -> StoreError {
        classify(&self.database, error)
    }

    async fn found(&self, query: PgQuery<'_>) -> Result<Vec<Seal>, StoreError> {
        let rows = query.fetch_all(&self.pool).await;
        let seals: sqlx::Result<Vec<_>> = rows.and_then(|rows| rows.iter().map(seal).collect());
        seals.map_err(|error| self.failed(&error))
    }
}

type PgQuery<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

#[async_trait]
impl SealedLog for PgSeals {
    async fn end(&self) -> Result<Head, StoreError> {
        let head = sqlx::query_as(rows::HEAD).fetch_one(&self.pool).await;
        head.map(|LogHead(head)| head)
            .map_err(|error| self.failed(&error))
    }

    async fn digests(&self, first: Position, last: Position) -> Result<Vec<Digested>, StoreError> {
        let query = sqlx::query(EVENTS).bind(bounded(first)).bind(bounded(last));
        let mut rows = query.fetch(&self.pool);
        let (mut found, mut buffer) = (Vec::new(), Vec::new());
        loop {
            let row = rows.try_next().await;
            let Some(row) = row.map_err(|error| self.failed(&error))? else {
                return Ok(found);
            };
            let digested = digested(&row, &mut buffer);
            found.push(digested.map_err(|error| self.failed(&error))?);
        }
    }

    async fn event(&self, position: Position) -> Result<Option<EventShown>, StoreError> {
        let position = bounded(position);
        let query = sqlx::query(EVENTS).bind(position).bind(position);
        let row = query.fetch_optional(&self.pool).await;
        let event = row.and_then(|row| row.as_ref().map(shown).transpose());
        event.map_err(|error| self.failed(&error))
    }

    async fn seals(&self, after: u64, limit: usize) -> Result<Vec<Seal>, StoreError> {
        let sql = select_seals!("WHERE number > $1 ORDER BY number LIMIT $2");
        let limit = bounded(limit as u64);
        self.found(sqlx::query(sql).bind(bounded(after)).bind(limit))
            .await
    }

    async fn last_seal(&self) -> Result<Option<Seal>, StoreError> {
        let sql = select_seals!("ORDER BY number DESC LIMIT 1");
        Ok(self.found(sqlx::query(sql)).await?.pop())
    }

    async fn seal_of(&self, position: Position) -> Result<Option<Seal>, StoreError> {
        let sql = select_seals!("WHERE last_position >= $1 ORDER BY last_position LIMIT 1");
        Ok(self
            .found(sqlx::query(sql).bind(bounded(position)))
            .await?
            .pop())
    }

    async fn introductions(&self) -> Result<Vec<Seal>, StoreError> {
        let sql = select_seals!("WHERE introduces IS NOT NULL ORDER BY number");
        self.found(sqlx::query(sql)).await
    }

    async fn sealed_digests(&self, number: u64) -> Result<Vec<Hash>, StoreError> {
        let query =
            sqlx::query("SELECT digests FROM seals WHERE number = $1").bind(bounded(number));
        let row = query.fetch_optional(&self.pool).await;
        let digests = row.and_then(|row| match row {
            None => Ok(Vec::new()),
            Some(row) => row.try_get::<&[u8], _>(0).map(split),
        });
        digests.map_err(|error| self.failed(&error))
    }
}

#[async_trait]
impl SealStore for PgSeals {
    async fn add(&self, seal: &Seal, digests: &[Hash]) -> Result<bool, StoreError> {
        let (body, signature) = (&seal.body, &seal.signature);
        let digests: Vec<u8> = digests.iter().flat_map(|it| *it.as_bytes()).collect();
        let added = sqlx::query(INSERT)
            .bind(bounded(body.number))
            .bind(body.log_id)
            .bind(bounded(body.first))
            .bind(bounded(body.last))
            .bind(body.root.as_slice())
            .bind(body.previous.as_slice())
            .bind(body.key.as_bytes().as_slice())
            .bind(
                body.introduces
                    .as_ref()
                    .map(|key| key.as_bytes().as_slice()),
            )
            .bind(body.sealed_at)
            .bind(signature.0.as_slice())
            .bind(digests)
            .execute(&self.adding)
            .await;
        let added = added.map_err(|error| self.failed(&error))?;
        Ok(added.rows_affected() == 1)
    }
}

fn digested(row: &PgRow, buffer: &mut Vec<u8>) -> sqlx::Result<Digested> {
    let text = |column| row.try_get::<&str, _>(column).map(str::as_bytes);
    let id = |column| row.try_get::<Uuid, _>(column).map(Uuid::into_bytes);
    let micros = |column| {
        row.try_get::<DateTime<Utc>, _>(column)
            .map(|it| it.timestamp_micros())
    };
    let traceparent: Option<&str> = row.try_get(13)?;
    let event = StoredEvent {
        event_id: &id(1)?,
        stream: text(2)?,
        version: row.try_get(3)?,
        event_type: text(4)?,
        schema_version: text(5)?,
        data: text(6)?,
        metadata: text(7)?,
        partition_key: text(8)?,
        command_id: &id(9)?,
        correlation_id: &id(10)?,
        causation_id: &id(11)?,
        actor: text(12)?,
        traceparent: traceparent.map(str::as_bytes),
        occurred_at: micros(14)?,
        recorded_at: micros(15)?,
    };
    Ok(Digested {
        position: row.try_get::<i64, _>(0)?.unsigned_abs(),
        digest: event.digest(buffer),
        stream: StreamKey::of(event.stream),
        version: event.version,
    })
}

fn shown(row: &PgRow) -> sqlx::Result<EventShown> {
    Ok(EventShown {
        position: row.try_get::<i64, _>(0)?.unsigned_abs(),
        event_id: row.try_get(1)?,
        stream: row.try_get(2)?,
        version: row.try_get(3)?,
        event_type: row.try_get(4)?,
        schema_version: row.try_get(5)?,
        data: row.try_get(6)?,
        metadata: row.try_get(7)?,
        partition_key: row.try_get(8)?,
        command_id: row.try_get(9)?,
        correlation_id: row.try_get(10)?,
        causation_id: row.try_get(11)?,
        actor: row.try_get(12)?,
        traceparent: row.try_get(13)?,
        occurred_at: row.try_get(14)?,
        recorded_at: row.try_get(15)?,
    })
}

fn seal(row: &PgRow) -> sqlx::Result<Seal> {
    let number = |column| rows::number(row, column);
    let introduces = row.try_get::<Option<&[u8]>, _>(7)?.is_some();
    Ok(Seal {
        body: SealBody {
            number: number(0)?,
            log_id: row.try_get(1)?,
            first: number(2)?,
            last: number(3)?,
            root: bytes(row, 4)?,
            previous: bytes(row, 5)?,
            key: PublicKey::from_bytes(bytes(row, 6)?),
            introduces: match introduces {
                true => Some(PublicKey::from_bytes(bytes(row, 7)?)),
                false => None,
            },
            sealed_at: row.try_get(8)?,
        },
        signature: Signature(bytes(row, 9)?),
    })
}

fn bytes<const N: usize>(row: &PgRow, column: usize) -> sqlx::Result<[u8; N]> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes
        .try_into()
        .map_err(|_| rows::unlike(column, "as long as it should be"))
}

fn split(digests: &[u8]) -> Vec<Hash> {
    let (whole, _) = digests.as_chunks::<32>();
    whole.iter().map(|it| Hash::from_bytes(*it)).collect()
}

//! The seals of the embedded log, in `events.db` itself: the writer adds them in a group commit, and
//! whoever has a read-only connection reads them and what they cover. Next: `crate::seal`.

use async_trait::async_trait;
use blake3::Hash;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use uuid::Uuid;

use super::{SqliteEventStore, SqliteLogReader, schema};
use crate::{
    event::Position,
    event_store::{Head, StoreError},
    seal::{
        Digested, PublicKey, Seal, SealBody, SealStore, SealedLog, Signature, StoredEvent,
        StreamKey, proof::EventShown,
    },
};

/// `digests` comes last: what stands before it is read without walking its pages. Nothing is ever
/// changed or removed here.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS seals (
    number INTEGER PRIMARY KEY,
    log_id BLOB NOT NULL,
    first_position INTEGER NOT NULL,
    last_position INTEGER NOT NULL,
    root BLOB NOT NULL,
    previous BLOB NOT NULL,
    key BLOB NOT NULL,
    introduces BLOB,
    sealed_at INTEGER NOT NULL, -- microseconds since 1970
    signature BLOB NOT NULL,
    digests BLOB NOT NULL -- of the events, 32 bytes each: they tell which one is not as it was
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS seals_by_position ON seals (last_position);
CREATE INDEX IF NOT EXISTS seals_by_introduction ON seals (number) WHERE introduces IS NOT NULL;
CREATE TRIGGER IF NOT EXISTS seals_are_not_changed BEFORE UPDATE ON seals
BEGIN SELECT RAISE(ABORT, 'seals are never changed'); END;
CREATE TRIGGER IF NOT EXISTS seals_are_not_removed BEFORE DELETE ON seals
BEGIN SELECT RAISE(ABORT, 'seals are never removed'); END;
";

const INSERT: &str = "
INSERT INTO seals (number, log_id, first_position, last_position, root, previous, key, introduces,
    sealed_at, signature, digests)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (number) DO NOTHING";

const EVENTS: &str = "
SELECT position, event_id, stream, version, type, schema_version, data, partition_key, command_id,
    correlation_id, causation_id, actor, traceparent, occurred_at, recorded_at
FROM log WHERE position BETWEEN ?1 AND ?2 ORDER BY position";

/// postgres-es alone keeps anything there.
const NO_METADATA: &str = "{}";

macro_rules! select_seals {
    ($rest:literal) => {
        concat!(
            "SELECT number, log_id, first_position, last_position, root, previous, key, ",
            "introduces, sealed_at, signature FROM seals ",
            $rest
        )
    };
}

/// Runs closures in snapshots of the file.
pub(super) trait Snapshots: Send + Sync {
    /// Runs `read`; answers when all that it may have seen is durable.
    fn snapshot<T, F>(&self, read: F) -> impl Future<Output = Result<T, StoreError>> + Send
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T> + Send + 'static;
}

impl Snapshots for SqliteEventStore {
    fn snapshot<T, F>(&self, read: F) -> impl Future<Output = Result<T, StoreError>> + Send
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T> + Send + 'static,
    {
        self.read(read)
    }
}

impl Snapshots for SqliteLogReader {
    fn snapshot<T, F>(&self, read: F) -> impl Future<Output = Result<T, StoreError>> + Send
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<T> + Send + 'static,
    {
        self.read(read)
    }
}

#[async_trait]
impl<S: Snapshots> SealedLog for S {
    async fn end(&self) -> Result<Head, StoreError> {
        let end = self.snapshot(schema::find_end).await?;
        Ok(end.0)
    }

    async fn digests(&self, first: Position, last: Position) -> Result<Vec<Digested>, StoreError> {
        self.snapshot(move |log| digests(log, first, last)).await
    }

    async fn event(&self, position: Position) -> Result<Option<EventShown>, StoreError> {
        self.snapshot(move |log| {
            let mut statement = log.prepare_cached(EVENTS)?;
            statement.query_row([position, position], shown).optional()
        })
        .await
    }

    async fn seals(&self, after: u64, limit: usize) -> Result<Vec<Seal>, StoreError> {
        let sql = select_seals!("WHERE number > ?1 ORDER BY number LIMIT ?2");
        self.snapshot(move |log| found(log, sql, &[&after, &limit]))
            .await
    }

    async fn last_seal(&self) -> Result<Option<Seal>, StoreError> {
        let sql = select_seals!("ORDER BY number DESC LIMIT 1");
        self.snapshot(move |log| Ok(found(log, sql, &[])?.pop()))
            .await
    }

    async fn seal_of(&self, position: Position) -> Result<Option<Seal>, StoreError> {
        let sql = select_seals!("WHERE last_position >= ?1 ORDER BY last_position LIMIT 1");
        self.snapshot(move |log| Ok(found(log, sql, &[&position])?.pop()))
            .await
    }

    async fn introductions(&self) -> Result<Vec<Seal>, StoreError> {
        let sql = select_seals!("WHERE introduces IS NOT NULL ORDER BY number");
        self.snapshot(move |log| found(log, sql, &[])).await
    }

    async fn sealed_digests(&self, number: u64) -> Result<Vec<Hash>, StoreError> {
        self.snapshot(move |log| {
            let mut statement =
                log.prepare_cached("SELECT digests FROM seals WHERE number = ?1")?;
            let digests =
                statement.query_row([number], |row| Ok(split(row.get_ref(0)?.as_bytes()?)));
            Ok(digests.optional()?.unwrap_or_default())
        })
        .await
    }
}

#[async_trait]
impl SealStore for SqliteEventStore {
    async fn add(&self, seal: &Seal, digests: &[Hash]) -> Result<bool, StoreError> {
        let Seal { body, signature } = seal.clone();
        let digests: Vec<u8> = digests.iter().flat_map(|it| *it.as_bytes()).collect();
        self.transact(move |log| {
            let added = log.prepare_cached(INSERT)?.execute(params![
                body.number,
                body.log_id.as_bytes(),
                body.first,
                body.last,
                body.root,
                body.previous,
                body.key.as_bytes(),
                body.introduces.as_ref().map(PublicKey::as_bytes),
                body.sealed_at.timestamp_micros(),
                signature.0,
                digests,
            ])?;
            Ok(added == 1)
        })
        .await
    }
}

fn digests(log: &Connection, first: Position, last: Position) -> Result<Vec<Digested>> {
    let mut statement = log.prepare_cached(EVENTS)?;
    let mut rows = statement.query([first, last])?;
    let (mut found, mut buffer) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let schema_version = row.get::<_, i64>(5)?.to_string();
        let event = stored(row, schema_version.as_bytes())?;
        found.push(Digested {
            position: row.get(0)?,
            digest: event.digest(&mut buffer),
            stream: StreamKey::of(event.stream),
            version: event.version,
        });
    }
    Ok(found)
}

fn stored<'a>(row: &'a Row<'_>, schema_version: &'a [u8]) -> Result<StoredEvent<'a>> {
    let bytes = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_bytes()?);
    Ok(StoredEvent {
        event_id: bytes(1)?,
        stream: bytes(2)?,
        version: row.get(3)?,
        event_type: bytes(4)?,
        schema_version,
        data: bytes(6)?,
        metadata: NO_METADATA.as_bytes(),
        partition_key: bytes(7)?,
        command_id: bytes(8)?,
        correlation_id: bytes(9)?,
        causation_id: bytes(10)?,
        actor: bytes(11)?,
        traceparent: row.get_ref(12)?.as_bytes_or_null()?,
        occurred_at: row.get(13)?,
        recorded_at: row.get(14)?,
    })
}

fn shown(row: &Row<'_>) -> Result<EventShown> {
    let uuid = |column| super::rows::uuid(row, column);
    let instant = |column| super::rows::instant(row, column);
    Ok(EventShown {
        position: row.get(0)?,
        event_id: uuid(1)?,
        stream: row.get(2)?,
        version: row.get(3)?,
        event_type: row.get(4)?,
        schema_version: row.get::<_, i64>(5)?.to_string(),
        data: row.get(6)?,
        metadata: NO_METADATA.to_owned(),
        partition_key: row.get(7)?,
        command_id: uuid(8)?,
        correlation_id: uuid(9)?,
        causation_id: uuid(10)?,
        actor: row.get(11)?,
        traceparent: row.get(12)?,
        occurred_at: instant(13)?,
        recorded_at: instant(14)?,
    })
}

/// The seals that the query finds; none where nobody has ever sealed anything.
fn found(log: &Connection, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Seal>> {
    if !log.table_exists(None, "seals")? {
        return Ok(Vec::new());
    }
    let mut statement = log.prepare_cached(sql)?;
    statement.query_map(values, seal)?.collect()
}

fn seal(row: &Row<'_>) -> Result<Seal> {
    let introduces = row.get::<_, Option<[u8; 32]>>(7)?;
    Ok(Seal {
        body: SealBody {
            number: row.get(0)?,
            log_id: Uuid::from_bytes(row.get(1)?),
            first: row.get(2)?,
            last: row.get(3)?,
            root: row.get(4)?,
            previous: row.get(5)?,
            key: PublicKey::from_bytes(row.get(6)?),
            introduces: introduces.map(PublicKey::from_bytes),
            sealed_at: super::rows::instant(row, 8)?,
        },
        signature: Signature(row.get(9)?),
    })
}

fn split(digests: &[u8]) -> Vec<Hash> {
    let (whole, _) = digests.as_chunks::<32>();
    whole.iter().map(|it| Hash::from_bytes(*it)).collect()
}

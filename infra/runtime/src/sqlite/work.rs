//! Work rows in `events.db`, written in the log's own group commits. A row's `next_at` is when
//! somebody may take it: when it is due, and once it is leased, when the lease runs out. So taking
//! over an expired lease is no case of its own.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use orderlog_log::{event_store::StoreError, sqlite::SqliteEventStore};
use rusqlite::{Connection, Row, params_from_iter, types::Value};
use tokio::sync::watch;
use uuid::Uuid;

use super::log_index::sql_limit;
use crate::work::{Lease, LeasedWork, NewWork, Settled, WorkCounts, WorkOutcome, WorkStore};

const TABLE: &str = "
CREATE TABLE IF NOT EXISTS work (
  id BLOB PRIMARY KEY, kind TEXT NOT NULL, next_at INTEGER NOT NULL, owner BLOB,
  attempts INTEGER NOT NULL DEFAULT 0, reason TEXT, finished_at INTEGER, payload TEXT NOT NULL,
  event_id BLOB NOT NULL, correlation_id BLOB NOT NULL, created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS work_open ON work (next_at, kind, owner) WHERE finished_at IS NULL;
CREATE INDEX IF NOT EXISTS work_finished ON work (finished_at) WHERE finished_at IS NOT NULL;
";

const RELEASE: &str = "UPDATE work SET owner = NULL, next_at = created_at \
                       WHERE owner IS NOT NULL AND finished_at IS NULL";

/// Work rows beside the log. Cheap to clone.
#[derive(Clone)]
pub struct SqliteWorkStore {
    log: SqliteEventStore,
    changed: watch::Sender<u64>,
}

impl SqliteWorkStore {
    /// The work rows of the file that `log` lives in. Leases found there are of processes that have
    /// ended, since one at a time has the file: their rows are due again at once. To be opened before
    /// anything is leased, once per process.
    pub async fn open(log: SqliteEventStore) -> Result<Self, StoreError> {
        log.transact(prepare).await?;
        Ok(Self {
            log,
            changed: watch::Sender::new(0),
        })
    }

    /// Wakes those who wait for rows.
    pub(super) fn tell(&self) {
        self.changed.send_modify(|changes| *changes += 1);
    }
}

#[async_trait]
impl WorkStore for SqliteWorkStore {
    async fn insert(&self, rows: Vec<NewWork>, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.log
            .transact(move |connection| insert(connection, &rows, now))
            .await?;
        self.tell();
        Ok(())
    }

    async fn lease(&self, lease: Lease) -> Result<Vec<LeasedWork>, StoreError> {
        let leased = self
            .log
            .transact(move |connection| take(connection, &lease))
            .await?;
        if !leased.is_empty() {
            self.tell();
        }
        Ok(leased)
    }

    async fn settle(&self, owner: Uuid, settled: Vec<Settled>) -> Result<(), StoreError> {
        self.log
            .transact(move |connection| {
                settled
                    .iter()
                    .try_for_each(|settled| settle(connection, owner, settled))
            })
            .await?;
        self.tell();
        Ok(())
    }

    async fn next_due(&self, kinds: &[String]) -> Result<Option<DateTime<Utc>>, StoreError> {
        let kinds = kinds.to_vec();
        let due = self.log.read(move |connection| {
            let sql = format!(
                "SELECT min(next_at) FROM work WHERE finished_at IS NULL AND kind IN ({})",
                marks(kinds.len())
            );
            connection
                .prepare_cached(&sql)?
                .query_row(params_from_iter(&kinds), |row| row.get::<_, Option<i64>>(0))
        });
        Ok(due.await?.map(instant))
    }

    async fn counts(&self, now: DateTime<Utc>) -> Result<WorkCounts, StoreError> {
        self.log
            .read(move |connection| counts(connection, now))
            .await
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.log
            .transact(move |connection| {
                let pruned = connection.execute(
                    "DELETE FROM work WHERE finished_at IS NOT NULL AND finished_at < ?1",
                    [before.timestamp_micros()],
                )?;
                Ok(pruned as u64)
            })
            .await
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

/// Makes the table, and takes back leases, which are of processes that have ended.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(TABLE)?;
    connection.execute(RELEASE, []).map(drop)
}

/// Keeps the rows that are not known yet.
pub(super) fn insert(
    connection: &Connection,
    rows: &[NewWork],
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO work \
         (id, kind, next_at, payload, event_id, correlation_id, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for row in rows {
        insert.execute((
            row.id.into_bytes(),
            row.kind,
            row.due_at.timestamp_micros(),
            &row.payload,
            row.event_id.into_bytes(),
            row.correlation_id.into_bytes(),
            now.timestamp_micros(),
        ))?;
    }
    Ok(())
}

fn take(connection: &Connection, lease: &Lease) -> rusqlite::Result<Vec<LeasedWork>> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT id, kind, payload, event_id, correlation_id, attempts, created_at FROM work \
         WHERE finished_at IS NULL AND next_at <= ? AND kind IN ({}) ORDER BY next_at, id LIMIT ?",
        marks(lease.kinds.len())
    ))?;
    let due = [Value::Integer(lease.now.timestamp_micros())].into_iter();
    let kinds = lease.kinds.iter().cloned().map(Value::Text);
    let limit = [Value::Integer(sql_limit(lease.limit))];
    let due = params_from_iter(due.chain(kinds).chain(limit));
    let leased = select
        .query_map(due, leased)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut update = connection.prepare_cached(
        "UPDATE work SET owner = ?1, next_at = ?2, attempts = attempts + 1 WHERE id = ?3",
    )?;
    for row in &leased {
        let until = lease.until.timestamp_micros();
        update.execute((lease.owner.into_bytes(), until, row.id.into_bytes()))?;
    }
    Ok(leased)
}

fn leased(row: &Row<'_>) -> rusqlite::Result<LeasedWork> {
    Ok(LeasedWork {
        id: Uuid::from_bytes(row.get(0)?),
        kind: row.get(1)?,
        payload: row.get(2)?,
        event_id: Uuid::from_bytes(row.get(3)?),
        correlation_id: Uuid::from_bytes(row.get(4)?),
        earlier_attempts: row.get(5)?,
        created_at: instant(row.get(6)?),
    })
}

fn settle(connection: &Connection, owner: Uuid, settled: &Settled) -> rusqlite::Result<()> {
    let (id, owner) = (settled.id.into_bytes(), owner.into_bytes());
    match &settled.outcome {
        WorkOutcome::Done => connection
            .prepare_cached(
                "UPDATE work SET finished_at = ?1, owner = NULL \
                 WHERE id = ?2 AND owner = ?3 AND finished_at IS NULL",
            )?
            .execute((settled.at.timestamp_micros(), id, owner))?,
        WorkOutcome::Again { at, reason } => later(connection, (at, reason, 0), id, owner)?,
        WorkOutcome::Postponed { at, reason } => later(connection, (at, reason, 1), id, owner)?,
    };
    Ok(())
}

/// Gives a row back until an instant, for a reason, with so many attempts taken back.
fn later(
    connection: &Connection,
    (at, reason, uncounted): (&DateTime<Utc>, &str, u32),
    id: [u8; 16],
    owner: [u8; 16],
) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(
            "UPDATE work SET next_at = ?1, reason = ?2, attempts = attempts - ?3, owner = NULL \
             WHERE id = ?4 AND owner = ?5 AND finished_at IS NULL",
        )?
        .execute((at.timestamp_micros(), reason, uncounted, id, owner))
}

fn counts(connection: &Connection, now: DateTime<Utc>) -> rusqlite::Result<WorkCounts> {
    let mut select = connection.prepare_cached(
        "SELECT count(*) FILTER (WHERE next_at <= ?1), \
         count(*) FILTER (WHERE next_at > ?1 AND owner IS NOT NULL), \
         count(*) FILTER (WHERE next_at > ?1 AND owner IS NULL) \
         FROM work WHERE finished_at IS NULL",
    )?;
    select.query_row([now.timestamp_micros()], |row| {
        let count = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        Ok(WorkCounts {
            due: count(0)?,
            leased: count(1)?,
            later: count(2)?,
        })
    })
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}

fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

//! Work rows on PostgreSQL. A row's `next_at` is when somebody may take it: when it is due, and once
//! it is leased, when the lease runs out. So taking over an expired lease is no case of its own.
//! Workers pass over rows that another one is just leasing.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use orderlog_log::event_store::StoreError;
use sqlx::{PgPool, Row, postgres::PgRow};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::{
    PgOpenError,
    failure::{retried, unavailable},
    schema, sql_limit,
    work_signal::WorkSignal,
};
use crate::work::{Lease, LeasedWork, NewWork, Settled, WorkCounts, WorkOutcome, WorkStore};

/// Finished rows that are forgotten in one statement.
const PRUNED_AT_ONCE: u64 = 10_000;

/// Work rows in a PostgreSQL database. Cheap to clone; a task hears of other processes' changes
/// until the last clone is dropped.
#[derive(Clone)]
pub struct PgWorkStore {
    pool: PgPool,
    signal: WorkSignal,
    _listening: Arc<DropGuard>,
}

impl PgWorkStore {
    /// Opens the work rows of the database, which must be migrated. One connection is opened beside
    /// those of `pool`, to listen on.
    pub async fn open(pool: PgPool) -> Result<Self, PgOpenError> {
        schema::check(&pool).await?;
        let stop = CancellationToken::new();
        let signal = WorkSignal::start(&pool, stop.clone()).await?;
        Ok(Self {
            pool,
            signal,
            _listening: Arc::new(stop.drop_guard()),
        })
    }

    /// Wakes those who wait for rows, in every process.
    pub(super) fn tell(&self) {
        self.signal.tell();
    }
}

#[async_trait]
impl WorkStore for PgWorkStore {
    async fn insert(&self, rows: Vec<NewWork>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let columns = WorkColumns::of(&rows);
        let insert = retried(async || {
            sqlx::query(
                "INSERT INTO work (id, kind, next_at, payload, event_id, correlation_id, created_at) \
                 SELECT *, $7 FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], \
                 $5::uuid[], $6::uuid[]) ON CONFLICT (id) DO NOTHING",
            )
            .bind(&columns.ids)
            .bind(&columns.kinds)
            .bind(&columns.due)
            .bind(&columns.payloads)
            .bind(&columns.event_ids)
            .bind(&columns.correlation_ids)
            .bind(now)
            .execute(&self.pool)
            .await?;
            Ok(())
        });
        insert.await.map_err(unavailable)?;
        self.tell();
        Ok(())
    }

    async fn lease(&self, lease: Lease) -> Result<Vec<LeasedWork>, StoreError> {
        let rows = sqlx::query(
            "WITH due AS ( \
               SELECT id, next_at FROM work \
               WHERE finished_at IS NULL AND next_at <= $1 AND kind = ANY($2) \
               ORDER BY next_at, id LIMIT $3 FOR UPDATE SKIP LOCKED \
             ), leased AS ( \
               UPDATE work SET owner = $4, next_at = $5, attempts = attempts + 1 FROM due \
               WHERE work.id = due.id \
               RETURNING work.id, kind, payload, event_id, correlation_id, attempts - 1, \
                 created_at, due.next_at AS due_at \
             ) SELECT * FROM leased ORDER BY due_at, id",
        )
        .bind(lease.now)
        .bind(&lease.kinds)
        .bind(sql_limit(lease.limit))
        .bind(lease.owner)
        .bind(lease.until)
        .fetch_all(&self.pool)
        .await
        .map_err(unavailable)?;
        if !rows.is_empty() {
            self.signal.tell_here();
        }
        let leased = rows.iter().map(leased).collect::<sqlx::Result<_>>();
        leased.map_err(unavailable)
    }

    async fn settle(&self, owner: Uuid, settled: Vec<Settled>) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = settled.iter().map(|settled| settled.id).collect();
        let finished: Vec<_> = settled.iter().map(finished_at).collect();
        let again: Vec<_> = settled.iter().map(again_at).collect();
        let reasons: Vec<_> = settled.iter().map(reason).collect();
        let uncounted: Vec<_> = settled.iter().map(uncounted).collect();
        // A finished row has no owner. To say so would let a plan walk through all open rows.
        let settle = retried(async || {
            sqlx::query(
                "UPDATE work SET finished_at = s.finished_at, owner = NULL, \
                 next_at = coalesce(s.next_at, work.next_at), \
                 reason = coalesce(s.reason, work.reason), attempts = attempts - s.uncounted \
                 FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::int[]) \
                 AS s (id, finished_at, next_at, reason, uncounted) \
                 WHERE work.id = s.id AND work.owner = $1",
            )
            .bind(owner)
            .bind(&ids)
            .bind(&finished)
            .bind(&again)
            .bind(&reasons)
            .bind(&uncounted)
            .execute(&self.pool)
            .await?;
            Ok(())
        });
        settle.await.map_err(unavailable)?;
        self.tell();
        Ok(())
    }

    async fn next_due(&self, kinds: &[String]) -> Result<Option<DateTime<Utc>>, StoreError> {
        sqlx::query_scalar(
            // One look into the index per kind, however many rows are open.
            "SELECT min(next.at) FROM unnest($1::text[]) AS asked (kind), LATERAL \
             (SELECT next_at AS at FROM work WHERE finished_at IS NULL AND work.kind = asked.kind \
              ORDER BY next_at LIMIT 1) AS next",
        )
        .bind(kinds)
        .fetch_one(&self.pool)
        .await
        .map_err(unavailable)
    }

    async fn counts(&self, now: DateTime<Utc>) -> Result<WorkCounts, StoreError> {
        let (due, leased, later): (i64, i64, i64) = sqlx::query_as(
            "SELECT count(*) FILTER (WHERE next_at <= $1), \
             count(*) FILTER (WHERE next_at > $1 AND owner IS NOT NULL), \
             count(*) FILTER (WHERE next_at > $1 AND owner IS NULL) \
             FROM work WHERE finished_at IS NULL",
        )
        .bind(now)
        .fetch_one(&self.pool)
        .await
        .map_err(unavailable)?;
        Ok(WorkCounts {
            due: due.cast_unsigned(),
            leased: leased.cast_unsigned(),
            later: later.cast_unsigned(),
        })
    }

    async fn prune(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut pruned = 0;
        loop {
            let some = sqlx::query(
                "DELETE FROM work WHERE id IN \
                 (SELECT id FROM work WHERE finished_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
            )
            .bind(before)
            .bind(PRUNED_AT_ONCE.cast_signed())
            .execute(&self.pool)
            .await
            .map_err(unavailable)?
            .rows_affected();
            pruned += some;
            if some < PRUNED_AT_ONCE {
                return Ok(pruned);
            }
        }
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.signal.changed()
    }
}

/// New rows as arrays, in the order of their ids: whoever inserts the same ones inserts them alike.
pub(super) struct WorkColumns<'a> {
    pub(super) ids: Vec<Uuid>,
    pub(super) kinds: Vec<&'a str>,
    pub(super) due: Vec<DateTime<Utc>>,
    pub(super) payloads: Vec<&'a str>,
    pub(super) event_ids: Vec<Uuid>,
    pub(super) correlation_ids: Vec<Uuid>,
}

impl<'a> WorkColumns<'a> {
    pub(super) fn of(rows: &'a [NewWork]) -> Self {
        let mut rows: Vec<&NewWork> = rows.iter().collect();
        rows.sort_by_key(|row| row.id);
        Self {
            ids: rows.iter().map(|row| row.id).collect(),
            kinds: rows.iter().map(|row| row.kind).collect(),
            due: rows.iter().map(|row| row.due_at).collect(),
            payloads: rows.iter().map(|row| row.payload.as_str()).collect(),
            event_ids: rows.iter().map(|row| row.event_id).collect(),
            correlation_ids: rows.iter().map(|row| row.correlation_id).collect(),
        }
    }
}

fn leased(row: &PgRow) -> sqlx::Result<LeasedWork> {
    Ok(LeasedWork {
        id: row.try_get(0)?,
        kind: row.try_get(1)?,
        payload: row.try_get(2)?,
        event_id: row.try_get(3)?,
        correlation_id: row.try_get(4)?,
        earlier_attempts: row.try_get::<i32, _>(5)?.cast_unsigned(),
        created_at: row.try_get(6)?,
    })
}

fn finished_at(settled: &Settled) -> Option<DateTime<Utc>> {
    match settled.outcome {
        WorkOutcome::Done => Some(settled.at),
        WorkOutcome::Again { .. } | WorkOutcome::Postponed { .. } => None,
    }
}

fn again_at(settled: &Settled) -> Option<DateTime<Utc>> {
    match settled.outcome {
        WorkOutcome::Done => None,
        WorkOutcome::Again { at, .. } | WorkOutcome::Postponed { at, .. } => Some(at),
    }
}

/// Why it is done again; a text of PostgreSQL has everything but the character 0.
fn reason(settled: &Settled) -> Option<String> {
    match &settled.outcome {
        WorkOutcome::Done => None,
        WorkOutcome::Again { reason, .. } | WorkOutcome::Postponed { reason, .. } => {
            Some(reason.replace('\0', "\u{fffd}"))
        }
    }
}

/// Attempts that are taken back.
fn uncounted(settled: &Settled) -> i32 {
    match settled.outcome {
        WorkOutcome::Done | WorkOutcome::Again { .. } => 0,
        WorkOutcome::Postponed { .. } => 1,
    }
}

//! Hashes the rows of a generation in the order of their keys, and walks two generations side by
//! side to list where they differ. The hashes are those that every engine gives equal rows.

use blake3::Hasher;
use futures::{StreamExt, stream::BoxStream};
use sqlx::{PgConnection, PgPool};

use super::{failure::Failure, generation::table};
use crate::read_store::{Comparison, Difference, RowsHash, Target};

/// These statements take as long as there are rows.
const BEGIN: &str = "BEGIN READ ONLY; SET LOCAL statement_timeout = 0";

/// Hash and number of a generation's rows.
pub(super) async fn hash(pool: &PgPool, target: &Target) -> Result<RowsHash, Failure> {
    let mut transaction = pool.begin_with(BEGIN).await?;
    let select = select(target);
    let mut walk = Walk::over(&mut transaction, &select).await?;
    while walk.row.is_some() {
        walk.step().await?;
    }
    Ok(walk.finish())
}

/// Both generations, and the first `limit` rows that differ.
pub(super) async fn compare(
    pool: &PgPool,
    live: &Target,
    staged: &Target,
    limit: usize,
) -> Result<Comparison, Failure> {
    let mut left = pool.begin_with(BEGIN).await?;
    let mut right = pool.begin_with(BEGIN).await?;
    let selects = (select(live), select(staged));
    let mut live = Walk::over(&mut left, &selects.0).await?;
    let mut staged = Walk::over(&mut right, &selects.1).await?;
    let mut differences = Vec::new();
    loop {
        let difference = match (&live.row, &staged.row) {
            (None, None) => break,
            (Some(old), Some(new)) if old.0 == new.0 => {
                let (old, new) = (live.step().await?, staged.step().await?);
                (old != new).then(|| difference(old, new))
            }
            (Some(old), Some(new)) if old.0 < new.0 => Some(difference(live.step().await?, None)),
            (Some(_), None) => Some(difference(live.step().await?, None)),
            (_, Some(_)) => Some(difference(None, staged.step().await?)),
        };
        if differences.len() < limit {
            differences.extend(difference);
        }
    }
    Ok(Comparison {
        live: live.finish(),
        staged: staged.finish(),
        differences,
    })
}

fn select(target: &Target) -> String {
    format!("SELECT key, row FROM {} ORDER BY key", table(target))
}

/// Key and row.
type Pair = (String, String);

fn difference(live: Option<Pair>, staged: Option<Pair>) -> Difference {
    let key = live
        .as_ref()
        .or(staged.as_ref())
        .map(|pair| pair.0.clone())
        .unwrap_or_default();
    Difference {
        key,
        live: live.map(|pair| pair.1),
        staged: staged.map(|pair| pair.1),
    }
}

/// Rows in the order of their keys, hashed as they pass.
struct Walk<'a> {
    rows: BoxStream<'a, sqlx::Result<Pair>>,
    row: Option<Pair>,
    hasher: Hasher,
    count: u64,
}

impl<'a> Walk<'a> {
    async fn over(connection: &'a mut PgConnection, select: &'a str) -> sqlx::Result<Self> {
        let mut rows = sqlx::query_as(select).fetch(connection);
        let row = rows.next().await.transpose()?;
        Ok(Self {
            rows,
            row,
            hasher: Hasher::new(),
            count: 0,
        })
    }

    /// Passes the row that the walk stands at.
    async fn step(&mut self) -> sqlx::Result<Option<Pair>> {
        let next = self.rows.next().await.transpose()?;
        let passed = std::mem::replace(&mut self.row, next);
        if let Some((key, row)) = &passed {
            self.count += 1;
            // Lengths keep apart what would read the same when joined.
            for text in [key, row] {
                self.hasher.update(&(text.len() as u64).to_le_bytes());
                self.hasher.update(text.as_bytes());
            }
        }
        Ok(passed)
    }

    fn finish(self) -> RowsHash {
        RowsHash {
            hash: self.hasher.finalize().to_hex().to_string(),
            rows: self.count,
        }
    }
}

//! Hashes the rows of a generation in the order of their keys, and walks two generations side by
//! side to list where they differ.

use blake3::Hasher;
use rusqlite::{Connection, Rows};

use super::generation::table;
use crate::read_store::{Comparison, Difference, RowsHash, Target};

/// Hash and number of a generation's rows.
pub(super) fn hash(connection: &Connection, target: &Target) -> rusqlite::Result<RowsHash> {
    let mut select = connection.prepare(&select(target))?;
    let mut walk = Walk::over(select.query([])?)?;
    while walk.row.is_some() {
        walk.step()?;
    }
    Ok(walk.finish())
}

/// Both generations, and the first `limit` rows that differ.
pub(super) fn compare(
    connection: &Connection,
    live: &Target,
    staged: &Target,
    limit: usize,
) -> rusqlite::Result<Comparison> {
    let mut live = connection.prepare(&select(live))?;
    let mut staged = connection.prepare(&select(staged))?;
    let mut live = Walk::over(live.query([])?)?;
    let mut staged = Walk::over(staged.query([])?)?;
    let mut differences = Vec::new();
    loop {
        let difference = match (&live.row, &staged.row) {
            (None, None) => break,
            (Some(old), Some(new)) if old.0 == new.0 => {
                let (old, new) = (live.step()?, staged.step()?);
                (old != new).then(|| difference(old, new))
            }
            (Some(old), Some(new)) if old.0 < new.0 => Some(difference(live.step()?, None)),
            (Some(_), None) => Some(difference(live.step()?, None)),
            (_, Some(_)) => Some(difference(None, staged.step()?)),
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
    rows: Rows<'a>,
    row: Option<Pair>,
    hasher: Hasher,
    count: u64,
}

impl<'a> Walk<'a> {
    fn over(mut rows: Rows<'a>) -> rusqlite::Result<Self> {
        let row = read(&mut rows)?;
        Ok(Self {
            rows,
            row,
            hasher: Hasher::new(),
            count: 0,
        })
    }

    /// Passes the row that the walk stands at.
    fn step(&mut self) -> rusqlite::Result<Option<Pair>> {
        let next = read(&mut self.rows)?;
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

fn read(rows: &mut Rows<'_>) -> rusqlite::Result<Option<Pair>> {
    rows.next()?
        .map(|row| Ok((row.get(0)?, row.get(1)?)))
        .transpose()
}

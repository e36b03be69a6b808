//! Looks at the live rows of `read.db` on a connection of its own, which can't write; beside the
//! process that does, or while none runs.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rusqlite::{Connection, OpenFlags, Transaction};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{checkpoints, file::stopped, generation::table, open::BUSY, registry};
use crate::{
    projection::Definition,
    read_store::{LiveRows, Looked, ReadError, Tally, Target},
    source::Checkpoint,
};

/// The live rows of a data directory.
#[derive(Clone, Debug)]
pub struct SqliteLiveRows {
    path: PathBuf,
}

impl SqliteLiveRows {
    /// Those of `read.db` in `directory`.
    pub fn of(directory: &Path) -> Self {
        let path = directory.join("read.db");
        Self { path }
    }

    fn connect(&self) -> Result<Connection, ReadError> {
        if !self.path.exists() {
            let detail = format!(
                "there are no read models: {} is missing",
                self.path.display()
            );
            return Err(ReadError::Unavailable { detail });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY)?;
        Ok(connection)
    }
}

#[async_trait]
impl LiveRows for SqliteLiveRows {
    async fn look(
        &self,
        definition: &Definition,
        into: Tally,
    ) -> Result<Option<Looked>, ReadError> {
        let (rows, definition) = (self.clone(), definition.clone());
        let looked = spawn_blocking(move || {
            let mut connection = rows.connect()?;
            let snapshot = connection.transaction()?;
            Ok(look(&snapshot, &definition, into)?)
        });
        looked.await.unwrap_or_else(|error| Err(stopped(&error)))
    }
}

fn look(
    snapshot: &Transaction<'_>,
    definition: &Definition,
    mut tally: Tally,
) -> rusqlite::Result<Option<Looked>> {
    let Some(defined) = registry::defined(snapshot, definition)? else {
        return Ok(None);
    };
    let log_id = snapshot.query_row("SELECT log_id FROM log", [], |row| row.get(0))?;
    let log_id = Uuid::from_bytes(log_id);
    let mut select = snapshot.prepare(&format!(
        "SELECT partition, key, row FROM {}",
        table(&defined.live)
    ))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (key, text) = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
        tally.add(row.get(0)?, key, text);
    }
    Ok(Some(Looked {
        log_id,
        current: defined.current,
        checkpoints: at(snapshot, &defined.live, log_id)?,
        parked: parked(snapshot, &defined.live)?,
        tally,
    }))
}

fn at(
    snapshot: &Transaction<'_>,
    live: &Target,
    log_id: Uuid,
) -> rusqlite::Result<Vec<Checkpoint>> {
    let stored = checkpoints::all(snapshot, live, log_id)?;
    let start = Checkpoint::start_of(log_id);
    let of = |partition| stored.get(&partition).map_or(start, |at| at.checkpoint);
    Ok((0..checkpoints::partitions(snapshot)?).map(of).collect())
}

fn parked(snapshot: &Transaction<'_>, live: &Target) -> rusqlite::Result<u64> {
    let select = "SELECT count(*) FROM parked WHERE projection = ?1 AND generation = ?2";
    let generation = live.generation.cast_signed();
    snapshot.query_row(select, (&live.projection, generation), |row| row.get(0))
}

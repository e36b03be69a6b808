//! The embedded read store: what the port asks for, each in one transaction on `read.db`.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use async_trait::async_trait;
use orderlog_log::event::Position;
use parking_lot::RwLock;
use rusqlite::Connection;
use uuid::Uuid;

use super::{
    OpenError, checkpoints, commit, compare, file::File, generation, load, log_index, open::open,
    page, registry, staging,
};
use crate::{
    dead_letter::ParkedEvent,
    projection::Definition,
    read_model::{Condition, PageQuery},
    read_store::{
        BehindReason, Changes, Commit, CommitError, Comparison, Defined, Fill, Hold, IndexedBy,
        Kept, Progress, ReadError, ReadStore, RowsHash, Stored, StoredPage, StoredRow, Target,
        TargetStanding, Unfinished,
    },
    source::Checkpoint,
};

/// Read models in an SQLite file. Cheap to clone.
#[derive(Clone)]
pub struct SqliteReadStore {
    file: Arc<File>,
    log_id: Uuid,
    partitions: u32,
    definitions: Arc<RwLock<HashMap<&'static str, Arc<Definition>>>>,
    progress: Progress,
    changes: Changes,
}

impl SqliteReadStore {
    /// Opens `read.db` in `directory` for the log `log_id` as one partition. A file that can't be
    /// used, because it is damaged or of another log, is moved aside and begun anew.
    pub fn open(directory: &Path, log_id: Uuid) -> Result<Self, OpenError> {
        Self::open_partitioned(directory, log_id, 1)
    }

    /// Opens `read.db` for a log whose events come in so many partitions.
    pub fn open_partitioned(
        directory: &Path,
        log_id: Uuid,
        partitions: u32,
    ) -> Result<Self, OpenError> {
        let (path, writer) = open(directory, log_id, partitions)?;
        let file = File::new(path, writer).map_err(|error| OpenError::Unusable {
            path: directory.join("read.db").display().to_string(),
            detail: error.to_string(),
        })?;
        Ok(Self {
            file: Arc::new(file),
            log_id,
            partitions,
            definitions: Arc::default(),
            progress: Progress::default(),
            changes: Changes::default(),
        })
    }

    fn definition(&self, projection: &str) -> Result<Arc<Definition>, ReadError> {
        self.definitions
            .read()
            .get(projection)
            .cloned()
            .ok_or_else(|| ReadError::Unavailable {
                detail: format!("the projection {projection} was not defined"),
            })
    }

    /// Runs `read` on the live rows, if they are of this build's version.
    async fn read_live<T, F>(&self, projection: &str, read: F) -> Result<T, ReadError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &Target, &Definition) -> Result<T, ReadError> + Send + 'static,
    {
        let definition = self.definition(projection)?;
        self.file
            .read(
                move |connection| match registry::defined(connection, &definition)? {
                    Some(Defined {
                        live,
                        current: true,
                        ..
                    }) => read(connection, &live, &definition),
                    Some(_) | None => Err(ReadError::Behind {
                        projection: definition.name.to_owned(),
                        at: 0,
                        wanted: 0,
                        reason: BehindReason::Rebuild,
                    }),
                },
            )
            .await
    }
}

#[async_trait]
impl ReadStore for SqliteReadStore {
    fn partitions(&self) -> u32 {
        self.partitions
    }

    async fn define(&self, definition: &Definition) -> Result<Defined, ReadError> {
        generation::check_names(definition)?;
        let definition = Arc::new(definition.clone());
        self.definitions
            .write()
            .insert(definition.name, Arc::clone(&definition));
        let known = Arc::clone(&definition);
        if let Some(found) = self
            .file
            .read(move |view| Ok(registry::defined(view, &known)?))
            .await?
        {
            return Ok(found);
        }
        self.file
            .write(move |transaction| Ok(registry::define(transaction, &definition)?))
            .await
    }

    async fn stored(&self) -> Result<Vec<Stored>, ReadError> {
        let log_id = self.log_id;
        self.file
            .read(move |view| Ok(registry::stored(view, log_id)?))
            .await
    }

    async fn standing(&self, target: &Target) -> Result<TargetStanding, ReadError> {
        let (target, log_id) = (target.clone(), self.log_id);
        self.file
            .read(move |view| {
                Ok(TargetStanding {
                    checkpoints: checkpoints::all(view, &target, log_id)?,
                    parked: registry::parked_keys(view, &target)?,
                })
            })
            .await
    }

    async fn load(&self, target: &Target, keys: Vec<String>) -> Result<Vec<StoredRow>, ReadError> {
        let target = target.clone();
        self.file
            .read(move |view| Ok(rows(view, &target, &keys)?))
            .await
    }

    async fn commit(&self, commit: Arc<Commit>) -> Result<(), CommitError> {
        let mut definitions = Vec::with_capacity(commit.targets.len());
        for target in &commit.targets {
            let index = target.target == Target::log_index();
            definitions.push(if index {
                None
            } else {
                Some(self.definition(&target.target.projection)?)
            });
        }
        self.file
            .write(move |transaction| {
                for (target, definition) in commit.targets.iter().zip(&definitions) {
                    let columns = definition.as_ref().map_or(&[][..], |known| known.columns);
                    commit::write(transaction, target, columns)?;
                }
                Ok(())
            })
            .await
    }

    async fn get(&self, projection: &str, keys: Vec<String>) -> Result<Vec<StoredRow>, ReadError> {
        self.read_live(projection, move |view, live, _| {
            Ok(rows(view, live, &keys)?)
        })
        .await
    }

    async fn page(&self, projection: &str, query: &PageQuery) -> Result<StoredPage, ReadError> {
        let query = query.clone();
        self.read_live(projection, move |view, live, definition| {
            page::page(view, live, definition.columns, &query)
        })
        .await
    }

    async fn count(&self, projection: &str, filter: &[Condition]) -> Result<u64, ReadError> {
        let filter = filter.to_vec();
        self.read_live(projection, move |view, live, definition| {
            page::count(view, live, definition.columns, &filter)
        })
        .await
    }

    async fn claim(&self, _projection: &str) -> Result<Option<Box<dyn Hold>>, ReadError> {
        Ok(Some(Box::new(OneProcess)))
    }

    async fn hold(&self, _projection: &str) -> Result<Box<dyn Hold>, ReadError> {
        Ok(Box::new(OneProcess))
    }

    async fn stage(&self, definition: &Definition) -> Result<Target, ReadError> {
        generation::check_names(definition)?;
        let definition = definition.clone();
        self.file
            .write(move |transaction| Ok(staging::stage(transaction, &definition, None)?))
            .await
    }

    async fn stage_at(
        &self,
        definition: &Definition,
        bounds: &BTreeMap<u32, Checkpoint>,
    ) -> Result<Target, ReadError> {
        generation::check_names(definition)?;
        let (definition, bounds) = (definition.clone(), bounds.clone());
        self.file
            .write(move |transaction| Ok(staging::stage(transaction, &definition, Some(&bounds))?))
            .await
    }

    async fn unfinished(&self, definition: &Definition) -> Result<Option<Unfinished>, ReadError> {
        let (definition, log_id) = (definition.clone(), self.log_id);
        self.file
            .write(move |transaction| Ok(staging::unfinished(transaction, &definition, log_id)?))
            .await
    }

    async fn fill(&self, fill: Arc<Fill>) -> Result<(), CommitError> {
        let definition = self.definition(&fill.target.projection)?;
        self.file
            .write(move |transaction| load::write(transaction, &fill, definition.columns))
            .await
    }

    async fn seal(&self, definition: &Definition, staged: &Target) -> Result<(), CommitError> {
        let (definition, staged) = (definition.clone(), staged.clone());
        self.file
            .write(move |transaction| staging::seal(transaction, &definition, &staged))
            .await
    }

    async fn kept(&self, projection: &str) -> Result<Option<Kept>, ReadError> {
        let name = projection.to_owned();
        self.file
            .read(move |view| Ok(staging::kept(view, &name)?))
            .await
    }

    async fn compare(
        &self,
        live: &Target,
        staged: &Target,
        limit: usize,
    ) -> Result<Comparison, ReadError> {
        let (live, staged) = (live.clone(), staged.clone());
        self.file
            .read(move |view| Ok(compare::compare(view, &live, &staged, limit)?))
            .await
    }

    async fn adopt(
        &self,
        definition: &Definition,
        staged: &Target,
        expected: &BTreeMap<u32, Checkpoint>,
    ) -> Result<(), CommitError> {
        let (definition, staged) = (definition.clone(), staged.clone());
        let (expected, log_id) = (expected.clone(), self.log_id);
        self.file
            .write(move |view| staging::adopt(view, &definition, &staged, &expected, log_id))
            .await
    }

    async fn hash(&self, target: &Target) -> Result<RowsHash, ReadError> {
        let target = target.clone();
        self.file
            .read(move |view| Ok(compare::hash(view, &target)?))
            .await
    }

    async fn set_paused(&self, projection: &str, paused: bool) -> Result<(), ReadError> {
        let name = projection.to_owned();
        self.file
            .write(move |transaction| {
                let update = "UPDATE projections SET paused = ?1 WHERE name = ?2";
                transaction.execute(update, (paused, name))?;
                Ok(())
            })
            .await
    }

    async fn parked(
        &self,
        projection: &str,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ReadError> {
        let name = projection.to_owned();
        self.file
            .read(move |view| Ok(registry::parked(view, &name, after, limit)?))
            .await
    }

    async fn positions(
        &self,
        of: IndexedBy,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Position>, ReadError> {
        self.file
            .read(move |view| Ok(log_index::positions(view, &of, after, limit)?))
            .await
    }

    fn progress(&self) -> &Progress {
        &self.progress
    }

    fn changes(&self) -> &Changes {
        &self.changes
    }
}

/// What there is to hold where one process alone uses the file: nothing, its own rebuild and
/// projector keep out of each other's way by themselves.
struct OneProcess;

impl Hold for OneProcess {}

/// The rows of a generation under these keys that exist.
fn rows(view: &Connection, target: &Target, keys: &[String]) -> rusqlite::Result<Vec<StoredRow>> {
    let mut select = view.prepare_cached(&format!(
        "SELECT key, partition, position, row FROM {} WHERE key = ?1",
        generation::table(target)
    ))?;
    let mut found = Vec::new();
    for key in keys {
        for row in select.query_map([key], page::stored_row)? {
            found.push(row?);
        }
    }
    Ok(found)
}

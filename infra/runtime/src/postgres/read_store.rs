//! The read store on PostgreSQL: what the port asks for, each in one transaction or one statement.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use orderlog_log::event::Position;
use parking_lot::RwLock;
use sqlx::PgPool;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::{
    PgOpenError,
    activity::Activities,
    board::Board,
    checkpoints,
    committing::{self, Request},
    compare,
    failure::{Failure, retried},
    gathering::Gathering,
    generation, listing, load, locks, log_index, owner, page, registry, schema, staging,
    watch::Watch,
};
use crate::{
    dead_letter::ParkedEvent,
    projection::Definition,
    read_model::{Condition, PageQuery},
    read_store::{
        BehindReason, Changes, Commit, CommitError, Comparison, Defined, Fill, Hold, IndexedBy,
        Kept, Progress, ReadError, ReadStore, RowsHash, Stored, StoredPage, StoredRow, Target,
        TargetCommit, TargetStanding, Unfinished,
    },
    source::Checkpoint,
};

/// Begins what takes as long as there are rows.
const AT_LEISURE: &str = "BEGIN; SET LOCAL statement_timeout = 0";

/// How a process uses the read models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PgReadSettings {
    /// The log that they are folded from.
    pub log_id: Uuid,
    /// Into how many partitions its events are divided: 1 to 64, fixed when first opened.
    pub partitions: u32,
    /// Whether a projector runs in this process. What it does is told to the other processes; one
    /// without a projector publishes what is told instead.
    pub folds: bool,
}

/// Read models in a PostgreSQL database. Cheap to clone; a task keeps standings and changes up to
/// date until the last clone is dropped.
#[derive(Clone)]
pub struct PgReadStore {
    pool: PgPool,
    /// For what is asked of the rows.
    asking: PgPool,
    settings: PgReadSettings,
    definitions: Arc<RwLock<HashMap<&'static str, Arc<Definition>>>>,
    /// The live generations that were of their definition's version when last seen.
    lives: Arc<RwLock<HashMap<&'static str, Target>>>,
    progress: Progress,
    changes: Changes,
    writer: Arc<Gathering<Request, CommitError>>,
    _watch: Arc<DropGuard>,
}

impl PgReadStore {
    /// Opens the read models of the database, which must be migrated. Beside the connections of
    /// `pool` and as many for what is asked of the rows, one is opened to listen on, one to commit
    /// on, and during a rebuild one for each claim and hold; the rebuild itself needs two to compare.
    pub async fn open(pool: PgPool, settings: PgReadSettings) -> Result<Self, PgOpenError> {
        schema::check(&pool).await?;
        owner::own(&pool, settings).await?;
        let (progress, changes) = (Progress::default(), Changes::default());
        let origin = Uuid::now_v7();
        let board = Board::new(
            progress.clone(),
            changes.clone(),
            settings.partitions,
            origin,
        );
        let mut watch = Watch::new(&pool, board, Activities::new(settings.folds));
        let listener = watch.begin().await?;
        let stop = CancellationToken::new();
        tokio::spawn(watch.run(listener, stop.clone()));
        let writer = Arc::new(committing::start(&pool, origin));
        Ok(Self {
            asking: schema::planning(&pool),
            pool,
            settings,
            definitions: Arc::default(),
            lives: Arc::default(),
            progress,
            changes,
            writer,
            _watch: Arc::new(stop.drop_guard()),
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

    /// Runs `read` on the live rows, if they are of this build's version. Which rows are live is
    /// remembered: once they are swapped, the tables of the old ones are gone, and `read` fails.
    async fn read_live<T, F>(
        &self,
        projection: &str,
        read: impl Fn(Target, Arc<Definition>) -> F,
    ) -> Result<T, ReadError>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let definition = self.definition(projection)?;
        let known = self.lives.read().get(projection).cloned();
        let mut live = match known {
            Some(known) => known,
            None => self.find_live(&definition).await?,
        };
        loop {
            let failure = match read(live.clone(), Arc::clone(&definition)).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let now = self.find_live(&definition).await?;
            if now == live {
                return Err(failure.into());
            }
            live = now;
        }
    }

    async fn staged(
        &self,
        definition: &Definition,
        bounds: Option<&BTreeMap<u32, Checkpoint>>,
    ) -> Result<Target, ReadError> {
        generation::check_names(definition)?;
        let staged = retried(async || {
            let mut transaction = self.pool.begin().await?;
            let staged = staging::stage(&mut transaction, definition, bounds).await?;
            transaction.commit().await?;
            Ok(staged)
        });
        Ok(staged.await?)
    }

    async fn find_live(&self, definition: &Definition) -> Result<Target, ReadError> {
        match registry::defined(&self.pool, definition)
            .await
            .map_err(Failure::from)?
        {
            Some(Defined {
                live,
                current: true,
                ..
            }) => {
                self.lives.write().insert(definition.name, live.clone());
                Ok(live)
            }
            Some(_) | None => Err(ReadError::Behind {
                projection: definition.name.to_owned(),
                at: 0,
                wanted: 0,
                reason: BehindReason::Rebuild,
            }),
        }
    }
}

#[async_trait]
impl ReadStore for PgReadStore {
    fn partitions(&self) -> u32 {
        self.settings.partitions
    }

    async fn define(&self, definition: &Definition) -> Result<Defined, ReadError> {
        generation::check_names(definition)?;
        let known = Arc::new(definition.clone());
        self.definitions.write().insert(definition.name, known);
        let found = registry::defined(&self.pool, definition).await;
        if let Some(found) = found.map_err(Failure::from)? {
            if !found.current {
                self.lives.write().remove(definition.name);
            }
            return Ok(found);
        }
        let defined = retried(async || {
            let mut transaction = self.pool.begin().await?;
            let defined = registry::define(&mut transaction, definition).await?;
            transaction.commit().await?;
            Ok(defined)
        });
        Ok(defined.await?)
    }

    async fn stored(&self) -> Result<Vec<Stored>, ReadError> {
        let stored = listing::all(&self.pool, self.settings.log_id).await;
        Ok(stored.map_err(Failure::from)?)
    }

    async fn standing(&self, target: &Target) -> Result<TargetStanding, ReadError> {
        let standing = async {
            // In this order: what is parked may be ahead of the checkpoints, never behind.
            let checkpoints = checkpoints::all(&self.pool, target, self.settings.log_id).await?;
            let parked = registry::parked_keys(&self.pool, target).await?;
            Ok::<_, Failure>(TargetStanding {
                checkpoints,
                parked,
            })
        };
        Ok(standing.await?)
    }

    async fn load(&self, target: &Target, keys: Vec<String>) -> Result<Vec<StoredRow>, ReadError> {
        generation::check_target(target)?;
        Ok(page::rows(&self.pool, target, &keys).await?)
    }

    async fn commit(&self, commit: Arc<Commit>) -> Result<(), CommitError> {
        let columns =
            |TargetCommit { target, .. }: &TargetCommit| match *target == Target::log_index() {
                true => Ok(&[][..]),
                false => self.definition(&target.projection).map(|it| it.columns),
            };
        let columns = commit.targets.iter().map(columns);
        let columns = columns.collect::<Result<_, ReadError>>()?;
        let written = self.writer.write(Request { commit, columns }).await;
        written.unwrap_or_else(|| Err(committing::stopped()))
    }

    async fn get(&self, projection: &str, keys: Vec<String>) -> Result<Vec<StoredRow>, ReadError> {
        let (pool, keys) = (&self.asking, &keys);
        self.read_live(projection, async |live, _| {
            page::rows(pool, &live, keys).await
        })
        .await
    }

    async fn page(&self, projection: &str, query: &PageQuery) -> Result<StoredPage, ReadError> {
        let pool = &self.asking;
        self.read_live(projection, async |live, definition| {
            page::page(pool, &live, definition.columns, query).await
        })
        .await
    }

    async fn count(&self, projection: &str, filter: &[Condition]) -> Result<u64, ReadError> {
        let pool = &self.asking;
        self.read_live(projection, async |live, definition| {
            page::count(pool, &live, definition.columns, filter).await
        })
        .await
    }

    async fn claim(&self, projection: &str) -> Result<Option<Box<dyn Hold>>, ReadError> {
        Ok(locks::claim(&self.pool, projection).await?)
    }

    async fn hold(&self, projection: &str) -> Result<Box<dyn Hold>, ReadError> {
        Ok(locks::hold(&self.pool, projection).await?)
    }

    async fn stage(&self, definition: &Definition) -> Result<Target, ReadError> {
        self.staged(definition, None).await
    }

    async fn stage_at(
        &self,
        definition: &Definition,
        bounds: &BTreeMap<u32, Checkpoint>,
    ) -> Result<Target, ReadError> {
        self.staged(definition, Some(bounds)).await
    }

    async fn unfinished(&self, definition: &Definition) -> Result<Option<Unfinished>, ReadError> {
        let log_id = self.settings.log_id;
        let found = retried(async || {
            let mut transaction = self.pool.begin_with(AT_LEISURE).await?;
            let found = staging::unfinished(&mut transaction, definition, log_id).await?;
            transaction.commit().await?;
            Ok(found)
        });
        Ok(found.await?)
    }

    async fn fill(&self, fill: Arc<Fill>) -> Result<(), CommitError> {
        let definition = self.definition(&fill.target.projection)?;
        let filled = retried(async || load::fill(&self.pool, &fill, definition.columns).await);
        Ok(filled.await?)
    }

    async fn seal(&self, definition: &Definition, staged: &Target) -> Result<(), CommitError> {
        generation::check_target(staged).map_err(CommitError::from)?;
        let sealed = retried(async || {
            let mut transaction = self.pool.begin_with(AT_LEISURE).await?;
            staging::seal(&mut transaction, definition, staged).await?;
            transaction.commit().await?;
            Ok(())
        });
        Ok(sealed.await?)
    }

    async fn kept(&self, projection: &str) -> Result<Option<Kept>, ReadError> {
        let kept = staging::kept(&self.pool, projection).await;
        Ok(kept.map_err(Failure::from)?)
    }

    async fn compare(
        &self,
        live: &Target,
        staged: &Target,
        limit: usize,
    ) -> Result<Comparison, ReadError> {
        generation::check_target(live)?;
        generation::check_target(staged)?;
        Ok(compare::compare(&self.asking, live, staged, limit).await?)
    }

    async fn adopt(
        &self,
        definition: &Definition,
        staged: &Target,
        expected: &BTreeMap<u32, Checkpoint>,
    ) -> Result<(), CommitError> {
        let log_id = self.settings.log_id;
        let adopted = retried(async || {
            // Indexes take as long as there are rows. Whoever waits to rename the old ones keeps
            // others from reading them meanwhile: not for long, and then once more.
            const BEGIN: &str =
                "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '3s'";
            let mut transaction = self.pool.begin_with(BEGIN).await?;
            staging::adopt(&mut transaction, definition, staged, expected, log_id).await?;
            transaction.commit().await?;
            Ok(())
        });
        Ok(adopted.await?)
    }

    async fn hash(&self, target: &Target) -> Result<RowsHash, ReadError> {
        generation::check_target(target)?;
        Ok(compare::hash(&self.asking, target).await?)
    }

    async fn set_paused(&self, projection: &str, paused: bool) -> Result<(), ReadError> {
        let set = async {
            let mut transaction = self.pool.begin().await?;
            registry::set_paused(&mut transaction, projection, paused).await?;
            transaction.commit().await?;
            Ok::<_, Failure>(())
        };
        Ok(set.await?)
    }

    async fn parked(
        &self,
        projection: &str,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, ReadError> {
        let parked = listing::parked(&self.pool, projection, after, limit).await;
        Ok(parked.map_err(Failure::from)?)
    }

    async fn positions(
        &self,
        of: IndexedBy,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Position>, ReadError> {
        let positions = log_index::positions(&self.pool, &of, after, limit).await;
        Ok(positions.map_err(Failure::from)?)
    }

    fn progress(&self) -> &Progress {
        &self.progress
    }

    fn changes(&self) -> &Changes {
        &self.changes
    }
}

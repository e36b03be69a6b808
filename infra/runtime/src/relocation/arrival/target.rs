//! The two places where history can arrive. Each writes a stretch, and how far processes have come, in
//! one transaction.

use std::path::PathBuf;

use orderlog_log::{
    event::{Position, RecordedEvent},
    event_store::{CommandRecord, Head, StoreError},
    history::Stretch,
    postgres::PgTarget,
    sqlite::SqliteTarget,
};
use rusqlite::Connection;
use uuid::Uuid;

use super::{
    super::{MoveError, Positions, beside::write_positions, vacancy},
    ArrivalError, Place,
};
use crate::{
    postgres::{PgOpenError, owner, schema},
    sqlite::process,
};

pub(super) enum Target {
    Embedded(Box<SqliteTarget>, PathBuf),
    Distributed(Box<PgTarget>, u32),
}

impl Target {
    pub(super) async fn open(place: Place<'_>) -> Result<Self, ArrivalError> {
        match place {
            Place::Directory(directory) => {
                let target = SqliteTarget::open(directory)?;
                Ok(Self::Embedded(Box::new(target), directory.to_owned()))
            }
            Place::Database { url, partitions } => {
                let mut target = PgTarget::open(url).await?;
                schema::check_on(target.connection()).await?;
                Ok(Self::Distributed(Box::new(target), partitions))
            }
        }
    }

    pub(super) fn head(&self) -> Head {
        match self {
            Self::Embedded(target, _) => target.head(),
            Self::Distributed(target, _) => target.head(),
        }
    }

    /// Into how many partitions processes divide the log.
    pub(super) fn partitions(&self) -> u32 {
        match self {
            Self::Embedded(..) => 1,
            Self::Distributed(_, partitions) => *partitions,
        }
    }

    /// Refuses a target that others write to, or with another number of partitions.
    pub(super) async fn check_unused(&mut self) -> Result<(), ArrivalError> {
        let Self::Distributed(target, asked) = self else {
            // The directory's lock says so.
            return Ok(());
        };
        let sessions = vacancy::still_connected(target).await?;
        if sessions > 0 {
            let database = target.database().to_owned();
            return Err(ArrivalError::InUse { database, sessions });
        }
        match owner::partitions(target.connection()).await {
            Ok(Some(found)) if found != *asked => {
                let asked = *asked;
                Err(PgOpenError::Partitions { found, asked }.into())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(target.failed(&error).into()),
        }
    }

    /// Makes an empty log the one of this id; false where it is not empty.
    pub(super) async fn name(&mut self, log_id: Uuid) -> Result<bool, ArrivalError> {
        if self.head().position > 0 {
            return Ok(false);
        }
        match self {
            Self::Embedded(target, directory) => {
                let bare = target.commands()? == 0;
                if bare {
                    target.name(directory, log_id)?;
                }
                Ok(bare)
            }
            Self::Distributed(target, partitions) => {
                target.begin().await?;
                vacancy::check(target).await?;
                target.name(log_id).await?;
                let made = owner::make(target.connection(), log_id, *partitions).await;
                made.map_err(|error| target.failed(&error))?;
                target.commit().await?;
                Ok(true)
            }
        }
    }

    /// Events behind `after`, oldest first.
    pub(super) async fn events(
        &mut self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        match self {
            Self::Embedded(target, _) => target.events(after, limit),
            Self::Distributed(target, _) => target.events(after, limit).await,
        }
    }

    /// Which of these commands are recorded.
    pub(super) async fn known(&mut self, ids: &[Uuid]) -> Result<Vec<CommandRecord>, StoreError> {
        match self {
            Self::Embedded(target, _) => target.known(ids),
            Self::Distributed(target, _) => target.known(ids).await,
        }
    }

    /// Writes a stretch, and puts processes at these positions.
    pub(super) async fn write(
        &mut self,
        stretch: &Stretch,
        positions: &Positions,
    ) -> Result<(), MoveError> {
        match self {
            Self::Embedded(target, _) => {
                target.write(stretch, |file| stand_behind(file, positions))?;
            }
            Self::Distributed(target, _) => {
                target.begin().await?;
                target.write(stretch).await?;
                write_positions(target, positions).await?;
                target.commit().await?;
            }
        }
        Ok(())
    }
}

fn stand_behind(file: &Connection, positions: &Positions) -> rusqlite::Result<()> {
    process::prepare(file)?;
    for (process, partition, position, event_id) in positions.found() {
        file.prepare_cached(
            "INSERT INTO process_checkpoints (process, partition, position, event_id) \
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT (process, partition) \
             DO UPDATE SET position = ?3, event_id = ?4",
        )?
        .execute((
            process,
            partition,
            position.cast_signed(),
            event_id.into_bytes(),
        ))?;
    }
    Ok(())
}

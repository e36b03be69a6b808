//! Typed reading of a projection's rows. A read that carries a position waits until the rows have
//! passed it, or says that they are behind, and why; it never answers stale in silence.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use orderlog_log::event::Position;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::{
    projection::ColumnValue,
    read_store::{BehindReason, ReadError, ReadStore, Standing, StoredRow, Subscription},
};

/// Rows of one projection.
pub struct ReadModel<R> {
    store: Arc<dyn ReadStore>,
    projection: &'static str,
    row: PhantomData<fn() -> R>,
}

/// Which rows are wanted, in which order, from where on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// All of these must hold.
    pub filter: Vec<Condition>,
    /// Column of arity one to sort by; ties by key. Nulls first.
    pub order_by: &'static str,
    /// Largest first.
    pub descending: bool,
    /// Rows behind this one alone.
    pub after: Option<Cursor>,
    /// At most so many.
    pub limit: usize,
}

impl PageQuery {
    /// Every row that meets these conditions, in no order.
    pub(crate) fn all(filter: &[Condition]) -> Self {
        Self {
            filter: filter.to_vec(),
            order_by: "key",
            descending: false,
            after: None,
            limit: usize::MAX,
        }
    }
}

/// One condition on a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Equal; for a column of many, one of its values is equal.
    Is(&'static str, ColumnValue),
    /// Equal to one of these.
    OneOf(&'static str, Vec<ColumnValue>),
    /// At least this.
    From(&'static str, ColumnValue),
    /// Less than this.
    Below(&'static str, ColumnValue),
}

/// Where a row stands in a page's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Its value of the column that is sorted by.
    pub value: ColumnValue,
    /// Its key.
    pub key: String,
}

/// A row with its key and place.
#[derive(Clone, Debug)]
pub struct Found<R> {
    /// The row's key.
    pub key: String,
    /// The row.
    pub row: R,
    /// Its place in the order asked for.
    pub cursor: Cursor,
}

/// Some rows.
#[derive(Clone, Debug)]
pub struct Page<R> {
    /// In the order asked for.
    pub rows: Vec<Found<R>>,
    /// Whether more follow.
    pub more: bool,
}

impl<R: DeserializeOwned> ReadModel<R> {
    /// Rows of `projection` in `store`.
    pub fn new(store: Arc<dyn ReadStore>, projection: &'static str) -> Self {
        Self {
            store,
            projection,
            row: PhantomData,
        }
    }

    /// The row under `key`.
    pub async fn get(&self, key: &str) -> Result<Option<R>, ReadError> {
        let found = self
            .store
            .get(self.projection, vec![key.to_owned()])
            .await?;
        found.first().map(|stored| self.read(stored)).transpose()
    }

    /// The rows under `keys` that exist, each with its key.
    pub async fn get_many(&self, keys: &[String]) -> Result<Vec<(String, R)>, ReadError> {
        let found = self.store.get(self.projection, keys.to_vec()).await?;
        found
            .into_iter()
            .map(|stored| Ok((stored.key.clone(), self.read(&stored)?)))
            .collect()
    }

    /// A page of rows.
    pub async fn page(&self, query: &PageQuery) -> Result<Page<R>, ReadError> {
        let stored = self.store.page(self.projection, query).await?;
        let found = |(stored, value): (StoredRow, ColumnValue)| {
            let row = self.read(&stored)?;
            let cursor = Cursor {
                value,
                key: stored.key.clone(),
            };
            Ok(Found {
                key: stored.key,
                row,
                cursor,
            })
        };
        let rows = stored
            .rows
            .into_iter()
            .map(found)
            .collect::<Result<_, ReadError>>()?;
        Ok(Page {
            rows,
            more: stored.more,
        })
    }

    /// How many rows meet all of these conditions.
    pub async fn count(&self, filter: &[Condition]) -> Result<u64, ReadError> {
        self.store.count(self.projection, filter).await
    }

    /// Waits until the rows have passed `position` in the partition of `partition_key`.
    pub async fn wait_for(
        &self,
        position: Position,
        partition_key: &str,
        within: Duration,
    ) -> Result<(), ReadError> {
        let mut standing = self.store.progress().watch(self.projection);
        let settled = |now: &Standing| {
            now.position_of(partition_key) >= position || now.is_parked(partition_key, position)
        };
        // Whether it has settled is judged below, on the latest standing: also when time ran out.
        let _ = timeout(within, standing.wait_for(settled)).await;
        let now = standing.borrow().clone();
        let parked = now.is_parked(partition_key, position);
        let at = now.position_of(partition_key);
        if at >= position && !parked {
            return Ok(());
        }
        let reason = if parked {
            BehindReason::Parked
        } else {
            now.reason(partition_key)
        };
        Err(ReadError::Behind {
            projection: self.projection.to_owned(),
            at,
            wanted: position,
            reason,
        })
    }

    /// Follows the row under `key`, from now on.
    pub fn follow(&self, key: &str) -> Subscription {
        self.store.changes().subscribe(self.projection, key)
    }

    fn read(&self, stored: &StoredRow) -> Result<R, ReadError> {
        serde_json::from_str(&stored.row).map_err(|error| ReadError::Damaged {
            projection: self.projection.to_owned(),
            detail: format!("row {}: {error}", stored.key),
        })
    }
}

//! Commits of many partitions in one transaction. Where it fails, each is tried alone, so that none
//! suffers for another. Next: `commit` writes them.

use std::{collections::HashSet, sync::Arc, time::Duration};

use sqlx::PgPool;
use uuid::Uuid;

use super::{
    commit::{self, Write},
    failure::{Failure, retried},
    gathering::Gathering,
    schema, told,
};
use crate::{
    projection::Column,
    read_store::{Commit, CommitError, ReadError},
};

/// How soon after one transaction the next may begin.
const PACE: Duration = Duration::from_millis(6);
/// Rows from which on a commit is written alone, as that of a rebuild.
const MANY: usize = 1000;

/// A commit, with the columns of each of its targets.
pub(super) struct Request {
    pub(super) commit: Arc<Commit>,
    pub(super) columns: Vec<&'static [Column]>,
}

impl Request {
    fn writes(&self) -> impl Iterator<Item = Write<'_>> {
        let targets = self.commit.targets.iter().zip(&self.columns);
        targets.map(|(target, columns)| Write::new(target, columns))
    }
}

/// The writer of the store `origin`, on a connection beside those of `pool`. What it writes can be
/// folded again, so it does not wait for the disk.
pub(super) fn start(pool: &PgPool, origin: Uuid) -> Gathering<Request, CommitError> {
    let pool = schema::one_beside(pool, &[("synchronous_commit", "off")]);
    Gathering::start(PACE, clash, move |group| {
        let pool = pool.clone();
        async move { write_all(&pool, origin, &group).await }
    })
}

/// What is answered for a commit whose writer is gone.
pub(super) fn stopped() -> CommitError {
    CommitError::Store(ReadError::Unavailable {
        detail: "the writer of the read models has stopped".to_owned(),
    })
}

async fn write_all(pool: &PgPool, origin: Uuid, group: &[Request]) -> Vec<Result<(), CommitError>> {
    if group.len() > 1 && write(pool, origin, group).await.is_ok() {
        return group.iter().map(|_| Ok(())).collect();
    }
    let mut outcomes = Vec::with_capacity(group.len());
    for alone in group {
        let written = write(pool, origin, std::slice::from_ref(alone)).await;
        outcomes.push(written.map_err(CommitError::from));
    }
    outcomes
}

async fn write(pool: &PgPool, origin: Uuid, group: &[Request]) -> Result<(), Failure> {
    let mut writes: Vec<Write<'_>> = group.iter().flat_map(Request::writes).collect();
    writes.sort_by_key(|write| {
        let target = &write.commit.target;
        (
            &target.projection,
            target.generation,
            write.commit.partition,
        )
    });
    let payloads = group
        .iter()
        .filter_map(|request| told::payload(&request.commit, origin));
    let payloads: Vec<String> = payloads.collect();
    retried(|| commit::write(pool, &writes, &payloads)).await
}

/// Whether two commits can't be in one transaction: both are of one partition, or one is large.
fn clash(one: &Request, other: &Request) -> bool {
    let large = |request: &Request| {
        let rows = request
            .commit
            .targets
            .iter()
            .map(|target| target.rows.len());
        rows.sum::<usize>() >= MANY
    };
    let partitions = |request: &'_ Request| -> HashSet<u32> {
        let targets = request.commit.targets.iter();
        targets.map(|target| target.partition).collect()
    };
    large(one) || large(other) || !partitions(one).is_disjoint(&partitions(other))
}

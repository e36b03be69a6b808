//! The one appender of this process. It takes all that waits, has it written in one statement, and
//! answers those for whom the plan held; the rest is planned again on what the database told.
//!
//! A statement that ended with its connection may have been carried out. It is sent again on a new
//! connection: the command ids tell if it was, and even if the first one is carried out later, then
//! one of the two finds the ids known and writes nothing.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::{
    task::yield_now,
    time::{Instant, sleep, timeout, timeout_at},
};
use uuid::Uuid;

use super::{
    call::{self, Written},
    connect::{Database, Purpose},
    failure::{classify, is_lost},
    heads::Heads,
    inbox::{Append, Incoming},
    plan::{Facts, Plan, plan},
    rows::Command,
    settle::{fill, settle},
};
use crate::event_store::StoreError;

/// Bounds of one statement: they bound how long the counter is held.
const COMMANDS: usize = 1024;
const BYTES: usize = 4 * 1024 * 1024;
/// How soon after one statement the next begins, where fewer commands than these wait: a statement and
/// its sync cost far more than a command in them.
const PACE: Duration = Duration::from_millis(3);
const COMPANY: usize = 16;
/// Beyond the server's own limit, after which a connection is taken for lost.
const GRACE: Duration = Duration::from_secs(2);
/// Between two attempts to reach the database.
const PAUSE: Duration = Duration::from_millis(100);

/// Writes what the inbox holds.
pub(super) struct Appender {
    database: Database,
    connection: Option<PgConnection>,
    heads: Heads,
    incoming: Incoming,
    /// When the next few may be written.
    next: Instant,
}

/// Why a group was not written.
enum Failure {
    /// Nothing of it was.
    Refused(StoreError),
    /// Perhaps it was.
    Lost(StoreError),
}

impl Appender {
    pub(super) fn new(
        database: Database,
        connection: PgConnection,
        heads: Heads,
        incoming: Incoming,
    ) -> Self {
        Self {
            database,
            connection: Some(connection),
            heads,
            incoming,
            next: Instant::now(),
        }
    }

    /// Works until nobody can ask any more and everything is answered.
    pub(super) async fn run(mut self) {
        while let Some(group) = self.gather().await {
            self.append(group).await;
        }
    }

    /// What waits, within bounds; waits for the first. Those who were just answered get the chance
    /// to ask again first, and a few wait a moment for more.
    async fn gather(&mut self) -> Option<Vec<Append>> {
        let mut group = vec![self.incoming.recv().await?];
        let (mut commands, mut bytes) = (group[0].commands.len(), group[0].bytes());
        let mut seen = 0;
        while seen < group.len() {
            seen = group.len();
            yield_now().await;
            while commands < COMMANDS && bytes < BYTES {
                let append = match self.incoming.try_recv() {
                    Ok(append) => append,
                    Err(_) if commands >= COMPANY => break,
                    Err(_) => match timeout_at(self.next, self.incoming.recv()).await {
                        Ok(Some(append)) => append,
                        Ok(None) | Err(_) => break,
                    },
                };
                commands += append.commands.len();
                bytes += append.bytes();
                group.push(append);
            }
        }
        self.next = Instant::now() + PACE;
        Some(group)
    }

    /// Writes the group and answers it.
    async fn append(&mut self, mut group: Vec<Append>) {
        let mut facts = Facts::default();
        let deadline = Instant::now() + self.database.options.reconnect_timeout;
        while !group.is_empty() {
            match self.write(&mut group, &mut facts).await {
                Ok(()) => group = group.into_iter().filter_map(Append::settle).collect(),
                Err(Failure::Refused(StoreError::Invalid { .. })) if group.len() > 1 => {
                    // Whose fault it is shows when it is alone.
                    let behind = group.split_off(group.len() / 2);
                    Box::pin(self.append(group)).await;
                    group = behind;
                }
                Err(Failure::Lost(error)) if Instant::now() < deadline => {
                    tracing::warn!(%error, "the outcome of an append is unknown; sending it again");
                    facts = Facts::default();
                    group
                        .iter_mut()
                        .for_each(|append| append.perhaps_written = true);
                    sleep(PAUSE).await;
                }
                Err(Failure::Lost(error) | Failure::Refused(error)) => {
                    tracing::warn!(%error, "an append failed");
                    let open = group.drain(..).filter_map(Append::settle);
                    open.for_each(|append| append.fail(&error));
                }
            }
        }
    }

    /// One statement: what it settles is filled in, what it tells beside that is added to the
    /// facts.
    async fn write(&mut self, group: &mut [Append], facts: &mut Facts) -> Result<(), Failure> {
        let plan = plan(group, facts);
        let written = self.call(&plan).await?;
        let (stale, known) = (owned(&written), written.known.clone());
        let (outcomes, end) = settle(plan, &written);
        self.heads.appended(end);
        fill(group, outcomes);
        facts.versions.extend(stale);
        facts.commands.extend(self.recorded(&known).await?);
        Ok(())
    }

    /// What is recorded under these ids.
    async fn recorded(&mut self, ids: &[Uuid]) -> Result<Vec<(Uuid, Command)>, Failure> {
        let Some(connection) = self.connection.as_mut().filter(|_| !ids.is_empty()) else {
            return Ok(Vec::new());
        };
        match call::recorded(connection, ids).await {
            Ok(found) => Ok(found),
            Err(error) => {
                self.connection = None;
                Err(Failure::Refused(classify(&self.database.name, &error)))
            }
        }
    }

    async fn call<'a>(&mut self, plan: &Plan<'a>) -> Result<Written<'a>, Failure> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.reconnect().await.map_err(Failure::Refused)?,
        };
        let longest = self.database.options.append_timeout + GRACE;
        match timeout(longest, call::write(&mut connection, plan)).await {
            Ok(Ok(written)) => {
                self.connection = Some(connection);
                Ok(written)
            }
            Ok(Err(error)) if is_lost(&error) => {
                Err(Failure::Lost(classify(&self.database.name, &error)))
            }
            Ok(Err(error)) => {
                self.connection = Some(connection);
                Err(Failure::Refused(classify(&self.database.name, &error)))
            }
            Err(_) => Err(Failure::Lost(StoreError::Unavailable {
                detail: format!("{} does not answer", self.database.name),
            })),
        }
    }

    /// A new connection, tried for until the limit.
    async fn reconnect(&self) -> Result<PgConnection, StoreError> {
        let deadline = Instant::now() + self.database.options.reconnect_timeout;
        loop {
            match self.database.connect(Purpose::Append).await {
                Err(StoreError::Unavailable { .. }) if Instant::now() < deadline => {
                    sleep(PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }
}

/// The streams that have moved on, with names of their own.
fn owned(written: &Written<'_>) -> Vec<(String, u64)> {
    let stale = written.stale.iter();
    stale
        .map(|(name, version)| ((*name).to_owned(), *version))
        .collect()
}

//! A target takes a whole system only while it holds nothing, and nobody uses it.

use std::time::{Duration, Instant};

use orderlog_log::postgres::PgTarget;

use super::MoveError;

/// What is counted, and how it is called.
const TABLES: [(&str, &str); 8] = [
    ("events", "events"),
    ("commands", "recorded commands"),
    ("work", "work rows"),
    ("process_checkpoints", "process checkpoints"),
    ("process_parked", "parked events"),
    ("seals", "seals"),
    ("relays", "relays that have published"),
    ("read_models.store", "read models"),
];

/// Other processes on the database; of other users' sessions their names are not told.
const CONNECTED: &str = "
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'orderlog' AND pid <> pg_backend_pid()";

/// How long sessions may take to end.
const ENDING: Duration = Duration::from_secs(2);
/// How often they are counted meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// Why a target does not take a system.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{database} is not empty: it has {}; give a new database, prepared by `orderlog migrate`", found.join(", "))]
pub struct Occupied {
    /// The database, without its password.
    pub database: String,
    /// What is in it.
    pub found: Vec<String>,
}

/// Refuses a target that holds something or is in use.
pub(super) async fn check(target: &mut PgTarget) -> Result<(), MoveError> {
    let mut found = Vec::new();
    for (table, name) in TABLES {
        let count = count(target, &format!("SELECT count(*) FROM {table}")).await?;
        if count > 0 {
            found.push(format!("{count} {name}"));
        }
    }
    let connected = still_connected(target).await?;
    if connected > 0 {
        found.push(format!("{connected} sessions of running processes"));
    }
    match found.is_empty() {
        true => Ok(()),
        false => Err(Occupied {
            database: target.database().to_owned(),
            found,
        }
        .into()),
    }
}

/// Sessions that stay; those of processes that have just ended are given the time to end.
pub(super) async fn still_connected(target: &mut PgTarget) -> Result<i64, MoveError> {
    let deadline = Instant::now() + ENDING;
    loop {
        let connected = count(target, CONNECTED).await?;
        if connected == 0 || Instant::now() > deadline {
            return Ok(connected);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What a query counts.
pub(super) async fn count(target: &mut PgTarget, query: &str) -> Result<i64, MoveError> {
    let counted = sqlx::query_scalar(query)
        .fetch_one(target.connection())
        .await;
    Ok(counted.map_err(|error| target.failed(&error))?)
}

//! The engines on PostgreSQL. Read models live in the schema `read_models`, one generation of a
//! projection in tables of its own; all of it is rebuildable. Work rows and process checkpoints are
//! not, and lie beside the log. Many processes use one database: what one of them writes, the
//! others learn by notifications, and by reading again where these are lost.

mod activity;
mod board;
mod checkpoints;
mod commit;
mod committing;
mod compare;
mod condition;
mod database;
mod failure;
mod gathering;
mod generation;
mod listing;
mod live_rows;
mod load;
mod locks;
mod log_index;
pub(crate) mod owner;
mod page;
mod place;
mod process;
mod read_store;
mod registry;
mod rows;
mod saving;
pub(crate) mod schema;
mod server;
mod staging;
mod standings;
mod told;
mod watch;
mod work;
mod work_signal;

pub use database::{PgDatabase, PgMigrateError};
pub use live_rows::PgLiveRows;
pub use process::PgProcessStore;
pub use read_store::{PgReadSettings, PgReadStore};
pub use schema::{PgOpenError, migrate, pool};
pub use server::PgServer;
pub use work::PgWorkStore;

fn sql_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

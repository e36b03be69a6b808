//! The embedded engine: the contract of the event store, and what is this engine's own: opening,
//! closing, crashes, full disks, damaged files.

#[path = "../contract/mod.rs"]
mod contract;
#[path = "../seals/mod.rs"]
mod seals;

mod beside;
mod checkpoints;
mod crash;
mod full;
mod log_reader;
mod opening;
mod sealed;

use std::sync::Arc;

use contract::event_store_contract;
use orderlog_log::{event_store::EventStore, sqlite::SqliteEventStore};
use tempfile::TempDir;

event_store_contract!(crate::open);

fn open() -> (Arc<dyn EventStore>, TempDir) {
    let (store, directory) = open_sqlite();
    (Arc::new(store), directory)
}

fn open_sqlite() -> (SqliteEventStore, TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let store = SqliteEventStore::open(directory.path()).expect("a new log");
    (store, directory)
}

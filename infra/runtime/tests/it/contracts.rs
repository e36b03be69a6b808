//! The embedded engines keep the contracts of their ports.

use std::sync::Arc;

use orderlog_log::event_reader::EventReader;
use orderlog_runtime::{
    process::ProcessStore,
    read_store::ReadStore,
    sqlite::{SqliteProcessStore, SqliteWorkStore},
    work::WorkStore,
};
use uuid::Uuid;

use crate::{
    contract::{
        dead_letter::{Bench, dead_letter_contract},
        process_store_contract, read_store_contract, work_store_contract,
    },
    toy::ToyLog,
};

read_store_contract!(crate::contracts::read_store);
process_store_contract!(crate::contracts::process_store);
work_store_contract!(crate::contracts::work_store);
dead_letter_contract!(crate::contracts::dead_letters);

async fn read_store(partitions: u32) -> (Arc<dyn ReadStore>, Uuid, ToyLog) {
    let toy = ToyLog::new();
    let store = toy.partitioned_read_store(partitions).await;
    let log_id = toy.store.head().await.expect("a head").log_id;
    (store, log_id, toy)
}

async fn process_store() -> (Arc<dyn ProcessStore>, Arc<dyn WorkStore>, Uuid, ToyLog) {
    let toy = ToyLog::new();
    let work = SqliteWorkStore::open(toy.store.clone()).await;
    let work = work.expect("a store");
    let store = SqliteProcessStore::open(toy.store.clone(), work.clone()).await;
    let log_id = toy.store.head().await.expect("a head").log_id;
    (
        Arc::new(store.expect("a store")),
        Arc::new(work),
        log_id,
        toy,
    )
}

async fn work_store() -> (Arc<dyn WorkStore>, ToyLog) {
    let toy = ToyLog::new();
    let store = SqliteWorkStore::open(toy.store.clone()).await;
    (Arc::new(store.expect("a store")), toy)
}

async fn dead_letters(partitions: u32) -> (Bench, ()) {
    let toy = ToyLog::new();
    let reads = toy.partitioned_read_store(partitions).await;
    let work = SqliteWorkStore::open(toy.store.clone()).await;
    let processes = SqliteProcessStore::open(toy.store.clone(), work.expect("a store")).await;
    let processes = Arc::new(processes.expect("a store"));
    let bench = Bench {
        toy,
        reads,
        processes,
    };
    (bench, ())
}

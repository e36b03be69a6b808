//! The engines on PostgreSQL keep the contracts of their ports.

use std::sync::Arc;

use orderlog_log::event_reader::EventReader;
use orderlog_runtime::{
    postgres::{PgProcessStore, PgWorkStore},
    process::ProcessStore,
    read_store::ReadStore,
    work::WorkStore,
};
use uuid::Uuid;

use crate::{
    contract::{
        dead_letter::{Bench, dead_letter_contract},
        process_store_contract, read_store_contract, work_store_contract,
    },
    database::Database,
    toy::ToyLog,
};

read_store_contract!(crate::contracts::read_store);
process_store_contract!(crate::contracts::process_store);
work_store_contract!(crate::contracts::work_store);
dead_letter_contract!(crate::contracts::dead_letters);

mod read_store_of_twelve_partitions {
    crate::contract::read_store_contract!(crate::contracts::read_store, 12);
}

async fn read_store(partitions: u32) -> (Arc<dyn ReadStore>, Uuid, Database) {
    let database = Database::migrated().await;
    let store = database.folder(partitions).await;
    (Arc::new(store), database.log_id, database)
}

async fn process_store() -> (Arc<dyn ProcessStore>, Arc<dyn WorkStore>, Uuid, Database) {
    let database = Database::migrated().await;
    let work = database.work_store().await;
    let store = PgProcessStore::open(database.pool(), database.log_id, work.clone()).await;
    let store = store.expect("a store");
    (Arc::new(store), Arc::new(work), database.log_id, database)
}

async fn work_store() -> (Arc<dyn WorkStore>, Database) {
    let database = Database::migrated().await;
    let store: PgWorkStore = database.work_store().await;
    (Arc::new(store), database)
}

async fn dead_letters(partitions: u32) -> (Bench, Database) {
    let toy = ToyLog::new();
    let log_id = toy.store.head().await.expect("a head").log_id;
    let database = Database::migrated().await.of_log(log_id);
    let reads = Arc::new(database.folder(partitions).await);
    let work = database.work_store().await;
    let processes = PgProcessStore::open(database.pool(), log_id, work).await;
    let processes = Arc::new(processes.expect("a store"));
    let bench = Bench {
        toy,
        reads,
        processes,
    };
    (bench, database)
}

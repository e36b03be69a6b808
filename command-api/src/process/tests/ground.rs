//! What outlives a crash: a data directory, or a database, be it followed directly or through a
//! topic of its own on Kafka. Each life of the system opens its engines anew.

use std::{env, path::Path, sync::Arc};

use orderlog_log::{
    event_store::EventStore,
    postgres::{PgEventStore, PgOptions},
    sqlite::SqliteEventStore,
};
use orderlog_runtime::{
    kafka::{KafkaFanOut, Relay, Topic},
    postgres::{PgDatabase, PgProcessStore, PgServer, PgWorkStore},
    process::ProcessStore,
    source::{FanOut, TailFanOut},
    sqlite::{SqliteProcessStore, SqliteWorkStore},
    work::WorkStore,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Connections of one life beside those of the log.
const CONNECTIONS: u32 = 4;

/// Where a shop stands.
pub(super) enum Ground {
    Embedded(TempDir),
    Postgres(Database),
    Kafka(Database, Topic),
}

/// What one life of the system works with.
#[derive(Clone)]
pub(super) struct Engines {
    pub(super) log: Arc<dyn EventStore>,
    pub(super) process: Arc<dyn ProcessStore>,
    pub(super) work: Arc<dyn WorkStore>,
    /// Which topic carries the log, if one does.
    pub(super) topic: Option<Topic>,
}

impl Ground {
    pub(super) fn embedded() -> Self {
        Self::Embedded(tempfile::tempdir().unwrap())
    }

    /// Opens the engines.
    pub(super) async fn open(&self) -> Engines {
        match self {
            Self::Embedded(directory) => Engines::embedded(directory.path()).await,
            Self::Postgres(database) => Engines::of(database, None).await,
            Self::Kafka(database, topic) => Engines::of(database, Some(topic.clone())).await,
        }
    }
}

impl Engines {
    /// Those of a data directory.
    pub(super) async fn embedded(directory: &Path) -> Self {
        let log = SqliteEventStore::open(directory).unwrap();
        let work = SqliteWorkStore::open(log.clone()).await.unwrap();
        let process = SqliteProcessStore::open(log.clone(), work.clone()).await;
        Self {
            log: Arc::new(log),
            process: Arc::new(process.unwrap()),
            work: Arc::new(work),
            topic: None,
        }
    }

    async fn of(database: &Database, topic: Option<Topic>) -> Self {
        let log = PgEventStore::connect(&database.url, PgOptions::default());
        let log: Arc<dyn EventStore> = Arc::new(log.await.unwrap());
        let log_id = log.head().await.unwrap().log_id;
        let rest = PgDatabase::new(&database.url, CONNECTIONS).unwrap();
        let work = PgWorkStore::open(rest.pool()).await.unwrap();
        let process = PgProcessStore::open(rest.pool(), log_id, work.clone()).await;
        if let Some(topic) = &topic {
            publish(Relay::new(Arc::clone(&log), rest.options(), topic.clone())).await;
        }
        Self {
            log,
            process: Arc::new(process.unwrap()),
            work: Arc::new(work),
            topic,
        }
    }

    /// What the process follows.
    pub(super) async fn fan_out(&self) -> Box<dyn FanOut> {
        let log = Arc::clone(&self.log);
        match &self.topic {
            None => Box::new(TailFanOut::new(log)),
            Some(topic) => {
                let fan_out = KafkaFanOut::join(topic.clone(), &topic.name, log);
                Box::new(fan_out.await.unwrap())
            }
        }
    }
}

/// Has the relay run to the end of this life, as soon as it leads.
async fn publish(relay: Relay) {
    let mut standing = relay.standing();
    tokio::spawn(async move { relay.run(CancellationToken::new()).await });
    standing.wait_for(|standing| standing.leads).await.unwrap();
}

/// A topic of one partition, of its own.
pub(super) fn topic() -> Topic {
    Topic {
        name: format!("faults-{}", Uuid::now_v7()),
        partitions: 1,
        ..Topic::new(address("ORDERLOG_TEST_KAFKA"))
    }
}

/// A database of its own; dropped with this.
pub(super) struct Database {
    server: PgServer,
    name: String,
    url: String,
}

impl Database {
    /// One with all tables.
    pub(super) async fn migrated() -> Self {
        let database = Self::named();
        database.server.create(&database.name).await.unwrap();
        let made = PgDatabase::new(&database.url, 1).unwrap();
        made.migrate().await.unwrap();
        made.pool().close().await;
        database
    }

    /// One as this one is; nobody is connected to this one meanwhile.
    pub(super) async fn copy(&self) -> Self {
        let copy = Self::named();
        copy.server.copy(&self.name, &copy.name).await.unwrap();
        copy
    }

    fn named() -> Self {
        let server = address("ORDERLOG_TEST_DATABASE");
        let name = format!("faults_{}", Uuid::now_v7().simple());
        let (address, parameters) = server.split_once('?').unwrap_or((&server, ""));
        let (host, _) = address.rsplit_once('/').expect("a URL with a database");
        Self {
            url: format!("{host}/{name}?{parameters}"),
            server: PgServer::new(&server).unwrap(),
            name,
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A test may end inside a runtime that can't wait here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(server.drop(&name))
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            eprintln!("the database {} could not be dropped", self.name);
        }
    }
}

fn address(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: run the tests with scripts/test, or start the services with \
             scripts/services up and source what it prints"
        )
    })
}

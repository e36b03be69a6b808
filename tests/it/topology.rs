//! Where a shop under test stands: one process on a data directory, or every role as processes of
//! their own on PostgreSQL and Kafka. What is tested is the same.

use std::{
    env,
    process::{Command, Output},
};

use orderlog_log::{
    event_store::EventStore,
    postgres::{PgEventStore, PgOptions},
    sqlite::SqliteEventStore,
};
use rusqlite::OpenFlags;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::binary::{Server, orderlog, run};

/// Runs each of these tests on both.
macro_rules! on_every_topology {
    ($($test:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test]
            async fn $test() {
                super::$test(crate::topology::Ground::embedded()).await;
            })*
        }

        mod distributed {
            $(#[tokio::test]
            async fn $test() {
                super::$test(crate::topology::Ground::distributed().await).await;
            })*
        }
    };
}
pub(crate) use on_every_topology;

/// The roles of the distributed system, one process each.
pub(crate) const ROLES: [&str; 7] = [
    "command-api",
    "relay",
    "projector",
    "projector",
    "process",
    "process",
    "query-api",
];

/// What outlives the processes of a shop.
pub(crate) enum Ground {
    Embedded(TempDir),
    Distributed(Servers),
}

impl Ground {
    pub(crate) fn embedded() -> Self {
        Self::Embedded(tempfile::tempdir().unwrap())
    }

    pub(crate) async fn distributed() -> Self {
        Self::Distributed(Servers::create().await)
    }

    /// The log itself, while nobody else has it.
    pub(crate) async fn log(&self) -> Box<dyn EventStore> {
        match self {
            Self::Embedded(directory) => {
                Box::new(SqliteEventStore::open(directory.path()).unwrap())
            }
            Self::Distributed(servers) => {
                let log = PgEventStore::connect(&servers.database, PgOptions::default()).await;
                Box::new(log.unwrap())
            }
        }
    }

    /// Runs a command of the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        match self {
            Self::Embedded(directory) => run(directory.path(), arguments),
            Self::Distributed(servers) => servers.command(arguments).output().unwrap(),
        }
    }

    /// How many events are parked, by all read models and processes, as it lies in the tables.
    pub(crate) async fn parked(&self) -> i64 {
        match self {
            Self::Embedded(directory) => {
                let count = |file: &str, table: &str| -> i64 {
                    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
                    let file = directory.path().join(file);
                    let db = rusqlite::Connection::open_with_flags(file, flags).unwrap();
                    let count = format!("SELECT count(*) FROM {table}");
                    db.query_row(&count, [], |row| row.get(0)).unwrap()
                };
                count("read.db", "parked") + count("events.db", "process_parked")
            }
            Self::Distributed(servers) => {
                let mut connection = PgConnection::connect(&servers.database).await.unwrap();
                sqlx::query_scalar(
                    "SELECT (SELECT count(*) FROM read_models.parked) \
                     + (SELECT count(*) FROM process_parked)",
                )
                .fetch_one(&mut connection)
                .await
                .unwrap()
            }
        }
    }

    /// Every role writes the log through postgres-es.
    pub(crate) async fn through_postgres_es() -> Self {
        let mut servers = Servers::create().await;
        servers.event_store = "postgres-es";
        Self::Distributed(servers)
    }

    /// The same as [`Self::start`], with every waiting time of sagas multiplied by `scale`.
    pub(crate) fn start_scaled(&self, scale: &str) -> Server {
        let scaled = ["--time-scale", scale];
        match self {
            Self::Embedded(directory) => Server::start(directory.path(), &scaled),
            Self::Distributed(servers) => servers.start_with(&ROLES, &scaled),
        }
    }

    /// Starts the shop and waits until each of its processes says where it listens.
    pub(crate) fn start(&self) -> Server {
        self.start_with(&[])
    }

    /// The same, with these settings in the environment.
    pub(crate) fn start_with(&self, settings: &[(&str, &str)]) -> Server {
        let with = |mut command: Command| {
            command.envs(settings.iter().copied());
            command
        };
        match self {
            Self::Embedded(directory) => {
                Server::of_roles([with(orderlog(directory.path(), &["serve"]))])
            }
            Self::Distributed(servers) => {
                Server::of_roles(ROLES.map(|role| with(servers.command(&[role]))))
            }
        }
    }
}

/// A database and a topic of the test's own; the database goes when dropped.
pub(crate) struct Servers {
    admin: String,
    pub(crate) name: String,
    pub(crate) database: String,
    pub(crate) kafka: String,
    event_store: &'static str,
}

impl Servers {
    /// A migrated database.
    pub(crate) async fn create() -> Self {
        let servers = Self::empty().await;
        let migrated = servers.command(&["migrate"]).output().unwrap();
        let said = String::from_utf8_lossy(&migrated.stderr);
        assert!(migrated.status.success(), "{said}");
        servers
    }

    /// A database without any table.
    pub(crate) async fn empty() -> Self {
        let admin = address("ORDERLOG_TEST_DATABASE");
        let name = format!("it_{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect(&admin).await.unwrap();
        sqlx::query(&format!("CREATE DATABASE {name}"))
            .execute(&mut connection)
            .await
            .unwrap();
        let base = admin.rsplit_once('/').unwrap().0;
        Self {
            database: format!("{base}/{name}"),
            kafka: address("ORDERLOG_TEST_KAFKA"),
            event_store: "postgres",
            admin,
            name,
        }
    }

    /// A connection to the database.
    pub(crate) async fn session(&self) -> PgConnection {
        PgConnection::connect(&self.database).await.unwrap()
    }

    /// Starts these roles, of which the first takes commands and the last answers queries.
    pub(crate) fn start(&self, roles: &[&str]) -> Server {
        self.start_with(roles, &[])
    }

    /// Starts these roles, each with these arguments.
    pub(crate) fn start_with(&self, roles: &[&str], arguments: &[&str]) -> Server {
        let command = |role: &&str| self.command(&[&[*role], arguments].concat());
        Server::of_roles(roles.iter().map(command))
    }

    /// Starts every role.
    pub(crate) fn start_all(&self) -> Server {
        self.start(&ROLES)
    }

    /// The binary, told of the servers.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orderlog"));
        command
            .args(arguments)
            .env("ORDERLOG_DATABASE", &self.database)
            .env("ORDERLOG_KAFKA", &self.kafka)
            .env("ORDERLOG_TOPIC", &self.name)
            .env("ORDERLOG_EVENT_STORE", self.event_store)
            .env_remove("ORDERLOG_LOG");
        command
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        // A drop can't wait in the test's own runtime.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&admin).await?;
                sqlx::query(&format!("DROP DATABASE {name} WITH (FORCE)"))
                    .execute(&mut connection)
                    .await
            })
        });
        // A database that stays does no harm: the services' data goes with them.
        let _ = dropping.join();
    }
}

pub(crate) fn address(variable: &str) -> String {
    env::var(variable).unwrap_or_else(|_| {
        panic!(
            "{variable} is not set: run the tests with scripts/test, or start the services with \
             scripts/services up and source what it prints"
        )
    })
}

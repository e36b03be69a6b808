//! PostgreSQL and Kafka, as `scripts/services` of this checkout has started them: only such may be
//! restarted. Others do where `ORDERLOG_CHAOS_SERVERS=spared` says that the processes are to be killed
//! and nothing else. A run has a database and a topic of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use orderlog_runtime::source::partition_of;
use sqlx::{Connection, PgConnection, PgPool, postgres::PgPoolOptions};
use tokio::process::Command;
use uuid::Uuid;

/// Multiplies the sagas' waiting times: half an hour becomes 36 seconds.
const TIME_SCALE: &str = "0.02";

/// Partitions of the topic.
const PARTITIONS: u32 = 12;

pub(crate) struct Servers {
    admin: String,
    /// Also of the topic.
    pub(crate) name: String,
    database: String,
    pub(crate) kafka: String,
    logs: PathBuf,
    spared: bool,
}

impl Servers {
    /// A migrated database on servers that may be restarted.
    pub(crate) async fn create() -> Self {
        let (admin, kafka) = (
            address("ORDERLOG_TEST_DATABASE"),
            address("ORDERLOG_TEST_KAFKA"),
        );
        let spared = env::var("ORDERLOG_CHAOS_SERVERS").is_ok_and(|what| what == "spared");
        if !spared {
            services(&["owns", "postgres"]).await;
            services(&["owns", "kafka"]).await;
        }
        let name = format!("chaos_{}", Uuid::now_v7().simple());
        let logs = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&name);
        fs::create_dir_all(&logs).unwrap();
        execute(&admin, &format!("CREATE DATABASE {name}")).await;
        let base = admin.rsplit_once('/').unwrap().0;
        let servers = Self {
            database: format!("{base}/{name}"),
            admin,
            name,
            kafka,
            logs,
            spared,
        };
        let migrated = servers.command(&["migrate"]).output().await.unwrap();
        let said = String::from_utf8_lossy(&migrated.stderr);
        assert!(migrated.status.success(), "{said}");
        servers
    }

    /// The binary, told of the servers.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orderlog"));
        command
            .args(arguments)
            .env("ORDERLOG_DATABASE", &self.database)
            .env("ORDERLOG_KAFKA", &self.kafka)
            .env("ORDERLOG_TOPIC", &self.name)
            .env("ORDERLOG_PARTITIONS", PARTITIONS.to_string())
            .env("ORDERLOG_TIME_SCALE", TIME_SCALE)
            .env_remove("ORDERLOG_LOG")
            .kill_on_drop(true);
        command
    }

    pub(crate) async fn connect(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(2)
            .connect(&self.database)
            .await
            .unwrap()
    }

    /// The partition in which events of this key arrive.
    pub(crate) fn partition_of(&self, key: &str) -> u32 {
        partition_of(key, PARTITIONS)
    }

    /// Whether they are neither restarted nor paused.
    pub(crate) fn are_spared(&self) -> bool {
        self.spared
    }

    /// Where the processes' logs are.
    pub(crate) fn logs(&self) -> &Path {
        &self.logs
    }

    /// Done where all was well; else the database stays to be looked at.
    pub(crate) async fn drop_database(&self) {
        let name = &self.name;
        execute(&self.admin, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}

/// Runs `scripts/services`, which must succeed.
pub(crate) async fn services(arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/services");
    let output = Command::new(script).args(arguments).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "scripts/services {}: {said}\
         chaos restarts PostgreSQL and Kafka, so it needs some of its own: run scripts/chaos; \
         or set ORDERLOG_CHAOS_SERVERS=spared, and it kills orderlog's processes alone",
        arguments.join(" ")
    );
}

async fn execute(url: &str, statement: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query(statement)
        .execute(&mut connection)
        .await
        .unwrap();
}

fn address(variable: &str) -> String {
    env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run scripts/chaos or scripts/test"))
}

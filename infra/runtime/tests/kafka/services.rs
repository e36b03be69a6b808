//! The services that the tests need, and a database and a topic of each test's own.

use std::{env, str::FromStr, time::Duration};

use orderlog_runtime::kafka::Topic;
use sqlx::{Connection, PgConnection, Row, postgres::PgConnectOptions};
use uuid::Uuid;

/// Longer than anything takes; what is not there by then never comes.
pub(crate) const LONG: Duration = Duration::from_secs(120);

fn address(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| {
        panic!(
            "{name} is not set: run the tests with scripts/test, or start the services with \
             scripts/services up and source what it prints"
        )
    })
}

/// A topic of its own, not made yet.
pub(crate) fn topic(partitions: u32) -> Topic {
    let mut topic = Topic::new(address("ORDERLOG_TEST_KAFKA"));
    topic.name = format!("test-{}", Uuid::now_v7());
    topic.partitions = partitions;
    topic
}

/// A database of its own with the relay's table in it; gone when dropped.
pub(crate) struct Database {
    pub(crate) options: PgConnectOptions,
    server: PgConnectOptions,
    name: String,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let server = PgConnectOptions::from_str(&address("ORDERLOG_TEST_DATABASE")).expect("a URL");
        let name = format!("test_{}", Uuid::now_v7().simple());
        let mut connection = connect(&server).await;
        let create = format!("CREATE DATABASE {name}");
        sqlx::raw_sql(&create)
            .execute(&mut connection)
            .await
            .expect("a database");
        let options = server.clone().database(&name);
        let database = Self {
            options,
            server,
            name,
        };
        let mut connection = database.connect().await;
        sqlx::raw_sql(include_str!("../../migrations/1101_relay.sql"))
            .execute(&mut connection)
            .await
            .expect("the relay's table");
        database
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        connect(&self.options).await
    }

    /// Epoch and position that the topic's leader has saved.
    pub(crate) async fn saved(&self, topic: &Topic) -> (i64, i64) {
        let row = sqlx::query("SELECT epoch, position FROM relays WHERE topic = $1")
            .bind(&topic.name)
            .fetch_one(&mut self.connect().await)
            .await
            .expect("what was saved");
        (row.get("epoch"), row.get("position"))
    }

    /// Ends the connection of whoever leads; answers whether somebody did.
    pub(crate) async fn cut_off_the_leader(&self) -> bool {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' \
            AND granted AND database = (SELECT oid FROM pg_database WHERE datname = $1)";
        let rows = sqlx::query(cut)
            .bind(&self.name)
            .fetch_all(&mut self.connect().await)
            .await
            .expect("a list of locks");
        !rows.is_empty()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let server = self.server.clone();
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                let dropped = sqlx::raw_sql(&drop)
                    .execute(&mut connect(&server).await)
                    .await;
                dropped.map(|_| ()).expect("the database is dropped");
            });
        });
        assert!(dropping.join().is_ok() || std::thread::panicking());
    }
}

async fn connect(options: &PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(options)
        .await
        .expect("PostgreSQL answers")
}

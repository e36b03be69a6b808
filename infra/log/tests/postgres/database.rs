//! A database for one test, on the server that `ORDERLOG_TEST_DATABASE` names.

use std::{str::FromStr, thread};

use orderlog_log::postgres::migrate;
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use uuid::Uuid;

const MISSING: &str = "ORDERLOG_TEST_DATABASE is not set: run the tests with scripts/test, or \
                       start the services with scripts/services up and source what it prints";

/// Exists as long as this value.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    pub(crate) name: String,
    server: String,
}

impl TestDatabase {
    /// A database with the log's tables.
    pub(crate) async fn create() -> Self {
        let database = Self::empty().await;
        database.migrate().await;
        database
    }

    /// A database without any table.
    pub(crate) async fn empty() -> Self {
        let server = std::env::var("ORDERLOG_TEST_DATABASE").expect(MISSING);
        Self::on(&server).await
    }

    /// A database without any table, on that server.
    pub(crate) async fn on(server: &str) -> Self {
        let name = format!("log_{}", Uuid::now_v7().simple());
        execute(server, &format!("CREATE DATABASE {name}")).await;
        let url = with_database(server, &name);
        let server = server.to_owned();
        Self { url, name, server }
    }

    pub(crate) async fn migrate(&self) {
        let pool = self.pool();
        migrate(&pool).await.expect("the tables are made");
        pool.close().await;
    }

    /// Connections that are not the store's.
    pub(crate) fn pool(&self) -> PgPool {
        let options = PgConnectOptions::from_str(&self.url).expect("a URL");
        PgPoolOptions::new()
            .max_connections(2)
            .connect_lazy_with(options)
    }

    /// A connection that is not the store's.
    pub(crate) async fn session(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("a session")
    }

    /// Runs SQL in this database.
    pub(crate) async fn run(&self, sql: &str) {
        execute(&self.url, sql).await;
    }

    /// Runs SQL beside all databases of the tests.
    pub(crate) async fn on_server(&self, sql: &str) {
        execute(&self.server, sql).await;
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let server = self.server.clone();
        // A test may end inside a runtime that can't wait here.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(execute(&server, &sql));
        });
        // A failed test leaves its database behind rather than hide its reason.
        let _ = dropping.join();
    }
}

async fn execute(url: &str, sql: &str) {
    let mut session = PgConnection::connect(url)
        .await
        .expect("the server answers");
    sqlx::raw_sql(sql)
        .execute(&mut session)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
    let (server, _) = address.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{name}?{parameters}")
}

//! A database of its own for each test, dropped with it.

use std::str::FromStr;

use orderlog_runtime::postgres::{PgReadSettings, PgReadStore, PgWorkStore, migrate, pool};
use sqlx::{Connection, Executor, PgConnection, PgPool, postgres::PgConnectOptions};
use uuid::Uuid;

const UNSET: &str = "ORDERLOG_TEST_DATABASE is not set: run the tests with scripts/test, or start \
     the services with scripts/services up and source what it prints";

/// An empty database; dropped when this is.
pub(crate) struct Database {
    name: String,
    server: PgConnectOptions,
    pub(crate) log_id: Uuid,
}

impl Database {
    /// A database without tables.
    pub(crate) async fn empty() -> Self {
        let url = std::env::var("ORDERLOG_TEST_DATABASE").expect(UNSET);
        let server = PgConnectOptions::from_str(&url).expect("a URL");
        let name = format!("orderlog_test_{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect_with(&server).await.expect("a server");
        // A collation that sorts otherwise than bytes do: what is sorted here must not depend on it.
        let create = format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' \
             LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
        );
        connection
            .execute(create.as_str())
            .await
            .expect("a database");
        let log_id = Uuid::now_v7();
        Self {
            name,
            server,
            log_id,
        }
    }

    /// A database with all tables.
    pub(crate) async fn migrated() -> Self {
        let database = Self::empty().await;
        migrate(&database.pool()).await.expect("migrated");
        database
    }

    /// The database of this log.
    pub(crate) fn of_log(mut self, log_id: Uuid) -> Self {
        self.log_id = log_id;
        self
    }

    pub(crate) async fn work_store(&self) -> PgWorkStore {
        PgWorkStore::open(self.pool()).await.expect("a store")
    }

    pub(crate) fn pool(&self) -> PgPool {
        pool(self.server.clone().database(&self.name), 8)
    }

    /// The read store as a process without a projector opens it.
    pub(crate) async fn reader(&self, partitions: u32) -> PgReadStore {
        self.open(partitions, false).await
    }

    /// The read store as a process with a projector opens it.
    pub(crate) async fn folder(&self, partitions: u32) -> PgReadStore {
        self.open(partitions, true).await
    }

    async fn open(&self, partitions: u32, folds: bool) -> PgReadStore {
        let settings = PgReadSettings {
            log_id: self.log_id,
            partitions,
            folds,
        };
        PgReadStore::open(self.pool(), settings)
            .await
            .expect("a read store")
    }

    /// Ends every other connection to the database, as the end of the server would.
    pub(crate) async fn cut_all(&self) {
        // Not one of a pool: that may have been cut itself.
        let server = self.server.clone().database(&self.name);
        let mut by = PgConnection::connect_with(&server)
            .await
            .expect("connected");
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&mut by)
        .await
        .expect("cut");
    }

    /// Ends the connections that listen, once there are any.
    pub(crate) async fn cut_listeners(&self, by: &PgPool) {
        let cutting = async {
            loop {
                let ended = sqlx::query(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                     WHERE datname = current_database() \
                     AND application_name = 'orderlog listener'",
                )
                .execute(by)
                .await
                .expect("cut");
                if ended.rows_affected() > 0 {
                    return;
                }
            }
        };
        in_time(cutting).await;
    }

    /// Waits until some connection waits for a lock.
    pub(crate) async fn somebody_waits(&self, pool: &PgPool) {
        let waiting = async {
            loop {
                let found: bool = sqlx::query_scalar(
                    "SELECT EXISTS (SELECT FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event_type = 'Lock')",
                )
                .fetch_one(pool)
                .await
                .expect("an answer");
                if found {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        in_time(waiting).await;
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let mut connection = PgConnection::connect_with(&server).await?;
                let drop = format!("DROP DATABASE {name} WITH (FORCE)");
                connection.execute(drop.as_str()).await.map(|_| ())
            })
        });
        if !matches!(dropped.join(), Ok(Ok(()))) {
            eprintln!("the database {} could not be dropped", self.name);
        }
    }
}

/// What must come soon, or never will.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_secs(30), future)
        .await
        .expect("in time")
}

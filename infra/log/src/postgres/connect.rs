//! Connections to the database and their settings. None of ours holds a lock for long: statements,
//! waits for locks and idle transactions have short limits. They are told to use indexes whatever
//! the statistics say: each of our statements has one, and a plan made while the tables were small
//! would be kept when they are large.

use std::{str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::failure::classify;
use crate::event_store::StoreError;

/// A connection that was idle for longer is asked for a sign of life before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// For work on all rows at once: no limits but that of waiting for others, and plans that fit.
pub(super) const BULK: &str = "
SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET lock_timeout = '10s';
SET enable_seqscan = on;
SET enable_bitmapscan = on;
SET plan_cache_mode = auto;
SET timezone = 'UTC'";

/// How the engine uses the database.
#[derive(Clone, Copy, Debug)]
pub struct PgOptions {
    /// Connections that read; beside them there are one that appends and two that tell news.
    pub readers: u32,
    /// How long a read waits for a free connection.
    pub acquire_timeout: Duration,
    /// How long a connection may take to be opened.
    pub connect_timeout: Duration,
    /// How long an append goes on trying to reach the database again.
    pub reconnect_timeout: Duration,
    /// The longest that an append waits for the counter.
    pub lock_timeout: Duration,
    /// The longest that an append may take, and so that it may hold the counter.
    pub append_timeout: Duration,
    /// The longest that a read may take.
    pub read_timeout: Duration,
    /// How often the log is asked for news that no notification told.
    pub poll: Duration,
}

impl Default for PgOptions {
    fn default() -> Self {
        Self {
            readers: 8,
            acquire_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            reconnect_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(3),
            append_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
            poll: Duration::from_millis(250),
        }
    }
}

/// What a connection is for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Append,
    Read,
    /// Telling other processes of news: lost with the server, so never worth a sync.
    Tell,
}

/// The database of the log.
#[derive(Clone)]
pub(super) struct Database {
    /// Its address, without the password.
    pub(super) name: String,
    pub(super) options: PgOptions,
    address: PgConnectOptions,
}

impl Database {
    pub(super) fn new(url: &str, options: PgOptions) -> Result<Self, StoreError> {
        let address = PgConnectOptions::from_str(url).map_err(|error| StoreError::Unavailable {
            detail: format!("no valid database URL: {error}"),
        })?;
        let address = address
            .application_name("orderlog")
            .disable_statement_logging();
        let host = address.get_socket().map_or_else(
            || format!("{}:{}", address.get_host(), address.get_port()),
            |socket| socket.display().to_string(),
        );
        let database = address.get_database().unwrap_or(address.get_username());
        Ok(Self {
            name: format!("{host}/{database}"),
            options,
            address,
        })
    }

    /// Opens a connection.
    pub(super) async fn connect(&self, purpose: Purpose) -> Result<PgConnection, StoreError> {
        let address = self.address(purpose);
        let opening = tokio::time::timeout(self.options.connect_timeout, address.connect()).await;
        match opening {
            Ok(opened) => opened.map_err(|error| classify(&self.name, &error)),
            Err(_) => Err(StoreError::Unavailable {
                detail: format!("{} does not answer", self.name),
            }),
        }
    }

    /// A pool of connections, opened as they are needed.
    pub(super) fn pool(&self, purpose: Purpose, size: u32) -> PgPool {
        PgPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(self.options.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRUSTED_IDLE {
                        sqlx::Connection::ping(connection).await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(self.address(purpose))
    }

    fn address(&self, purpose: Purpose) -> PgConnectOptions {
        let read_only = match purpose {
            Purpose::Read => "on",
            Purpose::Append | Purpose::Tell => "off",
        };
        let millis = |limit: Duration| limit.as_millis().to_string();
        let (statement, lock, durable) = match purpose {
            Purpose::Append => (self.options.append_timeout, self.options.lock_timeout, "on"),
            Purpose::Read => (self.options.read_timeout, self.options.lock_timeout, "on"),
            Purpose::Tell => (self.options.read_timeout, self.options.lock_timeout, "off"),
        };
        self.address
            .clone()
            .options([
                ("statement_timeout", millis(statement)),
                ("lock_timeout", millis(lock)),
                ("idle_in_transaction_session_timeout", millis(statement)),
            ])
            .options([
                ("synchronous_commit", durable),
                ("default_transaction_read_only", read_only),
                ("default_transaction_isolation", "read\\ committed"),
                ("enable_seqscan", "off"),
                ("enable_bitmapscan", "off"),
                ("plan_cache_mode", "force_generic_plan"),
                ("jit", "off"),
                ("tcp_keepalives_idle", "10"),
                ("tcp_keepalives_interval", "5"),
                ("tcp_keepalives_count", "3"),
            ])
    }
}

//! How a system is run: on which engines, and which of its roles in this process.

use std::{fmt, path::PathBuf, time::Duration};

use chrono_tz::Tz;
use orderlog_command_api::{
    process::{
        notifications::mail::SmtpSettings,
        stripe::{StripeSettings, WebhookSecret},
    },
    webhook_key::WebhookKey,
};
use orderlog_runtime::kafka::Topic;

/// How the system is run.
#[derive(Clone, Debug)]
pub struct Config {
    /// What log and read models stand on.
    pub engines: Engines,
    /// What this process does.
    pub roles: Roles,
    /// Time zone whose days the daily sales are counted in.
    pub time_zone: Tz,
    /// Multiplies every waiting time of new orders' sagas.
    pub time_scale: f64,
    /// Who moves the money.
    pub payments: Payments,
    /// How customers are told, besides through the log.
    pub channels: Channels,
    /// How the log is sealed; `None`: it is not.
    pub sealing: Option<Sealing>,
}

/// How the log is sealed.
#[derive(Clone, Debug)]
pub struct Sealing {
    /// The file of the private keys. Where none is named it lies in the data directory, and a log in a
    /// database is not sealed.
    pub key: Option<PathBuf>,
    /// Events to a seal.
    pub every: u64,
    /// How long an event waits for its seal at most, about.
    pub interval: Duration,
    /// Where seals are kept once more.
    pub anchor: Option<PathBuf>,
}

/// Who moves the money, and whose notes about it are taken.
#[derive(Clone, Debug, Default)]
pub struct Payments {
    /// Stripe; nobody where it is simulated.
    pub stripe: Option<StripeSettings>,
    /// What Stripe signs its webhooks with, for processes that take them.
    pub webhook_secret: Option<WebhookSecret>,
}

/// How customers are told, besides through the log; what is absent is no channel.
#[derive(Clone, Debug, Default)]
pub struct Channels {
    /// Where mails go out.
    pub smtp: Option<SmtpSettings>,
    /// From what the secrets of webhook endpoints derive.
    pub webhook_key: Option<WebhookKey>,
    /// Whether webhooks may go to addresses inside: for tests and development.
    pub webhook_allow_internal: bool,
}

/// What log and read models stand on.
#[derive(Clone, Debug)]
pub enum Engines {
    /// SQLite files, for one process.
    Embedded {
        /// Where they lie; created where missing.
        data_dir: PathBuf,
    },
    /// PostgreSQL and Kafka, for many processes.
    Distributed(Distributed),
}

/// Where PostgreSQL and Kafka are.
#[derive(Clone, Debug)]
pub struct Distributed {
    /// The database of log, work and read models.
    pub database: DatabaseUrl,
    /// What writes the log there.
    pub event_store: EventStoreEngine,
    /// The topic that carries the log, for the roles that publish or follow it.
    pub topic: Option<Topic>,
    /// Into how many partitions its keys fall.
    pub partitions: u32,
    /// What the names of the public topics begin with; `None`: nothing is published there.
    pub public_topics: Option<String>,
}

/// What writes the log in PostgreSQL. Both write the same tables, beside each other if need be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum EventStoreEngine {
    /// orderlog itself, many commands in one transaction.
    #[default]
    Postgres,
    /// The crate postgres-es, one command after another.
    PostgresEs,
}

/// The address of a database. It may hold a password, which is not shown.
#[derive(Clone)]
pub struct DatabaseUrl(pub String);

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(hidden)")
    }
}

/// What a process does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// Takes commands over REST.
    pub command_api: bool,
    /// Publishes the log to Kafka, while it leads, and what other teams are told, neither on the embedded
    /// log; and seals the log.
    pub relay: bool,
    /// Folds the log into the read models.
    pub projector: bool,
    /// Runs sagas, timers, gateway calls and notifications.
    pub process: bool,
    /// Serves the read models over GraphQL.
    pub query_api: bool,
}

impl Roles {
    /// Everything in one process.
    pub const ALL: Self = Self {
        command_api: true,
        relay: true,
        projector: true,
        process: true,
        query_api: true,
    };

    /// Commands and queries while nothing follows the log: to measure the commands' side alone.
    pub const NO_FAN_OUT: Self = Self {
        relay: false,
        projector: false,
        process: false,
        ..Self::ALL
    };

    /// Nothing; a role is switched on with `..Roles::NONE`.
    pub const NONE: Self = Self {
        command_api: false,
        relay: false,
        projector: false,
        process: false,
        query_api: false,
    };
}

//! The options that every command over a shop's data shares: where the data lies, and how the shop is
//! run. Without a database it is the embedded log.

use std::path::PathBuf;

use clap::Args;

use super::{
    Failure, channels::ChannelArgs, kafka::KafkaArgs, payments::PaymentArgs, sealing::SealingArgs,
};
use crate::system::{Config, DatabaseUrl, Distributed, Engines, EventStoreEngine, Roles};

/// Where the data lies and how the shop is run.
#[derive(Clone, Debug, Args)]
pub struct ShopArgs {
    /// Directory of the log and the read models, where no database is given; created where missing.
    #[arg(
        long,
        env = "ORDERLOG_DATA_DIR",
        default_value = "orderlog-data",
        value_name = "DIR"
    )]
    pub data_dir: PathBuf,

    #[command(flatten)]
    servers: ServerArgs,

    #[command(flatten)]
    rules: RuleArgs,
}

/// Where PostgreSQL and Kafka are.
#[derive(Clone, Debug, Args)]
pub(super) struct ServerArgs {
    /// PostgreSQL database of log, work and read models, such as postgres://user:password@host/name.
    #[arg(
        long,
        env = "ORDERLOG_DATABASE",
        hide_env_values = true,
        value_name = "URL"
    )]
    database: Option<String>,

    /// What writes the log into the database: orderlog itself, or the crate postgres-es, which is slower and
    /// keeps payloads as JSON values. The tables are the same.
    #[arg(
        long,
        env = "ORDERLOG_EVENT_STORE",
        default_value = "postgres",
        value_name = "ENGINE"
    )]
    event_store: EventStoreEngine,

    #[command(flatten)]
    kafka: KafkaArgs,
}

/// How the shop is run.
#[derive(Clone, Debug, Args)]
pub(super) struct RuleArgs {
    /// Time zone whose days the daily sales are counted in.
    #[arg(
        long,
        env = "ORDERLOG_TIME_ZONE",
        default_value = "UTC",
        value_name = "ZONE"
    )]
    time_zone: chrono_tz::Tz,

    /// Multiplies every waiting time of new orders' sagas; 0.01 makes half an hour 18 seconds. For tests and demos.
    #[arg(
        long,
        env = "ORDERLOG_TIME_SCALE",
        default_value_t = 1.0,
        value_name = "FACTOR"
    )]
    time_scale: f64,

    #[command(flatten)]
    payments: PaymentArgs,

    #[command(flatten)]
    channels: ChannelArgs,

    #[command(flatten)]
    sealing: SealingArgs,
}

impl ShopArgs {
    /// All roles, on the database where one is given, else on the embedded log.
    pub(super) fn config(&self) -> Result<Config, Failure> {
        let engines = match self.servers.distributed() {
            Some(distributed) => Engines::Distributed(distributed),
            None if self.servers.event_store != EventStoreEngine::default() => {
                return Err(Failure::usage("--event-store asks for a --database URL"));
            }
            None if self.servers.kafka.public_topics.is_some() => {
                let message = "--public-topics asks for a --database URL and --kafka HOST:PORT";
                return Err(Failure::usage(message));
            }
            None => self.embedded(),
        };
        self.rules.config(engines, Roles::ALL)
    }

    /// All roles on the embedded log, for a command that knows no other.
    pub(super) fn embedded_config(&self) -> Result<Config, Failure> {
        if self.servers.database.is_some() {
            let message = "this works on the embedded log alone: leave --database and \
                           ORDERLOG_DATABASE out";
            return Err(Failure::usage(message));
        }
        let config = self.rules.config(self.embedded(), Roles::ALL)?;
        if config.payments.stripe.is_some() {
            let message = "this pays by the simulated gateway alone: leave --payment-gateway and \
                           ORDERLOG_PAYMENT_GATEWAY out";
            return Err(Failure::usage(message));
        }
        Ok(config)
    }

    fn embedded(&self) -> Engines {
        Engines::Embedded {
            data_dir: self.data_dir.clone(),
        }
    }
}

impl ServerArgs {
    fn distributed(&self) -> Option<Distributed> {
        let database = DatabaseUrl(self.database.clone()?);
        Some(Distributed {
            database,
            event_store: self.event_store,
            topic: self.kafka.topic(),
            partitions: self.kafka.partitions,
            public_topics: self.kafka.public_topics.clone(),
        })
    }

    /// The engines, for a command that has no embedded form.
    pub(super) fn engines(&self) -> Result<Engines, Failure> {
        self.distributed()
            .map(Engines::Distributed)
            .ok_or_else(|| Failure::usage("give --database URL, or set ORDERLOG_DATABASE"))
    }

    /// The database, for a command that needs one.
    pub(super) fn database(&self) -> Result<DatabaseUrl, Failure> {
        self.database
            .clone()
            .map(DatabaseUrl)
            .ok_or_else(|| Failure::usage("give --database URL, or set ORDERLOG_DATABASE"))
    }
}

impl RuleArgs {
    pub(super) fn config(&self, engines: Engines, roles: Roles) -> Result<Config, Failure> {
        Ok(Config {
            engines,
            roles,
            time_zone: self.time_zone,
            time_scale: self.time_scale,
            payments: self.payments.payments(roles)?,
            channels: self.channels.channels()?,
            sealing: self.sealing.sealing(),
        })
    }
}

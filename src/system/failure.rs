//! Why the system did not start, or a part of it ended: one line each, with what to do about it.

use orderlog_command_api::process::{
    notifications::{mail::MailError, webhook::WebhookError},
    stripe::StripeSettingsError,
};
use orderlog_domain::{fulfilment::TimingsError, schema::Unsound};
use orderlog_log::{
    event_store::StoreError,
    seal::{KeyError, SealError},
};
use orderlog_runtime::{
    kafka::{RelayError, TopicError},
    postgres::{PgMigrateError, PgOpenError},
    process::ProcessError,
    projector::ProjectorError,
    read_store::ReadError,
    sqlite::OpenError,
};

/// Why the system did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log can't be opened.
    #[error("{0}{mend}", mend = mend(.0))]
    Log(#[from] StoreError),
    /// This build can't be trusted to read what older ones have recorded.
    #[error("{0}; nothing was opened: start another build")]
    Schema(#[from] Unsound),
    /// The read models can't be opened.
    #[error("{0}")]
    ReadModels(#[from] OpenError),
    /// The tables of read models and work can't be used.
    #[error("{0}")]
    Tables(#[from] PgOpenError),
    /// The database's address can't be read.
    #[error("--database: {0}")]
    Database(String),
    /// The tables can't be made.
    #[error("{0}")]
    Migration(#[from] PgMigrateError),
    /// Nobody said where Kafka is.
    #[error("this role follows or fills the topic: give --kafka HOST:PORT")]
    NoKafka,
    /// The read models can't be read.
    #[error("{0}")]
    Rows(#[from] ReadError),
    /// The projector can't begin.
    #[error("{0}")]
    Projector(#[from] ProjectorError),
    /// Mails can't be sent as it was said.
    #[error("{0}")]
    Mail(#[from] MailError),
    /// Webhooks can't be sent.
    #[error("{0}")]
    Webhooks(#[from] WebhookError),
    /// Nothing can be published to the public topics.
    #[error("--public-topics: {0}")]
    PublicTopics(TopicError),
    /// The waiting times make no sense.
    #[error("--time-scale: {0}")]
    Timings(#[from] TimingsError),
    /// The log can't be sealed.
    #[error("{0}; a log that is not to be sealed takes --no-seals")]
    SealKey(#[from] KeyError),
    /// Nobody said what to seal with.
    #[error("a log in PostgreSQL is sealed with a key that is named: give --seal-key FILE")]
    NoSealKey,
    /// A seal can't be made.
    #[error("{0}")]
    Seal(#[from] SealError),
    /// The payment gateway can't be called.
    #[error("--payment-gateway stripe: {0}")]
    Stripe(#[from] StripeSettingsError),
    /// A factor that is none.
    #[error("--time-scale {0} is not a positive number")]
    TimeScale(f64),
}

impl StartError {
    /// Whether there is something where there should be nothing.
    pub fn is_occupied(&self) -> bool {
        matches!(self, Self::Log(StoreError::Occupied { .. }))
    }

    /// Whether there is nothing where the log should be.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Log(StoreError::Missing { .. }))
    }

    /// Whether a server could not be reached.
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Log(StoreError::Unavailable { .. })
                | Self::Tables(PgOpenError::Database(_))
                | Self::Rows(ReadError::Unavailable { .. })
                | Self::Migration(PgMigrateError::Log(StoreError::Unavailable { .. }))
        )
    }
}

/// Why a part of a running system ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// The projector can't go on.
    #[error("the projector stopped: {0}")]
    Projector(#[from] ProjectorError),
    /// The process can't go on.
    #[error("the process stopped: {0}")]
    Process(#[from] ProcessError),
    /// Nothing is published to the public topics any more.
    #[error("the public topics stopped: {0}")]
    PublicTopics(ProcessError),
    /// The relay can't go on.
    #[error("the relay stopped: {0}")]
    Relay(#[from] RelayError),
    /// The log failed.
    #[error("the work loop stopped: {0}")]
    Work(#[from] StoreError),
    /// A part ended that should run until the system stops.
    #[error("a part of the system ended by itself: {0}")]
    Ended(String),
}

/// What to do about a log that can't be opened.
fn mend(error: &StoreError) -> &'static str {
    match error {
        StoreError::Missing { .. } => "; give the --data-dir of a shop, or --database URL",
        StoreError::NotReadable { .. } => "; grant the right to read there",
        StoreError::InUse { .. } => "; stop it, or give another --data-dir",
        StoreError::Newer { .. } => "; start the newer version",
        StoreError::NewerEvent { .. } => "",
        StoreError::Older { .. } => "; give another --data-dir, and import anew",
        StoreError::NotWritable { .. } => {
            "; grant the right to write there, or give another --data-dir"
        }
        StoreError::DiskFull { .. } => "; free some space",
        StoreError::Corrupt { .. } => "; restore it from a backup",
        StoreError::Denied { .. } => "; give a --database URL with the right user and password",
        StoreError::Occupied { .. } => "; give an empty --data-dir",
        StoreError::Moved { .. } => {
            "; give that --database, or take the mark away with `orderlog migrate-store --unmark`, \
             which makes two shops of one"
        }
        StoreError::Moving { .. } => {
            "; run `orderlog migrate-store` once more to finish, or with --unmark to stay here"
        }
        StoreError::NotMigrated { .. }
        | StoreError::Foreign { .. }
        | StoreError::Invalid { .. }
        | StoreError::Unknown { .. }
        | StoreError::Unavailable { .. } => "",
    }
}

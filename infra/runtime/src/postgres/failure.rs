//! What PostgreSQL's failures come to: a transaction that was given up for another one's sake is
//! run again, anything else that the server or the network said is the store being unavailable.

use std::time::Duration;

use orderlog_log::event_store::StoreError;

use crate::{
    backoff::Backoff,
    read_store::{CommitError, ReadError},
};

/// Tries of one transaction that conflicts with others.
const TRIES: u32 = 6;
/// How long before the next one.
const AGAIN: Backoff = Backoff {
    first: Duration::from_millis(5),
    most: Duration::from_millis(200),
};

/// Why a transaction came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server or the network failed.
    Sql(sqlx::Error),
    /// A checkpoint of this projection is not the one expected.
    Fenced(String),
    /// The store does not do what was asked.
    Refused(ReadError),
}

impl Failure {
    /// The store does not do this.
    pub(super) fn refused(detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::Refused(ReadError::Unavailable { detail })
    }

    /// Whether the transaction lost against another one, and may win if it is run again.
    fn is_conflict(&self) -> bool {
        const SERIALIZATION: &str = "40001";
        const DEADLOCK: &str = "40P01";
        const LOCK_TIMEOUT: &str = "55P03";
        let Self::Sql(sqlx::Error::Database(error)) = self else {
            return false;
        };
        matches!(
            error.code().as_deref(),
            Some(SERIALIZATION | DEADLOCK | LOCK_TIMEOUT)
        )
    }
}

/// Runs a transaction, again where it lost against another one.
pub(super) async fn retried<T, F>(mut transaction: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut tries = 1;
    loop {
        match transaction().await {
            Err(failure) if failure.is_conflict() && tries < TRIES => {
                tokio::time::sleep(AGAIN.delay(tries)).await;
                tries += 1;
            }
            ended => return ended,
        }
    }
}

/// What the process and work stores answer.
pub(super) fn unavailable(failure: impl Into<Failure>) -> StoreError {
    let detail = match failure.into() {
        Failure::Sql(error) => error.to_string(),
        Failure::Fenced(name) => format!("another worker has taken over {name}"),
        Failure::Refused(error) => error.to_string(),
    };
    StoreError::Unavailable { detail }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Refused(error)
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error,
            Failure::Sql(error) => Self::Unavailable {
                detail: error.to_string(),
            },
            Failure::Fenced(projection) => Self::Unavailable {
                detail: format!("another worker has taken over {projection}"),
            },
        }
    }
}

impl From<Failure> for CommitError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Fenced(projection) => Self::Fenced { projection },
            other => Self::Store(other.into()),
        }
    }
}

//! How a command can end badly: one line for people, one exit code for scripts.

use std::process::ExitCode;

use crate::system::StartError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// It did not work.
    pub fn failed(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 1,
        }
    }

    /// It was not asked for rightly.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 2,
        }
    }

    /// What was named does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 3,
        }
    }

    /// Something stands against it.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 4,
        }
    }

    /// It did not come to pass in time.
    pub fn timed_out(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 5,
        }
    }

    /// A server could not be reached.
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 6,
        }
    }

    /// Some of it was done, some was not.
    pub fn partial(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 7,
        }
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        if error.is_unreachable() {
            Self::unreachable(error.to_string())
        } else if error.is_missing() {
            Self::not_found(error.to_string())
        } else if error.is_occupied() {
            Self::conflict(error.to_string())
        } else {
            Self::failed(error.to_string())
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::failed(format!("{error:#}"))
    }
}

//! One command of an import and its reply. What passes by itself (an aggregate under pressure) is
//! tried again; a failing store ends the import, which goes on when it is started again.

use std::time::Duration;

use orderlog_domain::refusal::Refusal;
use orderlog_log::{
    event_store::Fingerprint,
    executor::{CommandContext, Decides, ExecuteError, Executed, Executor},
};
use uuid::Uuid;

use super::ImportError;

/// How often a command is sent while its aggregate is under pressure.
const ATTEMPTS: u32 = 20;

/// Who asks, in the log.
const ACTOR: &str = "import";

/// Under which id a command is sent, and what makes two of them the same.
#[derive(Clone, Debug)]
pub(super) struct Command {
    id: Uuid,
    fingerprint: Option<Fingerprint>,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply<E> {
    /// Carried out now.
    New(Executed),
    /// Carried out by an earlier run.
    Repeated(Executed),
    /// Refused by a rule.
    Refused(E),
    /// An earlier run has sent another content under this id.
    IdReused,
}

impl Command {
    /// The same id with the same JSON is the same command.
    pub(super) fn new(id: Uuid) -> Self {
        Self {
            id,
            fingerprint: None,
        }
    }

    /// The same id with the same fingerprint is the same command.
    pub(super) fn with_fingerprint(self, fingerprint: Fingerprint) -> Self {
        Self {
            fingerprint: Some(fingerprint),
            ..self
        }
    }

    fn context(&self) -> CommandContext {
        CommandContext {
            command_id: self.id,
            correlation_id: self.id,
            causation_id: self.id,
            actor: ACTOR.to_owned(),
            traceparent: None,
            expected_version: None,
            fingerprint: self.fingerprint,
        }
    }
}

/// Sends `content` to the aggregate `id`.
pub(super) async fn send<A>(
    executor: &Executor<A>,
    id: &str,
    content: A::Command,
    command: Command,
) -> Result<Reply<A::Error>, ImportError>
where
    A: Decides,
    A::Error: Refusal,
{
    let mut attempt = 0;
    loop {
        attempt += 1;
        match executor
            .execute(id, content.clone(), command.context())
            .await
        {
            Ok(executed) if executed.repeated => return Ok(Reply::Repeated(executed)),
            Ok(executed) => return Ok(Reply::New(executed)),
            Err(ExecuteError::Refused { refusal, .. }) => return Ok(Reply::Refused(refusal)),
            Err(ExecuteError::IdReused(_)) => return Ok(Reply::IdReused),
            Err(ExecuteError::Conflict { .. } | ExecuteError::Overloaded { .. })
                if attempt < ATTEMPTS =>
            {
                tokio::time::sleep(Duration::from_millis(10 * u64::from(attempt))).await;
            }
            Err(ExecuteError::Store(error)) => return Err(error.into()),
            Err(
                error @ (ExecuteError::Conflict { .. }
                | ExecuteError::Overloaded { .. }
                | ExecuteError::VersionMismatch { .. }
                | ExecuteError::TooLarge { .. }),
            ) => return Err(ImportError::Command(error.to_string())),
        }
    }
}

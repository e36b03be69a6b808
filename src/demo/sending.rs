//! One command of the demo. A refusal is part of the show; pressure passes by itself.

use std::time::Duration;

use orderlog_domain::refusal::Refusal;
use orderlog_log::executor::{CommandContext, Decides, ExecuteError, Executor};
use uuid::Uuid;

use super::DemoError;

/// Who asks, in the log.
const ACTOR: &str = "demo";

/// Pause before a command is sent again to an aggregate under pressure.
const PAUSE: Duration = Duration::from_millis(100);

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Carried out or refused now.
    Now,
    /// The answer to the same command of an earlier run.
    Before,
}

/// Sends `content` to the aggregate `id`.
pub(super) async fn send<A>(
    executor: &Executor<A>,
    id: &str,
    content: A::Command,
    command_id: Uuid,
) -> Result<Sent, DemoError>
where
    A: Decides,
    A::Error: Refusal,
{
    let context = CommandContext {
        command_id,
        correlation_id: command_id,
        causation_id: command_id,
        actor: ACTOR.to_owned(),
        traceparent: None,
        expected_version: None,
        fingerprint: None,
    };
    loop {
        return match executor.execute(id, content.clone(), context.clone()).await {
            Ok(executed) => Ok(if executed.repeated {
                Sent::Before
            } else {
                Sent::Now
            }),
            Err(ExecuteError::Refused {
                refusal, repeated, ..
            }) => {
                tracing::debug!(aggregate = id, code = refusal.code(), %refusal, "refused");
                Ok(if repeated { Sent::Before } else { Sent::Now })
            }
            // A price that was changed since makes another order of the same number.
            Err(ExecuteError::IdReused(_)) => Ok(Sent::Before),
            Err(ExecuteError::Conflict { .. } | ExecuteError::Overloaded { .. }) => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Err(ExecuteError::Store(error)) => Err(error.into()),
            Err(error @ (ExecuteError::VersionMismatch { .. } | ExecuteError::TooLarge { .. })) => {
                Err(DemoError::Command(error.to_string()))
            }
        };
    }
}

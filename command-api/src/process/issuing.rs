//! Sends the commands of one step of a saga, many at once, and brings back their replies in the
//! saga's order. A refusal by a rule is a reply; a failure of the infrastructure is none, and the
//! whole step is sent again under the same ids.

use futures::{StreamExt, TryStreamExt, stream};
use orderlog_domain::{
    fulfilment::{IssuedCommand, Reply, ReplyOutcome, TargetRefusal, TargetedCommand},
    refusal::{Refusal, RefusalClass},
};
use orderlog_log::executor::{CommandContext, Decides, ExecuteError, Executed, Executor};
use orderlog_runtime::process::HandleError;

use crate::aggregates::{Aggregates, stock_id};

use super::cause::{Cause, SAGA};

/// Commands of one step in flight; an order may have a thousand lines.
const IN_FLIGHT: usize = 64;

/// Sends all commands and answers with one reply each.
pub(super) async fn issue(
    aggregates: &Aggregates,
    commands: Vec<IssuedCommand>,
    cause: &Cause,
) -> Result<Vec<Reply>, HandleError> {
    stream::iter(commands)
        .map(|issued| send(aggregates, issued, cause))
        .buffered(IN_FLIGHT)
        .try_collect()
        .await
}

async fn send(
    aggregates: &Aggregates,
    issued: IssuedCommand,
    cause: &Cause,
) -> Result<Reply, HandleError> {
    let context = cause.issued(issued.command_id, SAGA);
    let outcome = match issued.command {
        TargetedCommand::Stock {
            sku,
            warehouse,
            command,
        } => {
            let id = stock_id(&sku, &warehouse);
            outcome(
                aggregates.stock.execute(&id, command, context).await,
                TargetRefusal::Stock,
            )
        }
        TargetedCommand::Payment {
            payment_id,
            command,
        } => {
            let id = payment_id.to_string();
            outcome(
                aggregates.payments.execute(&id, command, context).await,
                TargetRefusal::Payment,
            )
        }
        TargetedCommand::Order { order_id, command } => {
            let id = order_id.to_string();
            outcome(
                aggregates.orders.execute(&id, command, context).await,
                TargetRefusal::Order,
            )
        }
    };
    Ok(Reply {
        command_id: issued.command_id,
        outcome: outcome?,
    })
}

/// The reply that an execution is, or why there is none yet.
fn outcome<E: std::error::Error>(
    executed: Result<Executed, ExecuteError<E>>,
    refused: impl Fn(E) -> TargetRefusal,
) -> Result<ReplyOutcome, HandleError> {
    match executed {
        Ok(_) => Ok(ReplyOutcome::Accepted),
        Err(ExecuteError::Refused { refusal, .. }) => Ok(ReplyOutcome::Refused(refused(refusal))),
        Err(error) => Err(failure(&error)),
    }
}

/// Sends one command of the system's own; a refusal by a rule is settled, not an error.
pub(super) async fn settle<A>(
    executor: &Executor<A>,
    id: &str,
    command: A::Command,
    context: CommandContext,
) -> Result<(), HandleError>
where
    A: Decides,
    A::Error: Refusal,
{
    match executor.execute(id, command, context).await {
        Ok(_) => Ok(()),
        // What the system itself words wrongly is a defect, and no event behind it may pass.
        Err(ExecuteError::Refused { refusal, .. })
            if refusal.class() == RefusalClass::Malformed =>
        {
            Err(HandleError::Poison(refusal.to_string()))
        }
        Err(ExecuteError::Refused { refusal, .. }) => {
            tracing::debug!(aggregate = id, code = refusal.code(), %refusal, "refused");
            Ok(())
        }
        Err(error) => Err(failure(&error)),
    }
}

/// What passes by itself is handled again; what does not is parked.
fn failure<E: std::error::Error>(error: &ExecuteError<E>) -> HandleError {
    match error {
        ExecuteError::Conflict { .. }
        | ExecuteError::Overloaded { .. }
        | ExecuteError::Store(_) => HandleError::Infrastructure(error.to_string()),
        ExecuteError::Refused { .. }
        | ExecuteError::IdReused(_)
        | ExecuteError::VersionMismatch { .. }
        | ExecuteError::TooLarge { .. } => HandleError::Poison(error.to_string()),
    }
}

//! One attempt of a work row that comes down to one command. A refusal by a rule settles the row;
//! what is not yet due, or waits for something in flight, and what the infrastructure failed at is
//! attempted again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use orderlog_domain::refusal::{Refusal, RefusalClass};
use orderlog_log::{
    clock::Clock,
    executor::{CommandContext, Decides, ExecuteError, Executor},
};
use orderlog_runtime::work::WorkOutcome;

/// Pause where the aggregate is not ready for the command.
const NOT_READY: TimeDelta = TimeDelta::seconds(1);

/// Pause where the infrastructure failed.
const FAILED: TimeDelta = TimeDelta::milliseconds(200);

/// Where an attempt's command goes.
pub(super) struct Attempt<'a, A: Decides> {
    pub executor: &'a Executor<A>,
    pub clock: &'a Clock,
}

impl<A> Attempt<'_, A>
where
    A: Decides,
    A::Error: Refusal,
{
    /// Sends the command, and says what that means for the row.
    pub(super) async fn send(
        &self,
        id: &str,
        command: A::Command,
        context: CommandContext,
    ) -> WorkOutcome {
        match self.executor.execute(id, command, context).await {
            Ok(_) => WorkOutcome::Done,
            Err(ExecuteError::Refused { refusal, .. }) => match refusal.class() {
                RefusalClass::NotYet | RefusalClass::InFlight => {
                    again(self.clock, NOT_READY, refusal.to_string())
                }
                RefusalClass::Malformed
                | RefusalClass::NotFound
                | RefusalClass::State
                | RefusalClass::Rule => {
                    tracing::debug!(aggregate = id, code = refusal.code(), %refusal, "refused");
                    WorkOutcome::Done
                }
            },
            Err(error) => again(self.clock, FAILED, error.to_string()),
        }
    }
}

/// The row is attempted again after a pause.
pub(super) fn again(clock: &Clock, pause: TimeDelta, reason: String) -> WorkOutcome {
    let at = after(clock, pause);
    WorkOutcome::Again { at, reason }
}

/// Nothing was done; the row is attempted after a pause as if it had not been leased.
pub(super) fn postponed(clock: &Clock, pause: Duration, reason: String) -> WorkOutcome {
    let at = after(clock, TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX));
    WorkOutcome::Postponed { at, reason }
}

fn after(clock: &Clock, pause: TimeDelta) -> DateTime<Utc> {
    clock
        .now()
        .checked_add_signed(pause)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

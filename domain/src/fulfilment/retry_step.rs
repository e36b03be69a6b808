//! Retry: what stays unanswered, was refused or has failed is issued again now, and counts as tried
//! for the first time. Nothing is done twice: commands without a reply go out under their own ids,
//! an operation of a payment is begun anew only where the former is known to have failed, and where
//! nobody knows what became of it the gateway is asked.

use serde::{Deserialize, Serialize};

use crate::payment::Operation;

use super::{
    FulfilmentEvent, FulfilmentRefusal, Intervention, Step, TimerPurpose, account::Outcome,
    capturing, decision::Decision, go_on, reconciling::ask_gateway, state::Issue, undoing,
};

/// Have the step's commands and operations that went wrong issued again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RetryStep {
    /// Who retries, and why.
    pub intervention: Intervention,
}

impl RetryStep {
    pub(super) fn decide(self, decision: &mut Decision) -> Result<(), FulfilmentRefusal> {
        self.intervention.check()?;
        decision.begun()?;
        let step = decision.state.step;
        if step == Step::Completed {
            return Err(FulfilmentRefusal::Ended { step });
        }
        let stuck = decision.state.stuck_operations();
        let unanswered = decision.state.issues.clone();
        decision.record(FulfilmentEvent::StepRetried {
            order_id: decision.state.order_id(),
            step,
            intervention: self.intervention,
        });
        decision.cancel_timers_of(&stuck);
        unanswered
            .into_iter()
            .for_each(|issue| send_again(decision, issue));
        for (payment_id, op) in stuck {
            match op.outcome {
                Outcome::Unknown { sent, .. } => ask_gateway(decision, op.operation_id, sent + 1),
                Outcome::Failed { .. } if op.operation == Operation::Capture => {
                    capturing::send_capture(decision);
                }
                Outcome::Failed { .. } => undoing::send(decision, payment_id, op.operation),
                Outcome::Pending
                | Outcome::ActionRequired
                | Outcome::Conflict
                | Outcome::Succeeded { .. } => {}
            }
        }
        go_on(decision);
        match step {
            _ if decision.has_issued() => Ok(()),
            Step::Compensated => Err(FulfilmentRefusal::Ended { step }),
            _ => Err(FulfilmentRefusal::NothingToRetry { step }),
        }
    }
}

/// Under their own ids: whatever became of the commands, they are answered with it.
fn send_again(decision: &mut Decision, issue: Issue) {
    if let Some(issue_id) = decision.send(issue.commands) {
        decision.schedule(
            TimerPurpose::Answer {
                issue_id,
                attempt: 1,
            },
            decision.state.timings.answer,
        );
    }
}

//! Resume: what was in the way was mended outside, so the process looks again and goes on at its own
//! pace. What was refused is asked again, waits begin anew, and what failed for now is tried again
//! in its time, with all its tries. What failed for good stays so: that takes a retry or a skip.

use serde::{Deserialize, Serialize};

use super::{
    FulfilmentEvent, FulfilmentRefusal, Intervention, TimerPurpose, decision::Decision, go_on,
};

/// Go on by yourself; nobody has to look any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResumeFulfilment {
    /// Who lets it go on, and why.
    pub intervention: Intervention,
}

impl ResumeFulfilment {
    pub(super) fn decide(self, decision: &mut Decision) -> Result<(), FulfilmentRefusal> {
        self.intervention.check()?;
        decision.begun()?;
        let reason = decision.stuck()?;
        decision.record(FulfilmentEvent::FulfilmentResumed {
            order_id: decision.state.order_id(),
            step: decision.state.step,
            intervention: self.intervention,
        });
        wait_for_answers(decision);
        go_on(decision);
        if decision.state.operator.as_ref() == Some(&reason) && !decision.has_issued() {
            return Err(FulfilmentRefusal::StillStuck { reason });
        }
        Ok(())
    }
}

/// Commands that stayed unanswered have their time again, then they are sent again.
fn wait_for_answers(decision: &mut Decision) {
    let unanswered: Vec<_> = decision.state.issues.iter().map(|it| it.issue_id).collect();
    for issue_id in unanswered {
        let is_for = |purpose: &TimerPurpose| matches!(purpose, TimerPurpose::Answer { issue_id: of, .. } if *of == issue_id);
        if !decision.state.has_timer(is_for) {
            let purpose = TimerPurpose::Answer {
                issue_id,
                attempt: 1,
            };
            decision.schedule(purpose, decision.state.timings.answer);
        }
    }
}

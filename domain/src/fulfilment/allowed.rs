//! Which commands can change a fulfilment now. What an operator may do is found out by trying, so
//! that nothing is offered that would be refused.

use crate::DecidedAt;

use super::{
    CompensateNow, Fulfilment, FulfilmentCommand, Intervention, Resolution, ResolveFulfilment,
    ResumeFulfilment, RetryStep, SkipStep, Step,
};

impl Fulfilment {
    /// Names of the commands that can change it now.
    pub fn allowed_commands(&self, at: DecidedAt) -> Vec<&'static str> {
        let takes = |command| self.decide(command, at).is_ok();
        let intervention = Intervention {
            actor: "operator".to_owned(),
            reason: "is it possible?".to_owned(),
        };
        let retry = RetryStep {
            intervention: intervention.clone(),
        };
        let skip = SkipStep {
            intervention: intervention.clone(),
            amount: self.at_stake(),
        };
        let compensate = CompensateNow {
            intervention: intervention.clone(),
        };
        let resume = ResumeFulfilment {
            intervention: intervention.clone(),
        };
        let resolve = ResolveFulfilment {
            intervention,
            resolution: Resolution::Compensated,
        };
        let table = [
            ("Observe", self.step != Step::Completed),
            ("RecordReplies", !self.issues.is_empty()),
            ("FireTimer", !self.timers.is_empty()),
            ("RetryStep", takes(FulfilmentCommand::RetryStep(retry))),
            ("SkipStep", takes(FulfilmentCommand::SkipStep(skip))),
            (
                "CompensateNow",
                takes(FulfilmentCommand::CompensateNow(compensate)),
            ),
            ("ResumeFulfilment", takes(FulfilmentCommand::Resume(resume))),
            (
                "ResolveFulfilment",
                takes(FulfilmentCommand::Resolve(resolve)),
            ),
        ];
        table
            .into_iter()
            .filter_map(|(name, allowed)| allowed.then_some(name))
            .collect()
    }
}

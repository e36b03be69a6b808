//! What operators do in a story, and the places where fulfilments get stuck.

use super::story::*;
use crate::{
    fulfilment::{
        CompensateNow, FulfilmentCommand, FulfilmentRefusal, Intervention, OperatorReason,
        Resolution, ResolveFulfilment, ResumeFulfilment, RetryStep, SkipStep, Status, Step,
    },
    money::Money,
    payment::Operation,
    refusal::{Refusal, RefusalClass},
    stock::StockRefusal,
};

pub(super) fn intervention() -> Intervention {
    Intervention {
        actor: "ada".to_owned(),
        reason: "the gateway was down".to_owned(),
    }
}

pub(super) fn retry() -> FulfilmentCommand {
    let intervention = intervention();
    FulfilmentCommand::RetryStep(RetryStep { intervention })
}

pub(super) fn skip(amount: Option<Money>) -> FulfilmentCommand {
    let intervention = intervention();
    FulfilmentCommand::SkipStep(SkipStep {
        intervention,
        amount,
    })
}

pub(super) fn compensate() -> FulfilmentCommand {
    let intervention = intervention();
    FulfilmentCommand::CompensateNow(CompensateNow { intervention })
}

pub(super) fn resume() -> FulfilmentCommand {
    let intervention = intervention();
    FulfilmentCommand::Resume(ResumeFulfilment { intervention })
}

pub(super) fn resolve(resolution: Resolution) -> FulfilmentCommand {
    let intervention = intervention();
    FulfilmentCommand::Resolve(ResolveFulfilment {
        intervention,
        resolution,
    })
}

/// All verbs, under a reason.
fn verbs(intervention: &Intervention) -> [FulfilmentCommand; 5] {
    let intervention = || intervention.clone();
    [
        FulfilmentCommand::RetryStep(RetryStep {
            intervention: intervention(),
        }),
        FulfilmentCommand::SkipStep(SkipStep {
            intervention: intervention(),
            amount: None,
        }),
        FulfilmentCommand::CompensateNow(CompensateNow {
            intervention: intervention(),
        }),
        FulfilmentCommand::Resume(ResumeFulfilment {
            intervention: intervention(),
        }),
        FulfilmentCommand::Resolve(ResolveFulfilment {
            intervention: intervention(),
            resolution: Resolution::Compensated,
        }),
    ]
}

impl Story {
    pub(super) fn retried(self) -> Self {
        self.hears(retry())
    }

    pub(super) fn skipped(self) -> Self {
        self.hears(skip(None))
    }

    pub(super) fn skipped_for(self, amount: Money) -> Self {
        self.hears(skip(Some(amount)))
    }

    pub(super) fn turned_back(self) -> Self {
        self.hears(compensate())
    }

    pub(super) fn resumed(self) -> Self {
        self.hears(resume())
    }

    pub(super) fn resolved(self, resolution: Resolution) -> Self {
        self.hears(resolve(resolution))
    }

    /// The command is refused, for this reason, and changes nothing.
    #[track_caller]
    pub(super) fn refuses(mut self, command: FulfilmentCommand, code: &str) -> Self {
        let before = self.saga.clone();
        let refusal = self.try_hear(command).expect_err("it is refused");
        assert_eq!(refusal.code(), code, "{refusal}");
        assert_eq!(self.saga, before);
        self
    }

    /// It waits for a person, for this reason.
    #[track_caller]
    pub(super) fn stuck(self, reason: &OperatorReason) -> Self {
        assert_eq!(self.saga.status(), Status::NeedsOperator);
        assert_eq!(self.saga.operator.as_ref(), Some(reason));
        self
    }
}

/// The gateway was asked about an operation as often as it is, and does not know.
pub(super) fn asked_in_vain(story: Story, operation: Operation) -> Story {
    (1..=5).fold(story, |story, attempt| {
        let story = story.time_passes().accepted();
        story.still_unknown(operation, attempt)
    })
}

/// Nobody knows what became of the authorization; it was called off.
pub(super) fn unknown_authorization() -> Story {
    let story = asked_in_vain(
        authorizing().unknown(Operation::Authorize),
        Operation::Authorize,
    );
    story.accepted().stuck(&OperatorReason::OutcomeUnknown {
        operation: Operation::Authorize,
    })
}

/// Nobody knows what became of the capture.
pub(super) fn unknown_capture() -> Story {
    let story = asked_in_vain(capturing().unknown(Operation::Capture), Operation::Capture);
    story.stuck(&OperatorReason::OutcomeUnknown {
        operation: Operation::Capture,
    })
}

/// 20.00 EUR were taken and are to be given back.
pub(super) fn refunding() -> Story {
    let story = capturing().captured(2000).cancelled();
    story.accepted().accepted().accepted()
}

/// They can't be given back.
pub(super) fn refund_failed() -> Story {
    let story = refunding().failed(Operation::Refund, false);
    story.stuck(&OperatorReason::OperationFailed {
        operation: Operation::Refund,
        code: "no".to_owned(),
    })
}

/// Commands of the first step stay unanswered.
pub(super) fn unanswered() -> Story {
    let story = (0..5).fold(placed(), |story, _| story.time_passes());
    let step = Step::Reserving;
    story.stuck(&OperatorReason::Unanswered { step })
}

/// What has left can't be taken off the stock.
pub(super) fn commit_refused() -> Story {
    let refusal = || stock_refusal(StockRefusal::StillBackordered { backordered: 1 });
    let story = awaiting_dispatch().dispatched().refused(refusal());
    let story = (0..9).fold(story, |story, _| story.time_passes().refused(refusal()));
    let step = Step::Dispatching;
    story.stuck(&OperatorReason::RefusedRepeatedly { step })
}

#[test]
fn every_verb_has_a_reason_and_somebody_who_gives_it() {
    let texts = |actor: &str, reason: &str| Intervention {
        actor: actor.to_owned(),
        reason: reason.to_owned(),
    };
    for intervention in [
        texts("ada", " "),
        texts("ada", ""),
        texts("", "why not"),
        texts("ada", &"x".repeat(501)),
        texts(&"x".repeat(129), "why not"),
    ] {
        for verb in verbs(&intervention) {
            refund_failed().refuses(verb, "fulfilment.text_out_of_range");
        }
    }
    let longest = texts(&"x".repeat(128), &"ß".repeat(500));
    let [retry, ..] = verbs(&longest);
    refund_failed().hears(retry);
}

#[test]
fn an_order_that_nobody_carries_through_takes_no_verb() {
    for verb in verbs(&intervention()) {
        let mut story = new();
        let refusal = story.try_hear(verb).expect_err("there is no saga");
        assert_eq!(refusal, FulfilmentRefusal::NotFound);
        assert_eq!(refusal.class(), RefusalClass::NotFound);
    }
}

#[test]
fn what_is_completed_takes_no_verb() {
    for verb in verbs(&intervention()) {
        let delivered = awaiting_delivery();
        let completed = delivered.observes(crate::fulfilment::Observed::OrderCompleted);
        completed.refuses(verb, "fulfilment.ended");
    }
}

#[test]
fn what_is_compensated_takes_no_verb() {
    for verb in verbs(&intervention()) {
        let compensated = authorizing().declined().accepted().accepted();
        compensated.refuses(verb, "fulfilment.ended");
    }
}

#[test]
fn what_may_be_done_about_it_is_said() {
    let possible = |story: &Story| {
        let all = story.saga.allowed_commands(story.at);
        let news = ["Observe", "RecordReplies", "FireTimer"];
        let verbs = all.into_iter().filter(|name| !news.contains(name));
        verbs.collect::<Vec<_>>()
    };
    assert_eq!(possible(&authorizing()), ["CompensateNow"]);
    assert_eq!(
        possible(&refund_failed()),
        ["RetryStep", "SkipStep", "ResolveFulfilment"]
    );
    assert_eq!(refund_failed().saga.at_stake(), Some(eur(2000)));
    assert_eq!(
        possible(&unknown_authorization()),
        [
            "RetryStep",
            "CompensateNow",
            "ResumeFulfilment",
            "ResolveFulfilment"
        ]
    );
    assert_eq!(unknown_authorization().saga.at_stake(), None);
    assert!(possible(&authorizing().declined().accepted().accepted()).is_empty());
}

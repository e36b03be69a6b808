//! Replays a recorded fulfilment: each piece of news that its stream tells of is given to today's
//! rules, in the state that the recorded events had led to, and what they decide is compared with
//! what was decided then. News that changed nothing left no event, and are not replayed.
//! Next: golden histories in `tests/golden/histories`, `orderlog saga replay` for those of a shop.

use uuid::Uuid;

use crate::DecidedAt;

use super::{
    CompensateNow, FireTimer, Fulfilment, FulfilmentCommand, FulfilmentEvent, FulfilmentRefusal,
    Observe, Observed, RecordReplies, ResolveFulfilment, ResumeFulfilment, RetryStep, SkipStep,
    history::Recorded, skip_step,
};

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replay {
    /// How many decisions the history holds.
    pub decisions: usize,
    /// Those that today's rules make otherwise, oldest first.
    pub differences: Vec<Difference>,
}

/// A decision that today's rules make otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Version of its first event.
    pub version: u64,
    /// When it was made.
    pub at: DecidedAt,
    /// What it answers.
    pub news: FulfilmentCommand,
    /// What was decided then.
    pub recorded: Vec<FulfilmentEvent>,
    /// What is decided today.
    pub today: Result<Vec<FulfilmentEvent>, FulfilmentRefusal>,
}

/// Makes every decision of the history anew, each on what was recorded before it.
pub fn replay(history: &[Recorded]) -> Replay {
    let mut state = Fulfilment::default();
    let mut replay = Replay::default();
    for decided in history.chunk_by(|_, next| news(&next.data).is_none()) {
        let recorded: Vec<_> = decided.iter().map(|event| event.data.clone()).collect();
        let first = decided.first();
        if let Some((first, news)) = first.and_then(|first| Some((first, news(&first.data)?))) {
            replay.decisions += 1;
            let today = state.decide(news.clone(), first.occurred_at);
            if today.as_ref() != Ok(&recorded) {
                replay.differences.push(Difference {
                    version: first.version,
                    at: first.occurred_at,
                    news,
                    recorded: recorded.clone(),
                    today,
                });
            }
        }
        recorded.into_iter().for_each(|event| state.fold(event));
    }
    replay
}

/// What an event answers, if it is the first of its decision: news are recorded before all that
/// follows from them.
fn news(event: &FulfilmentEvent) -> Option<FulfilmentCommand> {
    match event {
        FulfilmentEvent::FulfilmentStarted { order, timings, .. } => {
            Some(observe(Observed::Placed {
                order: order.clone(),
                timings: Box::new(timings.clone()),
            }))
        }
        FulfilmentEvent::FactObserved { fact, .. } => Some(observe(fact.clone())),
        FulfilmentEvent::RepliesRecorded {
            issue_id, replies, ..
        } => Some(FulfilmentCommand::RecordReplies(RecordReplies {
            issue: *issue_id,
            replies: replies.clone(),
        })),
        FulfilmentEvent::TimerFired { timer_id, .. } => {
            Some(FulfilmentCommand::FireTimer(FireTimer {
                timer_id: *timer_id,
            }))
        }
        FulfilmentEvent::StepRetried { intervention, .. } => {
            let intervention = intervention.clone();
            Some(FulfilmentCommand::RetryStep(RetryStep { intervention }))
        }
        FulfilmentEvent::StepSkipped {
            intervention,
            settled,
            ..
        } => Some(FulfilmentCommand::SkipStep(SkipStep {
            intervention: intervention.clone(),
            amount: skip_step::total(settled),
        })),
        FulfilmentEvent::CompensationOrdered { intervention, .. } => {
            let intervention = intervention.clone();
            Some(FulfilmentCommand::CompensateNow(CompensateNow {
                intervention,
            }))
        }
        FulfilmentEvent::FulfilmentResumed { intervention, .. } => {
            let intervention = intervention.clone();
            Some(FulfilmentCommand::Resume(ResumeFulfilment { intervention }))
        }
        FulfilmentEvent::FulfilmentResolved {
            intervention,
            resolution,
            ..
        } => Some(FulfilmentCommand::Resolve(ResolveFulfilment {
            intervention: intervention.clone(),
            resolution: *resolution,
        })),
        FulfilmentEvent::StepEntered { .. }
        | FulfilmentEvent::CommandsIssued { .. }
        | FulfilmentEvent::TimerScheduled { .. }
        | FulfilmentEvent::TimerCancelled { .. }
        | FulfilmentEvent::CompensationStarted { .. }
        | FulfilmentEvent::OperatorNeeded { .. }
        | FulfilmentEvent::FulfilmentCompleted { .. }
        | FulfilmentEvent::FulfilmentCompensated { .. } => None,
    }
}

/// The fact alone is judged: under which id it was recorded changes nothing.
fn observe(fact: Observed) -> FulfilmentCommand {
    let event_id = Uuid::nil();
    FulfilmentCommand::Observe(Observe { event_id, fact })
}

#[cfg(test)]
mod tests {
    use super::super::history::{HistoryError, read, write};
    use super::*;

    const DELIVERED: &str = include_str!("../../tests/golden/histories/delivered.ndjson");

    fn delivered() -> Vec<Recorded> {
        read(DELIVERED).expect("a history")
    }

    #[test]
    fn a_history_is_written_as_it_was_read() {
        assert_eq!(write(&delivered()).expect("written"), DELIVERED);
    }

    #[test]
    fn what_is_decided_as_it_was_makes_no_difference() {
        let replay = replay(&delivered());
        assert_eq!(replay.differences, []);
        assert!(replay.decisions > 5, "{}", replay.decisions);
    }

    #[test]
    fn a_decision_that_was_made_otherwise_is_found() {
        let mut history = delivered();
        let is_step = |event: &Recorded| matches!(event.data, FulfilmentEvent::StepEntered { .. });
        let at = history.iter().position(is_step).expect("a step");
        history.remove(at);
        let found = replay(&history).differences;
        let first = found.first().expect("a difference");
        let today = first.today.as_ref().expect("decided");
        assert_eq!(today.len(), first.recorded.len() + 1);
        assert!(first.version <= at as u64, "{} {at}", first.version);
    }

    #[test]
    fn what_is_refused_today_is_a_difference() {
        let mut history = delivered();
        let first = history.first_mut().expect("a first event");
        let FulfilmentEvent::FulfilmentStarted { timings, .. } = &mut first.data else {
            panic!("{first:?}");
        };
        timings.answer_tries = 0;
        let found = replay(&history).differences;
        let first = found.first().expect("a difference");
        assert!(first.today.is_err(), "{first:?}");
    }

    #[test]
    fn what_is_no_history_is_refused_with_its_line() {
        let lines: Vec<&str> = DELIVERED.lines().collect();
        let second = lines
            .first()
            .expect("a line")
            .replace("\"version\":1", "\"version\":2");
        for (text, expected) in [
            (String::new(), HistoryError::Empty),
            (
                format!("{}\n{}", lines[0], lines[2]),
                HistoryError::Gap {
                    line: 2,
                    expected: 2,
                    found: 3,
                },
            ),
            (
                second,
                HistoryError::Gap {
                    line: 1,
                    expected: 1,
                    found: 2,
                },
            ),
            (
                lines[2].replace("\"version\":3", "\"version\":1"),
                HistoryError::NoBeginning,
            ),
        ] {
            assert_eq!(read(&text), Err(expected), "{text}");
        }
        for text in [
            "{",
            "\n",
            "[]",
            r#"{"version":1,"occurred_at":"2026-01-01T00:00:00Z","data":{"OrderPlaced":{}}}"#,
        ] {
            let read = read(text);
            assert!(
                matches!(read, Err(HistoryError::Unreadable { line: 1, .. })),
                "{text}: {read:?}"
            );
        }
    }
}

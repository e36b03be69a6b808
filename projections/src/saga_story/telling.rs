//! A story's moments: what the timeline tells, and of the saga's own facts what a timeline leaves out,
//! which commands were sent, which were refused and why, and what a timer was for.

use orderlog_domain::{
    fact::Fact,
    fulfilment::{FulfilmentEvent, ReplyOutcome},
};
use orderlog_log::event::RecordedEvent;

use super::Story;
use crate::{
    order_timeline::{Detail, DetailValue, Source, TimelineEntry, for_what},
    sagas::{Command, Outcome},
};

/// Commands and refusals that a moment names; the story's own lists have them all.
const NAMED: usize = 5;

/// What is told of an event, in a story that has come so far.
pub(super) fn moment(
    story: &Story,
    recorded: &RecordedEvent,
    fact: &Fact,
) -> Option<TimelineEntry> {
    let order_id = story.saga.order_id;
    if let Fact::Fulfilment(FulfilmentEvent::TimerCancelled { .. }) = fact {
        let (source, title) = (Source::Fulfilment, "Timer not needed any more".to_owned());
        let facts = timer_facts(story, fact);
        return Some(TimelineEntry::of(order_id, recorded, source, title, facts));
    }
    let mut entry = TimelineEntry::told(order_id, recorded, fact)?;
    if let Fact::Fulfilment(own) = fact {
        entry.facts.extend(more(story, own));
        if let FulfilmentEvent::TimerFired { .. } = own {
            entry.facts = timer_facts(story, fact);
        }
    }
    Some(entry)
}

fn more(story: &Story, fact: &FulfilmentEvent) -> Vec<Detail> {
    match fact {
        FulfilmentEvent::CommandsIssued { commands, .. } => {
            let named = commands.iter().take(NAMED).map(Command::of);
            let named = named
                .map(|command| text("command", format!("{} to {}", command.name, command.target)));
            named.chain(rest(commands.len())).collect()
        }
        FulfilmentEvent::RepliesRecorded { replies, .. } => {
            let refused: Vec<_> = replies
                .iter()
                .filter(|reply| reply.outcome != ReplyOutcome::Accepted)
                .collect();
            let named = refused.iter().take(NAMED).map(|reply| {
                let issued = story.commands.iter().rev();
                let sent = issued
                    .map(|issued| &issued.command)
                    .find(|command| command.command_id == reply.command_id);
                text("refusal", refusal(sent, &Outcome::of(&reply.outcome)))
            });
            named.chain(rest(refused.len())).collect()
        }
        FulfilmentEvent::FulfilmentStarted { .. }
        | FulfilmentEvent::FactObserved { .. }
        | FulfilmentEvent::StepEntered { .. }
        | FulfilmentEvent::TimerScheduled { .. }
        | FulfilmentEvent::TimerFired { .. }
        | FulfilmentEvent::TimerCancelled { .. }
        | FulfilmentEvent::CompensationStarted { .. }
        | FulfilmentEvent::OperatorNeeded { .. }
        | FulfilmentEvent::StepRetried { .. }
        | FulfilmentEvent::StepSkipped { .. }
        | FulfilmentEvent::CompensationOrdered { .. }
        | FulfilmentEvent::FulfilmentResumed { .. }
        | FulfilmentEvent::FulfilmentResolved { .. }
        | FulfilmentEvent::FulfilmentCompleted { .. }
        | FulfilmentEvent::FulfilmentCompensated { .. } => Vec::new(),
    }
}

fn refusal(command: Option<&Command>, outcome: &Outcome) -> String {
    let sent = command.map_or_else(String::new, |command| {
        format!("{} to {}: ", command.name, command.target)
    });
    match outcome {
        Outcome::Accepted => sent,
        Outcome::Refused { code, message } => format!("{sent}{message} ({code})"),
    }
}

/// What a timer that ended was for, where the story has it.
fn timer_facts(story: &Story, fact: &Fact) -> Vec<Detail> {
    let Fact::Fulfilment(
        FulfilmentEvent::TimerFired { timer_id, .. }
        | FulfilmentEvent::TimerCancelled { timer_id, .. },
    ) = fact
    else {
        return Vec::new();
    };
    let set = story.timers.iter().find(|set| set.timer_id == *timer_id);
    set.map(|set| text("purpose", for_what(&set.purpose).to_owned()))
        .into_iter()
        .collect()
}

fn rest(all: usize) -> Option<Detail> {
    let more = all.checked_sub(NAMED).filter(|more| *more > 0)?;
    Some(text("more", format!("{more} more")))
}

fn text(name: &str, text: String) -> Detail {
    Detail {
        name: name.to_owned(),
        value: DetailValue::Text(text),
    }
}

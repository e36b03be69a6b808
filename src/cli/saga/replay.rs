//! `orderlog saga replay`: every decision of a recorded saga made anew by the rules of this build, and
//! where they decide otherwise, what was decided then beside what is decided now. Nothing runs and
//! nothing is written. Next: `orderlog_domain::fulfilment::replay`.

use std::{
    fs,
    io::{self, ErrorKind},
    path::PathBuf,
};

use clap::Args as ClapArgs;
use orderlog_domain::{
    fulfilment::{
        FulfilmentEvent,
        history::read,
        replay::{Difference, Replay, replay},
    },
    refusal::Refusal,
};
use serde_json::{Value, json};

use crate::cli::Failure;

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Example:\n  orderlog saga export 0192f0c1-... | orderlog saga replay -\n\n\
                  Ends with 1 where something is decided otherwise, with 2 where the file is no history."
)]
pub(crate) struct Args {
    /// One event per line, as `orderlog saga export` prints them; `-` reads standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let name = args.file.display();
    let text = text(&args.file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::not_found(format!("there is no file {name}")),
        _ => Failure::usage(format!("{name} can't be read: {error}")),
    })?;
    let history = read(&text).map_err(|error| {
        Failure::usage(format!(
            "{name} is no history of a saga: {error}; orderlog saga export writes one"
        ))
    })?;
    let replayed = replay(&history);
    if args.json {
        println!("{}", as_json(&replayed));
    } else {
        for difference in &replayed.differences {
            print!("{}", told(difference));
        }
    }
    let (of, differences) = (replayed.decisions, replayed.differences.len());
    if differences > 0 {
        return Err(Failure::failed(format!(
            "{differences} of {of} decisions are made otherwise by this build"
        )));
    }
    eprintln!("{of} decisions, all made the same by this build");
    Ok(())
}

fn text(file: &PathBuf) -> io::Result<String> {
    if file.as_os_str() == "-" {
        io::read_to_string(io::stdin())
    } else {
        fs::read_to_string(file)
    }
}

/// One decision as lines: what both have, what was decided then alone, what is decided now alone.
fn told(difference: &Difference) -> String {
    let Difference {
        version,
        at,
        recorded,
        ..
    } = difference;
    let then = lines(recorded);
    let now = match &difference.today {
        Ok(events) => lines(events),
        Err(refusal) => vec![format!("refused, {}: {refusal}", refusal.code())],
    };
    let before = then.iter().zip(&now).take_while(|(a, b)| a == b).count();
    let rest = then.len().min(now.len()) - before;
    let ends = then.iter().rev().zip(now.iter().rev());
    let after = ends.take(rest).take_while(|(a, b)| a == b).count();
    let marked = |mark: char, lines: &[String]| -> String {
        lines
            .iter()
            .map(|line| format!("{mark} {line}\n"))
            .collect()
    };
    [
        format!("version {version}, {}\n", at.to_rfc3339()),
        marked(' ', &then[..before]),
        marked('-', &then[before..then.len() - after]),
        marked('+', &now[before..now.len() - after]),
        marked(' ', &then[then.len() - after..]),
    ]
    .concat()
}

fn lines(events: &[FulfilmentEvent]) -> Vec<String> {
    events
        .iter()
        .map(|event| json!(event).to_string())
        .collect()
}

fn as_json(replayed: &Replay) -> Value {
    let differences = replayed.differences.iter().map(|difference| {
        let today = match &difference.today {
            Ok(events) => json!({ "events": events }),
            Err(refusal) => json!({ "refused": refusal.code(), "detail": refusal.to_string() }),
        };
        json!({
            "version": difference.version,
            "at": difference.at,
            "news": difference.news,
            "recorded": difference.recorded,
            "today": today,
        })
    });
    json!({
        "decisions": replayed.decisions,
        "differences": differences.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use orderlog_domain::fulfilment::history::Recorded;

    use super::*;

    const DELIVERED: &str = include_str!("../../../domain/tests/golden/histories/delivered.ndjson");

    fn differing(change: impl FnOnce(&mut Vec<Recorded>)) -> Difference {
        let mut history = read(DELIVERED).expect("a history");
        change(&mut history);
        let mut replayed = replay(&history);
        replayed.differences.swap_remove(0)
    }

    #[test]
    fn an_event_that_was_not_decided_then_is_shown_as_new() {
        let step = |event: &Recorded| matches!(event.data, FulfilmentEvent::StepEntered { .. });
        let told = told(&differing(|history| {
            let at = history.iter().position(step).expect("a step");
            history.remove(at);
        }));
        let new: Vec<&str> = told.lines().filter(|line| line.starts_with('+')).collect();
        assert_eq!(new.len(), 1, "{told}");
        assert!(new[0].contains("StepEntered"), "{told}");
        assert!(!told.contains("\n- "), "{told}");
    }

    #[test]
    fn what_is_refused_now_says_why() {
        let told = told(&differing(|history| {
            if let FulfilmentEvent::FulfilmentStarted { timings, .. } = &mut history[0].data {
                timings.answer_tries = 0;
            }
        }));
        assert!(told.contains("\n+ refused, fulfilment.timings: "), "{told}");
    }
}

//! A chain of commands and events as a Mermaid flowchart: boxes are commands, round ones events, a
//! dashed box is a command that was refused. Drawn in the order of the log, so that it comes out the
//! same each time.

use std::{collections::HashMap, fmt::Write};

use uuid::Uuid;

use super::{Command, Event};

/// The flowchart.
pub(super) fn drawn(commands: &[Command]) -> String {
    let events = commands.iter().flat_map(|command| &command.events);
    let events: HashMap<Uuid, &str> = events
        .map(|event| (event.id, event.position.as_str()))
        .collect();
    let mut chart = String::from("flowchart TD\n");
    for (number, command) in commands.iter().enumerate() {
        // Writing to a string can't fail.
        let _ = draw(&mut chart, number, command, &events);
    }
    chart.push_str("  classDef refused stroke-dasharray: 5 5\n");
    chart
}

fn draw(
    chart: &mut String,
    number: usize,
    command: &Command,
    events: &HashMap<Uuid, &str>,
) -> std::fmt::Result {
    let label = match &command.record {
        None => "not recorded".to_owned(),
        Some(record) => {
            let refused = record
                .refusal
                .as_ref()
                .map_or_else(String::new, |code| format!("<br/>refused: {}", text(code)));
            let (name, stream, actor) = (
                text(&record.name),
                text(&record.stream),
                text(&record.actor),
            );
            format!("{name}<br/>{stream}<br/>by {actor}{refused}")
        }
    };
    let is_refused = command
        .record
        .as_ref()
        .is_some_and(|record| record.refusal.is_some());
    let class = if is_refused { ":::refused" } else { "" };
    writeln!(chart, "  c{number}[\"{label}\"]{class}")?;
    match command.cause {
        None => {}
        Some(cause) => match events.get(&cause) {
            Some(position) => writeln!(chart, "  e{position} --> c{number}")?,
            // Its cause is of another chain, or behind what is shown.
            None => writeln!(chart, "  x{number}([\"event {cause}\"]) -.-> c{number}")?,
        },
    }
    for Event {
        event_type,
        position,
        ..
    } in &command.events
    {
        let event_type = text(event_type);
        writeln!(chart, "  e{position}([\"{event_type} #{position}\"])")?;
        writeln!(chart, "  c{number} --> e{position}")?;
    }
    Ok(())
}

/// Text in a label, where Mermaid would read a quote, a bracket or a semicolon as its own.
fn text(text: &str) -> String {
    text.chars().fold(String::new(), |mut safe, one| {
        match one {
            '"' | '<' | '>' | '&' | '#' | ';' | '`' => {
                let _ = write!(safe, "#{};", u32::from(one));
            }
            other => safe.push(other),
        }
        safe
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::events::Record;

    fn command(cause: Option<u128>, refusal: Option<&str>, events: &[u128]) -> Command {
        let event = |position: &u128| Event {
            id: Uuid::from_u128(1_000 + position),
            event_type: "OrderPlaced".to_owned(),
            position: position.to_string(),
        };
        Command {
            cause: cause.map(|position| Uuid::from_u128(1_000 + position)),
            record: Some(Record {
                name: "Place".to_owned(),
                stream: "order-1".to_owned(),
                actor: "a\"b".to_owned(),
                refusal: refusal.map(str::to_owned),
            }),
            events: events.iter().map(event).collect(),
        }
    }

    #[test]
    fn commands_stand_between_their_cause_and_what_they_wrote() {
        let chart = drawn(&[
            command(None, None, &[1, 2]),
            command(Some(2), Some("order.exists"), &[]),
            command(Some(9), None, &[3]),
        ]);
        let expected = r##"flowchart TD
  c0["Place<br/>order-1<br/>by a#34;b"]
  e1(["OrderPlaced #1"])
  c0 --> e1
  e2(["OrderPlaced #2"])
  c0 --> e2
  c1["Place<br/>order-1<br/>by a#34;b<br/>refused: order.exists"]:::refused
  e2 --> c1
  c2["Place<br/>order-1<br/>by a#34;b"]
  x2(["event 00000000-0000-0000-0000-0000000003f1"]) -.-> c2
  e3(["OrderPlaced #3"])
  c2 --> e3
  classDef refused stroke-dasharray: 5 5
"##;
        assert_eq!(chart, expected);
    }
}

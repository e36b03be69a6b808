//! A saga's story as a page for people: how it stands and what to do come first, then what happened.
//! Who reads it needs no other source.

use std::io::{Result, Write};

use anstyle::{AnsiColor, Style};
use chrono::{DateTime, Utc};

use super::{
    ago::shown,
    story::{Call, Moment, Order, Saga, Standing, Step, Timer, Undoing},
};

const HEADING: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// Writes the page; instants are told in UTC.
pub(super) fn write(page: &mut impl Write, saga: &Saga, now: DateTime<Utc>) -> Result<()> {
    let story = &saga.story;
    write_head(page, saga, now)?;
    write_standing(page, saga, now)?;
    section(page, "Steps", &story.steps, |page, step| {
        write_step(page, step, now)
    })?;
    section(page, "To be undone", &story.compensations, write_undoing)?;
    section(page, "At the payment gateway", &story.calls, write_call)?;
    let running = story.timers.iter().filter(|timer| timer.state == "RUNS");
    let running: Vec<_> = running.collect();
    section(page, "Timers that run", &running, |page, timer| {
        write_timer(page, timer, now)
    })?;
    section(page, "What happened", &story.moments, write_moment)?;
    writeln!(
        page,
        "\n{FAINT}as of position {} of the log; --json has every command with its id and reply{FAINT:#}",
        story.position
    )
}

fn write_head(page: &mut impl Write, saga: &Saga, now: DateTime<Utc>) -> Result<()> {
    let Saga {
        order_id,
        started_at,
        ..
    } = saga;
    let status = words(&saga.status);
    let style = match saga.status.as_str() {
        "NEEDS_OPERATOR" => BAD,
        "COMPLETED" => GOOD,
        _ => HEADING,
    };
    writeln!(
        page,
        "{HEADING}Saga of order {order_id}{HEADING:#}: {style}{status}{style:#}, at step {}",
        words(&saga.step)
    )?;
    if let Some(order) = &saga.order {
        field(page, "order", &order.in_words())?;
    }
    let end = match saga.ended_at {
        Some(at) => format!("ended {} after {}", instant(at), shown(at - *started_at)),
        None => format!("{} ago", shown(now - *started_at)),
    };
    field(page, "began", &format!("{}, {end}", instant(*started_at)))
}

fn write_standing(page: &mut impl Write, saga: &Saga, now: DateTime<Utc>) -> Result<()> {
    let Standing {
        waits_for,
        since,
        overdue,
        advice,
        possible,
    } = &saga.story.standing;
    field(page, "waits for", waits_for)?;
    let ago = shown(now - *since);
    field(page, "since", &format!("{}, {ago} ago", instant(*since)))?;
    for late in overdue {
        field(page, "overdue", &format!("{BAD}{late}{BAD:#}"))?;
    }
    for what in advice {
        field(page, "to do", what)?;
    }
    for verb in possible {
        let line = format!("orderlog saga {verb} {} --reason TEXT", saga.order_id);
        field(page, "possible", &line)?;
    }
    Ok(())
}

fn section<W: Write, T>(
    page: &mut W,
    heading: &str,
    entries: &[T],
    entry: impl Fn(&mut W, &T) -> Result<()>,
) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(page, "\n{HEADING}{heading}{HEADING:#}")?;
    entries.iter().try_for_each(|one| entry(page, one))
}

fn write_step(page: &mut impl Write, step: &Step, now: DateTime<Utc>) -> Result<()> {
    let Step {
        step: name,
        began_at,
        ended_at,
        reason,
    } = step;
    let span = match ended_at {
        Some(ended_at) => shown(*ended_at - *began_at),
        None => format!("for {}", shown(now - *began_at)),
    };
    let why = reason
        .as_ref()
        .map_or_else(String::new, |reason| format!("  because: {reason}"));
    let (at, name) = (clock(*began_at), words(name));
    writeln!(page, "  {at}  {name:<18} {span:<12}{why}")
}

fn write_undoing(page: &mut impl Write, undoing: &Undoing) -> Result<()> {
    let Undoing {
        undoes,
        what,
        by,
        attempts,
        state,
        code,
    } = undoing;
    let (style, told) = match state.as_str() {
        "DONE" => (GOOD, "undone".to_owned()),
        "FAILED" => (BAD, format!("FAILED {}", code.as_deref().unwrap_or(""))),
        "ASKED" => (HEADING, "under way".to_owned()),
        _ => (HEADING, "not begun".to_owned()),
    };
    let undoes = words(undoes);
    let tries = match attempts {
        0 | 1 => String::new(),
        more => format!(", tried {more} times"),
    };
    writeln!(
        page,
        "  {undoes:<12} {what}: {style}{}{style:#} ({by}{tries})",
        told.trim_end()
    )
}

fn write_call(page: &mut impl Write, call: &Call) -> Result<()> {
    let Call {
        operation_id,
        operation,
        amount,
        outcome,
        detail,
        asked,
    } = call;
    let style = match outcome.as_str() {
        "DONE" => GOOD,
        "DECLINED" | "FAILED" | "UNKNOWN" | "CONFLICT" => BAD,
        _ => HEADING,
    };
    let amount = amount.as_ref().map_or("", |amount| &amount.formatted);
    let detail = detail
        .as_ref()
        .map_or_else(String::new, |detail| format!(" {detail}"));
    let asked = match asked {
        0 => String::new(),
        times => format!(", asked {times} times what became of it"),
    };
    let (operation, outcome) = (words(operation), words(outcome));
    writeln!(
        page,
        "  {operation:<10} {amount:>14}  {style}{outcome}{style:#}{detail}{asked}  {FAINT}operation {operation_id}{FAINT:#}"
    )
}

fn write_timer(page: &mut impl Write, timer: &&Timer, now: DateTime<Utc>) -> Result<()> {
    let when = match timer.due_at < now {
        true => format!("due {} ago", shown(now - timer.due_at)),
        false => format!("due in {}", shown(timer.due_at - now)),
    };
    let purpose = words(&timer.purpose);
    writeln!(page, "  {purpose:<18} {}, {when}", instant(timer.due_at))
}

fn write_moment(page: &mut impl Write, moment: &Moment) -> Result<()> {
    let Moment {
        source,
        title,
        facts,
        actor,
        occurred_at,
    } = moment;
    let facts: Vec<_> = facts
        .iter()
        .map(|fact| format!("{} {}", fact.name.replace('_', " "), fact.text))
        .collect();
    let by = match actor.as_str() {
        "saga" | "system" => String::new(),
        person => format!(" by {person}"),
    };
    let (at, source) = (clock(*occurred_at), words(source));
    writeln!(
        page,
        "  {at}  {source:<10} {title}{by}  {FAINT}{}{FAINT:#}",
        facts.join(", ")
    )
}

fn field(page: &mut impl Write, name: &str, value: &str) -> Result<()> {
    writeln!(page, "  {name:<10} {value}")
}

impl Order {
    fn in_words(&self) -> String {
        let reference = self
            .reference
            .as_ref()
            .map_or_else(String::new, |reference| format!("{reference}, "));
        format!(
            "{reference}{}; {}, {}, {}",
            self.total.formatted,
            words(&self.status),
            words(&self.payment_status),
            words(&self.fulfillment_status)
        )
    }
}

/// `NEEDS_OPERATOR` for people.
fn words(name: &str) -> String {
    name.replace('_', " ").to_lowercase()
}

fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn clock(at: DateTime<Utc>) -> String {
    at.format("%m-%d %H:%M:%S%.3f").to_string()
}

#[cfg(test)]
mod tests;

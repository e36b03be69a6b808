//! From where to where a replay goes. Positions have no gaps, and the times at which events were
//! recorded never go back: so the place of an instant is found by halving.

use chrono::{DateTime, Utc};
use orderlog_log::{event::Position, event_reader::EventReader};

use super::{Asked, ReplayError, selection::instant};

/// A range of the log, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: Position,
    pub(super) to: Position,
}

impl Range {
    /// The range that was asked for, in a log that ends at `head`.
    pub(super) async fn resolve(
        log: &dyn EventReader,
        asked: &Asked,
        head: Position,
    ) -> Result<Self, ReplayError> {
        let from = match place("--from", asked.from.as_ref())? {
            None => 1,
            Some(Place::Position(position)) => position.max(1),
            Some(Place::Time(time)) => before(log, head, |at| at < time).await? + 1,
        };
        let to = match place("--to", asked.to.as_ref())? {
            None => head,
            Some(Place::Position(position)) => position,
            Some(Place::Time(time)) => before(log, head, |at| at <= time).await?,
        };
        let found = Self { from, to };
        found.check(asked, head)
    }

    /// The same range of a log that has grown since.
    pub(super) fn up_to(self, to: Position) -> Self {
        Self { to, ..self }
    }

    fn check(self, asked: &Asked, head: Position) -> Result<Self, ReplayError> {
        let said = |flag: &str, text: &Option<String>| match text {
            Some(text) => format!("{flag} {text}"),
            None => String::new(),
        };
        if self.to > head || (self.from > head && head > 0) {
            let said = [said("--from", &asked.from), said("--to", &asked.to)].join(" ");
            return Err(ReplayError::Absent(format!(
                "{}: the log ends at position {head}",
                said.trim()
            )));
        }
        if self.to < self.from && head > 0 {
            return Err(ReplayError::Absent(format!(
                "nothing lies from position {} to {}",
                self.from, self.to
            )));
        }
        Ok(self)
    }
}

enum Place {
    Position(Position),
    Time(DateTime<Utc>),
}

fn place(flag: &str, text: Option<&String>) -> Result<Option<Place>, ReplayError> {
    let Some(text) = text else { return Ok(None) };
    if let Ok(position) = text.parse() {
        return Ok(Some(Place::Position(position)));
    }
    let time = instant(text).map_err(|_| {
        ReplayError::Asked(format!(
            "{flag} {text:?} is neither a position nor an instant such as 2026-11-21T10:00:00Z"
        ))
    });
    time.map(|time| Some(Place::Time(time)))
}

/// The last position of which this holds; it holds up to some position and not behind.
async fn before(
    log: &dyn EventReader,
    head: Position,
    holds: impl Fn(DateTime<Utc>) -> bool,
) -> Result<Position, ReplayError> {
    let (mut low, mut high) = (0, head);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        let events = log.read_at(&[middle]).await?;
        if events.first().is_some_and(|event| holds(event.recorded_at)) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(low)
}

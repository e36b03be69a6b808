//! The wanted events, page by page, in the order of the log. Where streams are named they alone are
//! read; else all of the range is. No more than a page of each is in memory.

use std::collections::VecDeque;

use orderlog_log::{
    event::{Position, RecordedEvent, Version},
    event_reader::EventReader,
};

use super::{ReplayError, range::Range, selection::Selection};

/// Events that are read at once.
const PAGE: usize = 2_000;

/// Events that are wanted.
pub(super) struct Page {
    pub(super) events: Vec<RecordedEvent>,
    /// All that is wanted up to here was given out.
    pub(super) position: Position,
}

/// Reads the wanted events.
pub(super) struct Pages<'a> {
    log: &'a dyn EventReader,
    selection: Selection,
    range: Range,
    /// What lies here or before it is not given out.
    done: Position,
    source: Source,
}

enum Source {
    /// The whole log; behind this position.
    Log(Position),
    /// Some streams.
    Streams(Vec<Stream>),
    Ended,
}

struct Stream {
    name: String,
    read: Version,
    waiting: VecDeque<RecordedEvent>,
    ended: bool,
}

impl<'a> Pages<'a> {
    /// The events of `range` behind `done`.
    pub(super) fn new(
        log: &'a dyn EventReader,
        selection: Selection,
        range: Range,
        done: Position,
    ) -> Self {
        let done = done.max(range.from.saturating_sub(1));
        let source = if selection.needs_all() {
            Source::Log(0)
        } else if selection.streams.is_empty() {
            Source::Log(done)
        } else {
            let streams = selection.streams.iter().cloned().map(Stream::new);
            Source::Streams(streams.collect())
        };
        Self {
            log,
            selection,
            range,
            done,
            source,
        }
    }

    /// The next page, perhaps without an event; none behind the last.
    pub(super) async fn next(&mut self) -> Result<Option<Page>, ReplayError> {
        let (read, position) = match &mut self.source {
            Source::Ended => return Ok(None),
            Source::Log(after) => {
                let page = self.log.read_all(*after, PAGE).await?;
                *after = page.last().map_or(self.range.to, |event| event.position);
                (page, *after)
            }
            Source::Streams(streams) => merged(self.log, streams, self.range.to).await?,
        };
        if position >= self.range.to {
            self.source = Source::Ended;
        }
        let mut events = Vec::new();
        for event in read {
            if event.position <= self.range.to
                && self.selection.takes(&event)?
                && event.position > self.done
            {
                events.push(event);
            }
        }
        Ok(Some(Page {
            events,
            position: position.clamp(self.done, self.range.to),
        }))
    }
}

impl Stream {
    fn new(name: String) -> Self {
        Self {
            name,
            read: 0,
            waiting: VecDeque::new(),
            ended: false,
        }
    }

    /// The position of its next event.
    async fn next(&mut self, log: &dyn EventReader) -> Result<Option<Position>, ReplayError> {
        if self.waiting.is_empty() && !self.ended {
            let page = log.read_stream(&self.name, self.read, PAGE).await?;
            self.ended = page.len() < PAGE;
            self.read = page.last().map_or(self.read, |event| event.version);
            self.waiting = page.into();
        }
        Ok(self.waiting.front().map(|event| event.position))
    }
}

/// The next events of these streams, and up to where that is all of them.
async fn merged(
    log: &dyn EventReader,
    streams: &mut [Stream],
    to: Position,
) -> Result<(Vec<RecordedEvent>, Position), ReplayError> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    while events.len() < PAGE {
        let mut first: Option<(Position, usize)> = None;
        for (place, stream) in streams.iter_mut().enumerate() {
            if let Some(position) = stream.next(log).await?
                && first.is_none_or(|(least, _)| position < least)
            {
                first = Some((position, place));
            }
        }
        match first {
            Some((position, place)) if position <= to => {
                events.extend(streams[place].waiting.pop_front());
            }
            _ => return Ok((events, to)),
        }
    }
    let position = events.last().map_or(to, |event| event.position);
    Ok((events, position))
}

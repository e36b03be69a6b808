//! The events between the checkpoint and the newest one read: which may be handled now (the first
//! of each key that is not handled yet), and how far all are handled without a gap. Nothing in
//! here waits or writes.

use std::collections::{HashMap, VecDeque};

use orderlog_log::event::{Position, RecordedEvent};
use uuid::Uuid;

use crate::{
    dead_letter::{Decision, Due, ParkedEvent, ParkedKeys, WAITS},
    source::{Checkpoint, Offset, StoredCheckpoint},
    work::NewWork,
};

/// Events that are read and not yet passed by the checkpoint.
pub(super) struct Window {
    /// Whose decisions about dead letters are to be carried out.
    process: String,
    log_id: Uuid,
    /// Oldest first.
    events: VecDeque<Read>,
    /// Per key with an event under way, those that wait behind it.
    waiting: HashMap<String, VecDeque<RecordedEvent>>,
    parked: ParkedKeys,
}

/// What became of an event that was under way.
#[derive(Default)]
pub(super) struct Done {
    /// The work asked for.
    pub(super) work: Vec<NewWork>,
    /// Parked events that are not parked any more.
    pub(super) unparked: Vec<Position>,
    /// The event that is to be parked as the first of the key: it, or a parked one that failed again.
    pub(super) failed: Option<(RecordedEvent, String)>,
}

/// An event that was read.
struct Read {
    position: Position,
    event_id: Uuid,
    offset: Option<Offset>,
    /// Handled or parked.
    done: bool,
}

impl Window {
    pub(super) fn new(process: &str, log_id: Uuid, parked: HashMap<String, Vec<Position>>) -> Self {
        Self {
            process: process.to_owned(),
            log_id,
            events: VecDeque::new(),
            waiting: HashMap::new(),
            parked: ParkedKeys::of(parked),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Takes in the next event of the partition, with its offset where that is known; answers it if
    /// it may be handled at once.
    pub(super) fn take_in(
        &mut self,
        event: RecordedEvent,
        offset: Option<Offset>,
    ) -> Option<RecordedEvent> {
        self.events.push_back(Read {
            position: event.position,
            event_id: event.event_id,
            offset,
            done: false,
        });
        if self.concerns_others(&event) {
            self.mark(event.position);
            return None;
        }
        if let Some(waiting) = self.waiting.get_mut(&event.partition_key) {
            waiting.push_back(event);
            return None;
        }
        if self.is_to_park(&event) {
            self.park(event);
            return None;
        }
        self.waiting
            .insert(event.partition_key.clone(), VecDeque::new());
        Some(event)
    }

    /// What an event that may be handled comes to as a decision about dead letters; `None` where it
    /// is for the handler.
    pub(super) fn due(&self, event: &RecordedEvent) -> Option<Due> {
        let decision = Decision::read(event).ok().flatten()?;
        let due = self.parked.due(&event.partition_key, &decision);
        if due.is_none() {
            let (process, position) = (&self.process, decision.position);
            tracing::info!(process, position, "there is no such dead letter any more");
        }
        Some(due.unwrap_or_default())
    }

    /// Notes what became of an event that was under way; answers the next one of its key.
    pub(super) fn done(&mut self, event: &RecordedEvent, done: Done) -> Option<RecordedEvent> {
        self.mark(event.position);
        let key = &event.partition_key;
        for position in done.unparked {
            self.parked.unpark(key, position);
        }
        if let Some((event, reason)) = done.failed {
            tracing::error!(
                event.position = event.position,
                event.r#type = event.event_type,
                reason,
                "an event could not be handled and was parked"
            );
            self.parked.park(ParkedEvent::of(&event, reason));
        }
        while let Some(next) = self.waiting.get_mut(key).and_then(VecDeque::pop_front) {
            if !self.is_to_park(&next) {
                return Some(next);
            }
            self.park(next);
        }
        self.waiting.remove(key);
        None
    }

    /// Moves the window's start behind all that is handled without a gap.
    pub(super) fn advance(&mut self) -> Option<StoredCheckpoint> {
        let (mut passed, mut offset) = (None, None);
        while let Some(read) = self.events.pop_front_if(|read| read.done) {
            offset = read.offset.or(offset);
            passed = Some(Checkpoint {
                log_id: self.log_id,
                position: read.position,
                event_id: read.event_id,
            });
        }
        passed.map(|checkpoint| StoredCheckpoint { checkpoint, offset })
    }

    /// What was parked since the last call, and the positions of what is not parked any more.
    pub(super) fn take_parked(&mut self) -> (Vec<ParkedEvent>, Vec<Position>) {
        self.parked.take_news()
    }

    /// Whether the event waits behind a parked one. A decision about dead letters does not.
    fn is_to_park(&self, event: &RecordedEvent) -> bool {
        self.parked.contains(&event.partition_key) && !Decision::is_for(event, &self.process)
    }

    /// Whether the event is a decision about what another one has parked.
    fn concerns_others(&self, event: &RecordedEvent) -> bool {
        matches!(Decision::read(event), Ok(Some(decision)) if decision.consumer != self.process)
    }

    /// Parks the event behind an earlier one of its key.
    fn park(&mut self, event: RecordedEvent) {
        self.mark(event.position);
        self.parked.park(ParkedEvent::of(&event, WAITS.to_owned()));
    }

    fn mark(&mut self, position: Position) {
        if let Ok(index) = self
            .events
            .binary_search_by_key(&position, |read| read.position)
        {
            self.events[index].done = true;
        }
    }
}

//! The events between the checkpoint and the newest one read: which may be handled now (the first
//! of each key that is not handled yet), and how far all are handled without a gap. Nothing in
//! here waits or writes.

use std::collections::{HashMap, HashSet, VecDeque};

use orderlog_log::event::{Position, RecordedEvent};
use uuid::Uuid;

use super::ParkedEvent;
use crate::source::{Checkpoint, Offset, StoredCheckpoint};

/// Events that are read and not yet passed by the checkpoint.
pub(super) struct Window {
    log_id: Uuid,
    /// Oldest first.
    events: VecDeque<Read>,
    /// Per key with an event under way, those that wait behind it.
    waiting: HashMap<String, VecDeque<RecordedEvent>>,
    parked_keys: HashSet<String>,
    parked: Vec<ParkedEvent>,
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
    pub(super) fn new(log_id: Uuid, parked_keys: impl IntoIterator<Item = String>) -> Self {
        Self {
            log_id,
            events: VecDeque::new(),
            waiting: HashMap::new(),
            parked_keys: parked_keys.into_iter().collect(),
            parked: Vec::new(),
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
        if self.parked_keys.contains(&event.partition_key) {
            self.park_behind(event);
            return None;
        }
        if let Some(waiting) = self.waiting.get_mut(&event.partition_key) {
            waiting.push_back(event);
            return None;
        }
        self.waiting
            .insert(event.partition_key.clone(), VecDeque::new());
        Some(event)
    }

    /// The event was handled; answers the next one of its key.
    pub(super) fn handled(&mut self, position: Position, key: &str) -> Option<RecordedEvent> {
        self.mark(position);
        let next = self.waiting.get_mut(key).and_then(VecDeque::pop_front);
        if next.is_none() {
            self.waiting.remove(key);
        }
        next
    }

    /// The event can't be handled: it is parked, with all that follow of its key.
    pub(super) fn poison(&mut self, event: RecordedEvent, reason: String) {
        tracing::error!(
            event.position = event.position,
            event.r#type = event.event_type,
            reason,
            "an event could not be handled and was parked"
        );
        let waiting = self
            .waiting
            .remove(&event.partition_key)
            .unwrap_or_default();
        self.parked_keys.insert(event.partition_key.clone());
        self.park(event, reason);
        for later in waiting {
            self.park_behind(later);
        }
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

    /// What was parked since the last call.
    pub(super) fn take_parked(&mut self) -> Vec<ParkedEvent> {
        std::mem::take(&mut self.parked)
    }

    fn park_behind(&mut self, event: RecordedEvent) {
        self.park(event, "waits behind an earlier event of its key".to_owned());
    }

    fn park(&mut self, event: RecordedEvent, reason: String) {
        self.mark(event.position);
        self.parked.push(ParkedEvent {
            partition_key: event.partition_key,
            position: event.position,
            event_id: event.event_id,
            event_type: event.event_type,
            reason,
        });
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

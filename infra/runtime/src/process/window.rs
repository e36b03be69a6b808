//! The events between the checkpoint and the newest one read: which may be handled now (the first
//! of each key that is not handled yet), and how far all are handled without a gap. Nothing in
//! here waits or writes.

use std::collections::{HashMap, HashSet, VecDeque};

use orderlog_log::event::{Position, RecordedEvent};
use uuid::Uuid;

use super::ParkedEvent;
use crate::source::Checkpoint;

/// Events that are read and not yet passed by the checkpoint.
pub(super) struct Window {
    log_id: Uuid,
    first: Position,
    /// Id of each event, and whether it is handled or parked.
    events: VecDeque<(Uuid, bool)>,
    /// Per key with an event under way, those that wait behind it.
    waiting: HashMap<String, VecDeque<RecordedEvent>>,
    parked_keys: HashSet<String>,
    parked: Vec<ParkedEvent>,
}

impl Window {
    pub(super) fn new(after: Checkpoint, parked_keys: impl IntoIterator<Item = String>) -> Self {
        Self {
            log_id: after.log_id,
            first: after.position + 1,
            events: VecDeque::new(),
            waiting: HashMap::new(),
            parked_keys: parked_keys.into_iter().collect(),
            parked: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Takes in the next event of the log; answers it if it may be handled at once.
    pub(super) fn take_in(&mut self, event: RecordedEvent) -> Option<RecordedEvent> {
        self.events.push_back((event.event_id, false));
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
    pub(super) fn advance(&mut self) -> Option<Checkpoint> {
        let mut passed = None;
        while let Some((event_id, true)) = self.events.front().copied() {
            passed = Some(Checkpoint {
                log_id: self.log_id,
                position: self.first,
                event_id,
            });
            self.events.pop_front();
            self.first += 1;
        }
        passed
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
        let index = usize::try_from(position - self.first).unwrap_or(usize::MAX);
        if let Some(event) = self.events.get_mut(index) {
            event.1 = true;
        }
    }
}

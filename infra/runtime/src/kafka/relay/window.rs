//! What is under way: events that were sent, in log order, until all before them are acknowledged.
//! How far the relay has come moves over a prefix without a gap, and takes along, for each partition,
//! the last event in it: so what is saved always fits together.

use std::collections::VecDeque;

use orderlog_log::event::{Position, RecordedEvent};
use uuid::Uuid;

use crate::source::Offset;

/// How far the log is published without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// Position of the last event that Kafka has acknowledged with all before it; 0 before the first.
    pub(super) position: Position,
    /// Its id; nil before the first.
    pub(super) event_id: Uuid,
    /// Per partition: position of its last event among those; 0 before the first.
    pub(super) previous: Vec<Position>,
    /// Per partition: where that event lies in the topic; -1 before the first.
    pub(super) offsets: Vec<Offset>,
}

impl Progress {
    /// Before the first event.
    pub(super) fn start(partitions: u32) -> Self {
        Self {
            position: 0,
            event_id: Uuid::nil(),
            previous: vec![0; partitions as usize],
            offsets: vec![-1; partitions as usize],
        }
    }
}

/// Events that were sent behind what is acknowledged.
pub(super) struct Window {
    progress: Progress,
    /// Per partition: position of the last event that was sent.
    sent: Vec<Position>,
    in_flight: VecDeque<Sent>,
}

struct Sent {
    position: Position,
    event_id: Uuid,
    partition: usize,
    /// Once acknowledged.
    offset: Option<Offset>,
}

impl Window {
    pub(super) fn new(progress: Progress) -> Self {
        Self {
            sent: progress.previous.clone(),
            progress,
            in_flight: VecDeque::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.in_flight.len()
    }

    /// What `ce_previous` of the next event of this partition says.
    pub(super) fn previous(&self, partition: u32) -> Position {
        self.sent[partition as usize]
    }

    /// Notes the event behind the last one sent.
    pub(super) fn sent(&mut self, event: &RecordedEvent, partition: u32) {
        let partition = partition as usize;
        self.sent[partition] = event.position;
        self.in_flight.push_back(Sent {
            position: event.position,
            event_id: event.event_id,
            partition,
            offset: None,
        });
    }

    /// Notes where an event lies in the topic.
    pub(super) fn acknowledge(&mut self, position: Position, offset: Offset) {
        // Positions have no gaps, so the first one's says where the others are.
        let index = position.checked_sub(self.progress.position + 1);
        let sent = index.and_then(|index| self.in_flight.get_mut(usize::try_from(index).ok()?));
        if let Some(sent) = sent {
            sent.offset = Some(offset);
        }
    }

    /// Moves over what is acknowledged without a gap; answers how far that is.
    pub(super) fn settle(&mut self) -> &Progress {
        while let Some(Sent {
            position,
            event_id,
            partition,
            offset: Some(offset),
        }) = self.in_flight.front()
        {
            self.progress.position = *position;
            self.progress.event_id = *event_id;
            self.progress.previous[*partition] = *position;
            self.progress.offsets[*partition] = *offset;
            self.in_flight.pop_front();
        }
        &self.progress
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn event(position: Position) -> RecordedEvent {
        RecordedEvent {
            position,
            event_id: Uuid::from_u128(position.into()),
            stream: "toy-a".to_owned(),
            version: position,
            event_type: "Toy".to_owned(),
            schema_version: 1,
            data: "{}".to_owned(),
            partition_key: "a".to_owned(),
            command_id: Uuid::nil(),
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            actor: String::new(),
            traceparent: None,
            occurred_at: DateTime::UNIX_EPOCH,
            recorded_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn progress_moves_over_a_prefix_alone_and_takes_its_partitions_along() {
        let mut window = Window::new(Progress::start(2));
        for (position, partition) in [(1, 0), (2, 1), (3, 0), (4, 1)] {
            window.sent(&event(position), partition);
        }
        assert_eq!((window.previous(0), window.previous(1)), (3, 4));
        window.acknowledge(2, 70);
        window.acknowledge(3, 51);
        assert_eq!(window.settle(), &Progress::start(2));
        window.acknowledge(1, 50);
        let settled = window.settle().clone();
        assert_eq!(
            (settled.position, settled.event_id),
            (3, Uuid::from_u128(3))
        );
        assert_eq!(
            (settled.previous, settled.offsets),
            (vec![3, 2], vec![51, 70])
        );
        assert_eq!(window.len(), 1);
    }

    #[test]
    fn a_report_about_what_is_settled_or_was_never_sent_changes_nothing() {
        let mut window = Window::new(Progress {
            position: 10,
            ..Progress::start(1)
        });
        window.sent(&event(11), 0);
        window.acknowledge(10, 1);
        window.acknowledge(12, 1);
        assert_eq!(window.settle().position, 10);
        assert_eq!(window.len(), 1);
    }
}

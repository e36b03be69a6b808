//! A process that followed the whole log as one partition has handled everything up to one position.
//! Divided into partitions, it stands in each behind the last event there that it has handled: none
//! is skipped, and none is handled that was handled before.

use std::collections::BTreeMap;

use orderlog_log::event::{Position, RecordedEvent};
use uuid::Uuid;

use crate::source::partition_of;

/// Where processes stand, partition by partition.
pub(crate) struct Positions {
    /// Each process and how far it has come.
    processes: Vec<(String, Position)>,
    partitions: u32,
    found: BTreeMap<(usize, u32), (Position, Uuid)>,
}

impl Positions {
    pub(crate) fn new(processes: Vec<(String, Position)>, partitions: u32) -> Self {
        Self {
            processes,
            partitions,
            found: BTreeMap::new(),
        }
    }

    /// Takes up the next events of the log.
    pub(crate) fn pass(&mut self, events: &[RecordedEvent]) {
        for event in events {
            let partition = partition_of(&event.partition_key, self.partitions);
            for (process, (_, position)) in self.processes.iter().enumerate() {
                if event.position <= *position {
                    let place = (event.position, event.event_id);
                    self.found.insert((process, partition), place);
                }
            }
        }
    }

    /// Process, partition, and the event that it stands behind there. A partition that is not among
    /// them stands at its start.
    pub(crate) fn found(&self) -> impl Iterator<Item = (&str, u32, Position, Uuid)> {
        let name = |process: usize| self.processes[process].0.as_str();
        self.found
            .iter()
            .map(move |((process, partition), (position, event_id))| {
                (name(*process), *partition, *position, *event_id)
            })
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn event(position: Position, key: &str) -> RecordedEvent {
        RecordedEvent {
            position,
            event_id: Uuid::from_u128(position.into()),
            stream: format!("toy-{key}"),
            version: position,
            event_type: "Toy".to_owned(),
            schema_version: 1,
            data: "{}".to_owned(),
            partition_key: key.to_owned(),
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
    fn a_position_becomes_the_last_event_handled_in_each_partition() {
        let processes = vec![("half".to_owned(), 4), ("new".to_owned(), 0)];
        let mut positions = Positions::new(processes, 3);
        // Slots 0 and 41: partitions 0 and 2 of three.
        let keys = ["a", "b", "a", "b", "a", "b"];
        let events: Vec<_> = (1..).zip(keys).map(|(at, key)| event(at, key)).collect();
        positions.pass(&events[..2]);
        positions.pass(&events[2..]);
        let found: Vec<_> = positions.found().collect();
        let at = |position: u64| (position, Uuid::from_u128(position.into()));
        let expected = [(0, at(3)), (2, at(4))]
            .map(|(partition, (position, id))| ("half", partition, position, id));
        assert_eq!(found, expected);
    }
}

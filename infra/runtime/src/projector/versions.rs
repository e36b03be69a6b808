//! Whether the versions of each stream follow one another, as far as is known of what came before:
//! a log from which an event was taken, or into which one was put, is not folded on in silence.
//! Bounded: of streams that were not met lately it is forgotten where they stood, and then the next
//! event of theirs is believed.

use std::{collections::HashMap, hash::BuildHasher, mem};

use foldhash::quality::RandomState;
use orderlog_log::event::{Position, RecordedEvent, Version};

/// Streams of which it is known where they stand, at most twice this, over all partitions.
pub(crate) const KNOWN: usize = 65_536;

/// The version of each stream, by its hash.
type Streams = HashMap<u64, Version, foldhash::fast::RandomState>;

/// Where the streams stand that a reader has met.
pub(crate) struct Versions {
    /// Streams are told apart by a hash that is another one in every process: should two ever share
    /// it, starting again helps.
    hasher: RandomState,
    lately: Streams,
    before: Streams,
    limit: usize,
    /// Whether all streams are known: nothing was passed before, and nothing is forgotten.
    is_whole: bool,
}

/// An event that does not follow the one before it in its stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{stream} is at version {expected_after}, and the event at position {position} is its version \
     {found}: the log was changed or lost events"
)]
pub struct BrokenStream {
    /// The stream.
    pub stream: String,
    /// The version that it has.
    pub expected_after: Version,
    /// The event's version.
    pub found: Version,
    /// The event's position.
    pub position: Position,
}

impl Versions {
    /// Of a reader that goes on behind `position`, and remembers about `limit` streams.
    pub(crate) fn behind(position: Position, limit: usize) -> Self {
        Self {
            hasher: RandomState::default(),
            lately: Streams::default(),
            before: Streams::default(),
            limit,
            is_whole: position == 0,
        }
    }

    /// Passes the next event, or says why it can't be the next.
    pub(crate) fn pass(&mut self, event: &RecordedEvent) -> Result<(), BrokenStream> {
        let stream = self.hasher.hash_one(&event.stream);
        let known = self
            .lately
            .get(&stream)
            .or_else(|| self.before.get(&stream));
        let version = match known {
            Some(version) => *version,
            None if self.is_whole => 0,
            None => event.version.saturating_sub(1),
        };
        if event.version != version + 1 {
            return Err(BrokenStream {
                stream: event.stream.clone(),
                expected_after: version,
                found: event.version,
                position: event.position,
            });
        }
        self.lately.insert(stream, event.version);
        if self.lately.len() >= self.limit {
            let forgotten = mem::replace(&mut self.before, mem::take(&mut self.lately));
            self.is_whole &= forgotten.is_empty();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    fn event(stream: &str, version: Version) -> RecordedEvent {
        RecordedEvent {
            position: 7,
            event_id: Uuid::nil(),
            stream: stream.to_owned(),
            version,
            event_type: String::new(),
            schema_version: 1,
            data: String::new(),
            partition_key: String::new(),
            command_id: Uuid::nil(),
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            actor: String::new(),
            traceparent: None,
            occurred_at: DateTime::default(),
            recorded_at: DateTime::default(),
        }
    }

    fn passes(versions: &mut Versions, stream: &str, version: Version) -> bool {
        versions.pass(&event(stream, version)).is_ok()
    }

    #[test]
    fn a_stream_goes_on_by_one() {
        let mut versions = Versions::behind(0, 10);
        assert!(passes(&mut versions, "a", 1) && passes(&mut versions, "a", 2));
        for wrong in [1, 2, 4] {
            let broken = versions
                .pass(&event("a", wrong))
                .expect_err("it is refused");
            assert_eq!((broken.expected_after, broken.found), (2, wrong));
        }
        assert!(
            passes(&mut versions, "a", 3),
            "a refusal leaves it where it was"
        );
    }

    #[test]
    fn from_the_start_of_the_log_a_stream_begins_at_1() {
        assert!(!passes(&mut Versions::behind(0, 10), "a", 2));
        assert!(passes(&mut Versions::behind(0, 10), "a", 1));
    }

    #[test]
    fn of_a_stream_that_began_earlier_the_first_event_is_believed() {
        let mut versions = Versions::behind(3, 10);
        assert!(passes(&mut versions, "a", 5));
        assert!(!passes(&mut versions, "a", 7));
        assert!(passes(&mut versions, "a", 6));
    }

    #[test]
    fn what_is_forgotten_is_believed_once_and_memory_is_bounded() {
        let mut versions = Versions::behind(0, 4);
        for stream in 0..40 {
            assert!(passes(&mut versions, &stream.to_string(), 1));
        }
        assert!(versions.lately.len() + versions.before.len() <= 8);
        assert!(passes(&mut versions, "0", 9) && !passes(&mut versions, "0", 11));
        assert!(!passes(&mut versions, "39", 3), "it was met lately");
    }
}

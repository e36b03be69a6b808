//! What of a stored event is sealed: every field, byte for byte as it is stored, in an encoding that
//! no two different events share. The same event has the same digest on every engine. The position
//! is not part of the digest but of the leaf, so that an event is known again where it was moved to.
//! None of it may ever change: seals are kept for ever. Next: `merkle`.

use blake3::Hash;

use crate::event::Position;

/// Begins what is hashed, and tells this encoding from any later one.
const FORM: &[u8] = b"orderlog event 1";
/// Begins a leaf, as RFC 6962 has it; a node of the tree begins with 1.
const LEAF: u8 = 0;

/// An event as an engine stores it, all but its position.
#[derive(Clone, Copy, Debug)]
pub struct StoredEvent<'a> {
    /// Its id.
    pub event_id: &'a [u8],
    /// Its stream's name.
    pub stream: &'a [u8],
    /// Place in its stream.
    pub version: i64,
    /// Its name.
    pub event_type: &'a [u8],
    /// Version of the schema of `data`, as text.
    pub schema_version: &'a [u8],
    /// The payload, as text.
    pub data: &'a [u8],
    /// What postgres-es keeps beside the payload, as text; `{}` where there is nothing.
    pub metadata: &'a [u8],
    /// Its partition key.
    pub partition_key: &'a [u8],
    /// The command that caused it.
    pub command_id: &'a [u8],
    /// The first request of the chain.
    pub correlation_id: &'a [u8],
    /// The direct parent.
    pub causation_id: &'a [u8],
    /// Who asked for it.
    pub actor: &'a [u8],
    /// W3C trace context.
    pub traceparent: Option<&'a [u8]>,
    /// When it happened; microseconds since 1970.
    pub occurred_at: i64,
    /// When it was written; microseconds since 1970.
    pub recorded_at: i64,
}

impl StoredEvent<'_> {
    /// Its digest; `buffer` is only lent, so that many events need one allocation.
    pub fn digest(&self, buffer: &mut Vec<u8>) -> Hash {
        buffer.clear();
        buffer.extend_from_slice(FORM);
        for text in [self.event_id, self.stream] {
            put(buffer, text);
        }
        buffer.extend_from_slice(&self.version.to_be_bytes());
        for text in [
            self.event_type,
            self.schema_version,
            self.data,
            self.metadata,
            self.partition_key,
            self.command_id,
            self.correlation_id,
            self.causation_id,
            self.actor,
        ] {
            put(buffer, text);
        }
        match self.traceparent {
            None => buffer.push(0),
            Some(text) => {
                buffer.push(1);
                put(buffer, text);
            }
        }
        buffer.extend_from_slice(&self.occurred_at.to_be_bytes());
        buffer.extend_from_slice(&self.recorded_at.to_be_bytes());
        blake3::hash(buffer)
    }
}

/// The leaf of an event with this digest, at this position.
pub fn leaf(position: Position, digest: &Hash) -> Hash {
    let mut bytes = [0; 41];
    bytes[0] = LEAF;
    bytes[1..9].copy_from_slice(&position.to_be_bytes());
    bytes[9..].copy_from_slice(digest.as_bytes());
    blake3::hash(&bytes)
}

/// The length first, so that where a field ends is never a matter of what it holds.
fn put(buffer: &mut Vec<u8>, bytes: &[u8]) {
    buffer.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    buffer.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const EVENT: StoredEvent<'static> = StoredEvent {
        event_id: &[7; 16],
        stream: b"thing-1",
        version: 1,
        event_type: b"Changed",
        schema_version: b"1",
        data: br#"{"number":1}"#,
        metadata: b"{}",
        partition_key: b"thing-1",
        command_id: &[8; 16],
        correlation_id: &[9; 16],
        causation_id: &[10; 16],
        actor: b"tester",
        traceparent: None,
        occurred_at: 1_000_000,
        recorded_at: 2_000_000,
    };

    /// The event, and others that differ from it in one thing each.
    fn different() -> Vec<StoredEvent<'static>> {
        let event = EVENT;
        vec![
            event,
            StoredEvent {
                event_id: &[6; 16],
                ..event
            },
            StoredEvent {
                stream: b"thing-2",
                ..event
            },
            StoredEvent {
                version: 2,
                ..event
            },
            StoredEvent {
                event_type: b"Closed",
                ..event
            },
            StoredEvent {
                schema_version: b"1.0",
                ..event
            },
            StoredEvent {
                data: br#"{"number": 1}"#,
                ..event
            },
            StoredEvent {
                metadata: br#"{"a":1}"#,
                ..event
            },
            StoredEvent {
                partition_key: b"thing-",
                ..event
            },
            StoredEvent {
                command_id: &[6; 16],
                ..event
            },
            StoredEvent {
                correlation_id: &[6; 16],
                ..event
            },
            StoredEvent {
                causation_id: &[6; 16],
                ..event
            },
            StoredEvent {
                actor: b"",
                ..event
            },
            StoredEvent {
                traceparent: Some(b""),
                ..event
            },
            StoredEvent {
                traceparent: Some(b"00-1"),
                ..event
            },
            StoredEvent {
                occurred_at: 1_000_001,
                ..event
            },
            StoredEvent {
                recorded_at: 2_000_001,
                ..event
            },
            // What one field loses its neighbour gains.
            StoredEvent {
                stream: b"thing-1C",
                event_type: b"hanged",
                ..event
            },
            StoredEvent {
                data: br#"{"number":1}{"#,
                metadata: b"}",
                ..event
            },
        ]
    }

    #[test]
    fn whatever_differs_has_another_digest() {
        let mut buffer = Vec::new();
        let events = different();
        let digests: HashSet<_> = events.iter().map(|it| it.digest(&mut buffer)).collect();
        assert_eq!(digests.len(), events.len());
        let leaves: HashSet<_> = (1..4)
            .map(|position| leaf(position, &blake3::hash(b"")))
            .collect();
        assert_eq!(leaves.len(), 3);
    }

    #[test]
    fn a_digest_never_changes() {
        let digest = EVENT.digest(&mut Vec::new());
        assert_eq!(
            digest.to_hex().as_str(),
            "c88c059fc7b020c530d2e991ea273346ecf6e2c9d573ff35cf8675a80649a5d2"
        );
        assert_eq!(
            leaf(1, &digest).to_hex().as_str(),
            "442ee157db7f971976223c10bd23d462dbd06dc1118245c1fcc31eaadfdeba8c"
        );
    }
}

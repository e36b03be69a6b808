//! The events that the benches append: one event of about 250 bytes per command, in streams of ten
//! events, as orders make them. Every contestant gets the same.

use chrono::Utc;
use orderlog_log::{
    event::NewEvent,
    event_store::{CommandEnvelope, Decided, Fingerprint, StreamAppend, Verdict},
};
use uuid::Uuid;

/// Events per stream before the writer begins another.
const STREAM_LENGTH: u64 = 10;

/// One writer's endless supply of events.
pub struct Sample {
    stream: String,
    version: u64,
}

/// One command's worth.
pub struct SampleEvent {
    /// Its stream.
    pub stream: String,
    /// Version of the stream before it.
    pub expected_version: u64,
    /// Id of the command.
    pub command_id: Uuid,
    /// Id of the event.
    pub event_id: Uuid,
    /// The payload.
    pub data: String,
}

impl Sample {
    /// A supply that begins with a new stream.
    pub fn new() -> Self {
        Self {
            stream: new_stream(),
            version: 0,
        }
    }

    /// The next event; the one before counts as appended.
    pub fn next_event(&mut self) -> SampleEvent {
        if self.version == STREAM_LENGTH {
            *self = Self::new();
        }
        let expected_version = self.version;
        self.version += 1;
        SampleEvent {
            stream: self.stream.clone(),
            expected_version,
            command_id: Uuid::now_v7(),
            event_id: Uuid::now_v7(),
            data: payload(&self.stream, self.version),
        }
    }
}

impl Default for Sample {
    fn default() -> Self {
        Self::new()
    }
}

impl SampleEvent {
    /// The event as the executor would hand it to the store.
    pub fn decided(self) -> Decided {
        let now = Utc::now();
        Decided {
            command: CommandEnvelope {
                command_id: self.command_id,
                fingerprint: Fingerprint::of(self.data.as_bytes()),
                command_type: "Append".to_owned(),
                stream: self.stream.clone(),
                actor: "bench".to_owned(),
                correlation_id: self.command_id,
                causation_id: self.command_id,
                traceparent: None,
            },
            verdict: Verdict::Accepted,
            writes: vec![StreamAppend {
                partition_key: self.stream.clone(),
                stream: self.stream,
                expected_version: self.expected_version,
                events: vec![NewEvent {
                    event_id: self.event_id,
                    event_type: "Appended".to_owned(),
                    schema_version: 1,
                    data: self.data,
                    occurred_at: now,
                }],
            }],
        }
    }

    /// The event as the bytes of one record: its facts and nothing that could be looked up.
    pub fn encoded(&self) -> Vec<u8> {
        [
            self.event_id.as_bytes(),
            self.command_id.as_bytes(),
            self.stream.as_bytes(),
            self.data.as_bytes(),
        ]
        .concat()
    }
}

fn new_stream() -> String {
    format!("sample-{}", Uuid::now_v7())
}

fn payload(stream: &str, version: u64) -> String {
    format!(
        r#"{{"Appended":{{"stream":"{stream}","number":{version},"customer_id":"C-17850","sku":"85123A","name":"WHITE HANGING HEART T-LIGHT HOLDER","quantity":6,"unit_price":{{"amount_minor":255,"currency":"GBP"}},"discount":{{"amount_minor":0,"currency":"GBP"}}}}}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_json_of_about_250_bytes() {
        let event = Sample::new().next_event();
        assert!(
            (230..=280).contains(&event.data.len()),
            "{} bytes",
            event.data.len()
        );
        serde_json::from_str::<serde_json::Value>(&event.data).expect("valid JSON");
    }

    #[test]
    fn a_stream_is_left_after_ten_events_and_versions_begin_anew() {
        let mut sample = Sample::new();
        let events: Vec<_> = (0..11).map(|_| sample.next_event()).collect();
        assert_eq!(events[9].expected_version, 9);
        assert_eq!(events[9].stream, events[0].stream);
        assert_eq!(events[10].expected_version, 0);
        assert_ne!(events[10].stream, events[0].stream);
    }
}

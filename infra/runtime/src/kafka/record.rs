//! An event as the topic carries it: CloudEvents 1.0 in binary mode, the value being the very bytes of
//! the log. What CloudEvents has no name for are extensions of our own; `ce_previous` is the position of
//! the event before it in the same partition, by which a reader notices what is missing.

use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use orderlog_log::event::{Position, RecordedEvent};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use uuid::Uuid;

/// What `ce_source` begins with.
const SOURCE: &str = "orderlog/";

/// An event and its place in the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which log it is of.
    pub log_id: Uuid,
    /// Position of the event before it in its partition; 0 before the first.
    pub previous: Position,
    /// The event.
    pub event: RecordedEvent,
}

/// `ce_source` of the events of a log.
pub fn source(log_id: Uuid) -> String {
    format!("{SOURCE}{log_id}")
}

/// The headers of an event; key and value are its `partition_key` and `data`.
pub fn headers(source: &str, previous: Position, event: &RecordedEvent) -> OwnedHeaders {
    let headers = OwnedHeaders::new_with_capacity(20);
    let headers = [
        ("content-type", "application/json"),
        ("ce_specversion", "1.0"),
        ("ce_id", &event.event_id.to_string()),
        ("ce_source", source),
        ("ce_type", &event.event_type),
        ("ce_subject", &event.stream),
        ("ce_time", &instant(event.occurred_at)),
        ("ce_partitionkey", &event.partition_key),
        ("ce_position", &event.position.to_string()),
        ("ce_previous", &previous.to_string()),
        ("ce_version", &event.version.to_string()),
        ("ce_schemaversion", &event.schema_version.to_string()),
        ("ce_commandid", &event.command_id.to_string()),
        ("ce_correlationid", &event.correlation_id.to_string()),
        ("ce_causationid", &event.causation_id.to_string()),
        ("ce_actor", &event.actor),
        ("ce_recordedtime", &instant(event.recorded_at)),
    ]
    .into_iter()
    .fold(headers, with);
    match &event.traceparent {
        Some(traceparent) => with(headers, ("ce_traceparent", traceparent)),
        None => headers,
    }
}

/// Reads a record back.
pub fn read<M: Message>(message: &M) -> Result<Record, RecordError> {
    parse(message).map_err(|problem| RecordError {
        topic: message.topic().to_owned(),
        partition: message.partition(),
        offset: message.offset(),
        problem,
    })
}

/// A record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the record at offset {offset} of {topic}, partition {partition}, cannot be read: {problem}"
)]
pub struct RecordError {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A part is not there.
    #[error("it has no {part}")]
    Missing {
        /// Which header, or `key` or `value`.
        part: &'static str,
    },
    /// A part does not say what it should.
    #[error("its {part} says {found:?}")]
    Malformed {
        /// Which header, or `key` or `value`.
        part: &'static str,
        /// What it says.
        found: String,
    },
}

pub(super) fn with(headers: OwnedHeaders, (key, value): (&str, &str)) -> OwnedHeaders {
    headers.insert(Header {
        key,
        value: Some(value),
    })
}

pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn parse<M: Message>(message: &M) -> Result<Record, Problem> {
    let found: Vec<_> = message
        .headers()
        .map(|headers| headers.iter().collect())
        .unwrap_or_default();
    let found = Found(found);
    let origin = found.text("ce_source")?;
    let log_id = origin
        .strip_prefix(SOURCE)
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| malformed("ce_source", origin.as_bytes()))?;
    Ok(Record {
        log_id,
        previous: found.parsed("ce_previous")?,
        event: RecordedEvent {
            position: found.parsed("ce_position")?,
            event_id: found.parsed("ce_id")?,
            stream: found.text("ce_subject")?.to_owned(),
            version: found.parsed("ce_version")?,
            event_type: found.text("ce_type")?.to_owned(),
            schema_version: found.parsed("ce_schemaversion")?,
            data: text("value", message.payload())?.to_owned(),
            partition_key: text("key", message.key())?.to_owned(),
            command_id: found.parsed("ce_commandid")?,
            correlation_id: found.parsed("ce_correlationid")?,
            causation_id: found.parsed("ce_causationid")?,
            actor: found.text("ce_actor")?.to_owned(),
            traceparent: found.optional("ce_traceparent")?.map(str::to_owned),
            occurred_at: found.instant("ce_time")?,
            recorded_at: found.instant("ce_recordedtime")?,
        },
    })
}

/// The headers of one record.
struct Found<'a>(Vec<Header<'a, &'a [u8]>>);

impl<'a> Found<'a> {
    fn optional(&self, name: &'static str) -> Result<Option<&'a str>, Problem> {
        let header = self.0.iter().find(|header| header.key == name);
        header.map(|header| text(name, header.value)).transpose()
    }

    fn text(&self, name: &'static str) -> Result<&'a str, Problem> {
        self.optional(name)?.ok_or(Problem::Missing { part: name })
    }

    fn parsed<T: FromStr>(&self, name: &'static str) -> Result<T, Problem> {
        let said = self.text(name)?;
        said.parse().map_err(|_| malformed(name, said.as_bytes()))
    }

    fn instant(&self, name: &'static str) -> Result<DateTime<Utc>, Problem> {
        let said = self.text(name)?;
        let at =
            DateTime::parse_from_rfc3339(said).map_err(|_| malformed(name, said.as_bytes()))?;
        Ok(at.to_utc())
    }
}

fn text<'a>(part: &'static str, bytes: Option<&'a [u8]>) -> Result<&'a str, Problem> {
    let bytes = bytes.ok_or(Problem::Missing { part })?;
    str::from_utf8(bytes).map_err(|_| malformed(part, bytes))
}

fn malformed(part: &'static str, bytes: &[u8]) -> Problem {
    let said = &bytes[..bytes.len().min(80)];
    Problem::Malformed {
        part,
        found: String::from_utf8_lossy(said).into_owned(),
    }
}

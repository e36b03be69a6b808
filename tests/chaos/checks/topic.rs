//! The topic as any consumer sees it: CloudEvents in binary mode, every event of the log, in the order
//! of positions within a partition and so within a key. Records may come again, as they were.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use chrono::DateTime;
use orderlog_log::event::RecordedEvent;
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    message::{BorrowedMessage, Headers, Message},
};

use super::Checked;
use crate::{finding::Finding, log::Log, servers::Servers};

/// How long the broker may be silent while records are missing.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn check(checked: &mut Checked, servers: &Servers, log: &Log) {
    let (topic, brokers) = (servers.name.clone(), servers.kafka.clone());
    let records = tokio::task::spawn_blocking(move || consume(&brokers, &topic))
        .await
        .unwrap();
    let mut last: HashMap<i32, u64> = HashMap::new();
    let mut homes: HashMap<&str, i32> = HashMap::new();
    let mut seen = HashSet::new();
    for record in &records {
        checked.records += 1;
        let last = last.entry(record.partition).or_default();
        let position = match record.position() {
            Some(position) if position > *last => {
                if record.header("ce_previous") != last.to_string() {
                    let what = format!("{position} names another before it than {last}");
                    checked.findings.push(record.finding(what));
                }
                *last = position;
                position
            }
            Some(position) => {
                checked.duplicates += 1;
                position
            }
            None => 0,
        };
        seen.insert(position);
        let Some(event) = log.at(position) else {
            let what = format!("position {position} is not in the log");
            checked.findings.push(record.finding(what));
            continue;
        };
        let home = homes
            .entry(&event.partition_key)
            .or_insert(record.partition);
        if *home != record.partition {
            let what = format!("the key {} is also in {home}", event.partition_key);
            checked.findings.push(record.finding(what));
        }
        let wrong = record.differs(event, log);
        checked
            .findings
            .extend(wrong.map(|what| record.finding(what)));
    }
    let missing = log
        .events
        .iter()
        .filter(|event| !seen.contains(&event.position));
    checked
        .findings
        .extend(missing.map(|event| Finding::NotPublished {
            position: event.position,
        }));
}

/// One record, raw.
struct Record {
    partition: i32,
    offset: i64,
    key: Vec<u8>,
    value: Vec<u8>,
    headers: BTreeMap<String, String>,
}

impl Record {
    fn of(message: &BorrowedMessage) -> Self {
        let headers = message.headers().into_iter().flat_map(|all| all.iter());
        let text = |value: Option<&[u8]>| String::from_utf8_lossy(value.unwrap_or_default()).into();
        Self {
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().unwrap_or_default().to_vec(),
            value: message.payload().unwrap_or_default().to_vec(),
            headers: headers
                .map(|header| (header.key.to_owned(), text(header.value)))
                .collect(),
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn position(&self) -> Option<u64> {
        self.header("ce_position").parse().ok()
    }

    /// What is otherwise than in the log.
    fn differs(&self, event: &RecordedEvent, log: &Log) -> Option<String> {
        let expected = [
            ("content-type", "application/json".to_owned()),
            ("ce_specversion", "1.0".to_owned()),
            ("ce_id", event.event_id.to_string()),
            ("ce_source", format!("orderlog/{}", log.id)),
            ("ce_type", event.event_type.clone()),
            ("ce_subject", event.stream.clone()),
            ("ce_partitionkey", event.partition_key.clone()),
            ("ce_version", event.version.to_string()),
            ("ce_commandid", event.command_id.to_string()),
        ];
        let wrong = expected
            .iter()
            .find(|(name, value)| self.header(name) != value);
        if let Some((name, value)) = wrong {
            return Some(format!("{name} is {:?}, not {value:?}", self.header(name)));
        }
        let time = DateTime::parse_from_rfc3339(self.header("ce_time"));
        if time.ok() != Some(event.occurred_at.into()) {
            return Some(format!("ce_time is {:?}", self.header("ce_time")));
        }
        if self.key != event.partition_key.as_bytes() || self.value != event.data.as_bytes() {
            return Some(format!("key or value of {} differ", event.position));
        }
        None
    }

    fn finding(&self, what: String) -> Finding {
        Finding::Record {
            partition: self.partition,
            offset: self.offset,
            what,
        }
    }
}

/// All that the topic holds.
fn consume(brokers: &str, topic: &str) -> Vec<Record> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", format!("{topic}-check"))
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).unwrap();
    let mut assigned = TopicPartitionList::new();
    let mut left = 0;
    for partition in metadata.topics()[0].partitions() {
        let (low, high) = consumer
            .fetch_watermarks(topic, partition.id(), PATIENCE)
            .unwrap();
        left += high - low;
        assigned
            .add_partition_offset(topic, partition.id(), Offset::Beginning)
            .unwrap();
    }
    consumer.assign(&assigned).unwrap();
    let mut records = Vec::new();
    while left > 0 {
        let message = consumer.poll(PATIENCE);
        records.push(Record::of(&message.expect("a record").unwrap()));
        left -= 1;
    }
    records
}

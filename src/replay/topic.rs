//! Another topic as the output: records as the relay writes them, in partitions by the same rule. How
//! far it has come the topic itself tells: each partition ends with the last event that it has.

use orderlog_log::event::RecordedEvent;
use orderlog_projections::public_events;
use orderlog_runtime::kafka::{CopyTopic, Topic};
use uuid::Uuid;

use super::ReplayError;

/// A topic of records.
pub struct OutTopic(CopyTopic);

impl OutTopic {
    /// Opens the topic, made where it is missing; with `resume` one that has records already.
    /// `live` is the topic that carries the log, `prefix` that of the public ones.
    pub async fn open(
        topic: Topic,
        log_id: Uuid,
        (live, prefix): (&str, Option<&str>),
        resume: bool,
    ) -> Result<Self, ReplayError> {
        let name = topic.name.as_str();
        let prefix = prefix.unwrap_or_default();
        let public = public_events::TOPICS.iter();
        let mut own = public.map(|public| format!("{prefix}{public}"));
        if name == live || own.any(|own| own == name) {
            return Err(ReplayError::Asked(format!(
                "{name} is a topic of the shop's own, which others follow: give another --to-topic"
            )));
        }
        let name = name.to_owned();
        let copy = CopyTopic::open(topic, log_id).await?;
        if !resume && !copy.is_empty() {
            return Err(ReplayError::Conflict(format!(
                "{name} has records already: continue it with --resume, or give another --to-topic"
            )));
        }
        Ok(Self(copy))
    }

    /// Sends what the topic has not yet; answers how many events that were.
    pub(super) async fn take(&mut self, events: &[RecordedEvent]) -> Result<u64, ReplayError> {
        Ok(self.0.send(events).await?)
    }
}

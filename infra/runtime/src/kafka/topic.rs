//! The topic: made if it is missing, and checked before anything is published or read. What would
//! break the order of events (another number of partitions) or lose them (compaction) is refused.

mod error;

use std::{fmt, time::Duration};

use rdkafka::{
    admin::{
        AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication,
    },
    client::Client,
    config::FromClientConfigAndContext,
    error::KafkaError,
    types::RDKafkaErrorCode,
};
use tokio::time::Instant;

pub use self::error::TopicError;
use super::client::{ANSWER, Logged};
use crate::source::SLOTS;

/// How long a topic that was just made may take to be known everywhere.
const SPREAD: Duration = Duration::from_secs(15);

/// The topic that carries the log, and how its brokers are reached.
#[derive(Clone, PartialEq, Eq)]
pub struct Topic {
    /// `host:port`, several with commas.
    pub brokers: String,
    /// Its name.
    pub name: String,
    /// Into how many partitions keys fall, 1 to 64. Another number is another topic.
    pub partitions: u32,
    /// How long events are kept once the topic is made here; `None`: for ever.
    pub retention: Option<Duration>,
    /// Settings of librdkafka for every client (security, tuning); they win over ours.
    pub properties: Vec<(String, String)>,
}

impl Topic {
    /// Into how many partitions keys fall unless something else is said.
    pub const PARTITIONS: u32 = 6;

    /// `orderlog.events` at these brokers: [`Self::PARTITIONS`] partitions, kept for ever.
    pub fn new(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            name: "orderlog.events".to_owned(),
            partitions: Self::PARTITIONS,
            retention: None,
            properties: Vec::new(),
        }
    }

    /// Makes the topic if it is missing, and checks it.
    pub async fn ensure(&self) -> Result<TopicStanding, TopicError> {
        match self.check().await {
            Err(TopicError::Missing { .. }) => self.create().await?,
            checked => return checked,
        }
        let deadline = Instant::now() + SPREAD;
        loop {
            match self.check().await {
                Err(TopicError::Missing { .. }) if Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                checked => return checked,
            }
        }
    }

    /// Checks that the topic is there and fit to carry the log.
    pub async fn check(&self) -> Result<TopicStanding, TopicError> {
        if !(1..=SLOTS).contains(&self.partitions) {
            return Err(TopicError::Settings {
                detail: format!(
                    "there can be 1 to {SLOTS} partitions, not {}",
                    self.partitions
                ),
            });
        }
        let admin = self.admin()?;
        let settings = self.settings(&admin).await?;
        let policy = setting(&settings, "cleanup.policy").unwrap_or("delete");
        if policy.contains("compact") {
            return Err(TopicError::Compacted {
                topic: self.name.clone(),
                policy: policy.to_owned(),
            });
        }
        let kept = setting(&settings, "retention.ms").and_then(|ms| ms.parse::<u64>().ok());
        let partitions = self.count(admin).await?;
        if partitions != self.partitions {
            return Err(TopicError::Partitions {
                topic: self.name.clone(),
                found: partitions,
                wanted: self.partitions,
            });
        }
        Ok(TopicStanding {
            partitions,
            retention: kept.map(Duration::from_millis),
        })
    }

    /// Deletes the topic and all that it carries; nothing to do where there is none.
    pub async fn remove(&self) -> Result<(), TopicError> {
        let admin = self.admin()?;
        let answered = admin.delete_topics(&[&self.name], &options()).await;
        match answered.map_err(|error| self.failure(&error))?.pop() {
            Some(
                Ok(_)
                | Err((
                    _,
                    RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic,
                )),
            ) => Ok(()),
            Some(Err((_, code))) => Err(self.refusal(code)),
            None => Err(self.unreachable("no answer to the deletion of the topic")),
        }
    }

    fn admin(&self) -> Result<AdminClient<Logged>, TopicError> {
        AdminClient::from_config_and_context(&self.client(&[]), Logged)
            .map_err(|error| self.failure(&error))
    }

    async fn create(&self) -> Result<(), TopicError> {
        let retention = self
            .retention
            .map_or("-1".to_owned(), |kept| kept.as_millis().to_string());
        // The brokers' own number of replicas, and what follows from it, is theirs to say.
        let topic = NewTopic::new(
            &self.name,
            self.partitions as i32,
            TopicReplication::Fixed(-1),
        )
        .set("cleanup.policy", "delete")
        .set("retention.ms", &retention)
        .set("retention.bytes", "-1");
        let admin = self.admin()?;
        let answered = admin.create_topics(&[topic], &options()).await;
        let answer = answered.map_err(|error| self.failure(&error))?.pop();
        match answer {
            Some(Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(()),
            Some(Err((_, code))) => Err(self.refusal(code)),
            None => Err(self.unreachable("no answer to the creation of the topic")),
        }
    }

    async fn settings(&self, admin: &AdminClient<Logged>) -> Result<ConfigResource, TopicError> {
        let which = [ResourceSpecifier::Topic(&self.name)];
        let answered = admin.describe_configs(&which, &options()).await;
        match answered.map_err(|error| self.failure(&error))?.pop() {
            Some(Ok(settings)) => Ok(settings),
            Some(Err(
                RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic,
            )) => Err(self.missing()),
            Some(Err(code)) => Err(self.refusal(code)),
            None => Err(self.unreachable("no answer about the topic's settings")),
        }
    }

    /// How many partitions the topic has, once each of them has a leader.
    async fn count(&self, admin: AdminClient<Logged>) -> Result<u32, TopicError> {
        let name = self.name.clone();
        let asked = tokio::task::spawn_blocking(move || count(admin.inner(), &name)).await;
        let counted = asked.map_err(|error| self.unreachable(&error.to_string()))?;
        counted
            .map_err(|error| self.failure(&error))?
            .ok_or_else(|| self.missing())
    }

    fn missing(&self) -> TopicError {
        TopicError::Missing {
            topic: self.name.clone(),
        }
    }

    pub(super) fn unreachable(&self, detail: &str) -> TopicError {
        TopicError::Unreachable {
            brokers: self.brokers.clone(),
            detail: detail.to_owned(),
        }
    }

    fn refusal(&self, code: RDKafkaErrorCode) -> TopicError {
        match code {
            RDKafkaErrorCode::PolicyViolation
            | RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::InvalidTopic
            | RDKafkaErrorCode::InvalidPartitions
            | RDKafkaErrorCode::InvalidConfig => TopicError::Refused {
                topic: self.name.clone(),
                detail: code.to_string(),
            },
            other => self.unreachable(&other.to_string()),
        }
    }
}

/// The values of further properties may be secret.
impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let properties: Vec<_> = self.properties.iter().map(|(name, _)| name).collect();
        f.debug_struct("Topic")
            .field("brokers", &self.brokers)
            .field("name", &self.name)
            .field("partitions", &self.partitions)
            .field("retention", &self.retention)
            .field("properties", &properties)
            .finish()
    }
}

/// The topic as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicStanding {
    /// How many partitions it has.
    pub partitions: u32,
    /// How long it keeps events; `None`: for ever. Older ones are read from the event store.
    pub retention: Option<Duration>,
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(ANSWER))
        .operation_timeout(Some(ANSWER))
}

fn setting<'a>(settings: &'a ConfigResource, name: &str) -> Option<&'a str> {
    settings.get(name)?.value.as_deref()
}

fn count(client: &Client<Logged>, name: &str) -> Result<Option<u32>, KafkaError> {
    let metadata = client.fetch_metadata(Some(name), ANSWER)?;
    let found = metadata.topics().iter().find(|topic| topic.name() == name);
    Ok(found
        .filter(|topic| !topic.partitions().is_empty())
        .filter(|topic| topic.partitions().iter().all(|one| one.leader() >= 0))
        .map(|topic| topic.partitions().len() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_properties_are_not_shown() {
        let mut topic = Topic::new("localhost:9092");
        topic.properties = vec![("sasl.password".to_owned(), "hush".to_owned())];
        let shown = format!("{topic:?}");
        assert!(shown.contains("sasl.password"), "{shown}");
        assert!(!shown.contains("hush"), "{shown}");
    }

    #[tokio::test]
    async fn settings_that_no_client_can_be_made_of_are_told_at_once() {
        let mut topic = Topic::new("localhost:9092");
        topic.properties = vec![("no.such.setting".to_owned(), "1".to_owned())];
        let refused = topic.check().await;
        assert!(
            matches!(refused, Err(TopicError::Settings { .. })),
            "{refused:?}"
        );
    }
}

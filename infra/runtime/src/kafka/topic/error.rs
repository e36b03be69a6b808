//! Why the topic cannot carry the log, each with its mend; what may pass by itself is retryable.

use uuid::Uuid;

/// Why the topic cannot carry the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// No broker answers.
    #[error("Kafka at {brokers} does not answer: {detail}")]
    Unreachable {
        /// Who was asked.
        brokers: String,
        /// What the client said.
        detail: String,
    },
    /// The topic is not there yet.
    #[error("topic {topic} does not exist: the relay makes it when it starts")]
    Missing {
        /// The topic.
        topic: String,
    },
    /// The brokers refuse to make or to show the topic.
    #[error(
        "Kafka refuses topic {topic}: {detail}; make it yourself, or allow this client to create and \
         describe it"
    )]
    Refused {
        /// The topic.
        topic: String,
        /// What the broker said.
        detail: String,
    },
    /// This worker is no longer a member of its consumer group.
    #[error("a consumer group of topic {topic} failed: {detail}")]
    Group {
        /// The topic.
        topic: String,
        /// What the client said.
        detail: String,
    },
    /// A client cannot be made of the settings.
    #[error("the settings for Kafka are not usable: {detail}")]
    Settings {
        /// What the client said.
        detail: String,
    },
    /// Keys would fall into other partitions than before.
    #[error(
        "topic {topic} has {found} partitions, not {wanted}: say {found}, or publish to a new topic"
    )]
    Partitions {
        /// The topic.
        topic: String,
        /// How many it has.
        found: u32,
        /// How many it should have.
        wanted: u32,
    },
    /// Events would be lost.
    #[error(
        "topic {topic} has cleanup.policy={policy}, which drops events: set it to delete, or publish \
         to a new topic"
    )]
    Compacted {
        /// The topic.
        topic: String,
        /// Its cleanup policy.
        policy: String,
    },
    /// The topic carries another log.
    #[error("topic {topic} carries log {found}, this is log {log}: publish to a topic of its own")]
    OtherLog {
        /// The topic.
        topic: String,
        /// The log that is read.
        log: Uuid,
        /// The log whose events are in the topic.
        found: Uuid,
    },
}

impl TopicError {
    /// Whether the same may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Missing { .. } | Self::Group { .. }
        )
    }
}

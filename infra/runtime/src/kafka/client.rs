//! What all clients of the brokers have in common: their settings, and that librdkafka's own lines
//! arrive in our log.

use std::time::Duration;

use rdkafka::{
    ClientConfig, ClientContext, Statistics, config::RDKafkaLogLevel, consumer::ConsumerContext,
    error::KafkaError,
};

use super::topic::{Topic, TopicError};

/// The longest that a broker's answer to one question is waited for.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// Writes librdkafka's lines to our log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Logged;

impl ClientContext for Logged {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        log(level, facility, line);
    }

    fn stats(&self, _statistics: Statistics) {}

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "kafka");
    }
}

impl ConsumerContext for Logged {}

/// Writes one of librdkafka's lines to our log.
pub(super) fn log(level: RDKafkaLogLevel, facility: &str, line: &str) {
    match level {
        RDKafkaLogLevel::Emerg
        | RDKafkaLogLevel::Alert
        | RDKafkaLogLevel::Critical
        | RDKafkaLogLevel::Error
        | RDKafkaLogLevel::Warning => tracing::warn!(facility, "kafka: {line}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
            tracing::info!(facility, "kafka: {line}");
        }
        RDKafkaLogLevel::Debug => tracing::debug!(facility, "kafka: {line}"),
    }
}

impl Topic {
    /// The settings of a client of these brokers, `ours` among them; what the operator set wins.
    pub(super) fn client(&self, ours: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", "orderlog")
            .set("allow.auto.create.topics", "false")
            .set("topic.metadata.propagation.max.ms", "5000")
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.keepalive.enable", "true");
        for (name, value) in ours {
            config.set(*name, *value);
        }
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        config
    }

    /// What a client could not be made of, or who could not be reached.
    pub(super) fn failure(&self, error: &KafkaError) -> TopicError {
        let detail = error.to_string();
        match error {
            KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_) => {
                TopicError::Settings { detail }
            }
            _ => TopicError::Unreachable {
                brokers: self.brokers.clone(),
                detail,
            },
        }
    }
}

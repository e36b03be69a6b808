//! Where Kafka is, and which topics there are the shop's.

use clap::Args;
use orderlog_runtime::kafka::Topic;

/// Where Kafka is, and what the shop has there.
#[derive(Clone, Debug, Args)]
pub(super) struct KafkaArgs {
    /// Brokers of Apache Kafka, several with commas.
    #[arg(long, env = "ORDERLOG_KAFKA", value_name = "HOST:PORT")]
    kafka: Option<String>,

    /// The topic that carries the log; the relay makes it where it is missing.
    #[arg(
        long,
        env = "ORDERLOG_TOPIC",
        default_value = "orderlog.events",
        value_name = "NAME"
    )]
    topic: String,

    /// Partitions of the topic. Fixed once the topic and the read models exist.
    #[arg(long, env = "ORDERLOG_PARTITIONS", default_value_t = Topic::PARTITIONS, value_name = "COUNT",
          value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(super) partitions: u32,

    /// Tell other teams of orders, payments, stock and notifications on public topics, whose names begin
    /// with PREFIX; the relay does it. See docs/asyncapi.yaml.
    #[arg(
        long,
        env = "ORDERLOG_PUBLIC_TOPICS",
        num_args = 0..=1,
        default_missing_value = "",
        value_parser = prefix,
        value_name = "PREFIX"
    )]
    pub(super) public_topics: Option<String>,

    /// A setting of librdkafka for every client, such as security.protocol=sasl_ssl; may be repeated.
    #[arg(
        long = "kafka-property",
        env = "ORDERLOG_KAFKA_PROPERTIES",
        hide_env_values = true,
        value_delimiter = ',',
        value_parser = property,
        value_name = "NAME=VALUE"
    )]
    kafka_properties: Vec<Property>,
}

/// A setting of librdkafka.
#[derive(Clone, Debug)]
struct Property(String, String);

impl KafkaArgs {
    /// The topic that carries the log; none where nobody said where Kafka is.
    pub(super) fn topic(&self) -> Option<Topic> {
        let properties = self.kafka_properties.iter();
        let brokers = self.kafka.as_ref()?;
        Some(Topic {
            name: self.topic.clone(),
            partitions: self.partitions,
            properties: properties
                .map(|Property(name, value)| (name.clone(), value.clone()))
                .collect(),
            ..Topic::new(brokers)
        })
    }
}

fn property(text: &str) -> Result<Property, String> {
    text.split_once('=')
        .map(|(name, value)| Property(name.trim().to_owned(), value.to_owned()))
        .ok_or_else(|| "a property is NAME=VALUE".to_owned())
}

/// What names of topics may begin with.
fn prefix(text: &str) -> Result<String, String> {
    let may_be = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if text.len() <= 200 && text.bytes().all(may_be) {
        Ok(text.to_owned())
    } else {
        Err("a prefix is up to 200 letters, digits, '.', '_' or '-'".to_owned())
    }
}

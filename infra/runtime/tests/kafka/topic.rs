//! The topic is made as it should be, and one that would lose or reorder events is refused.

use std::time::Duration;

use orderlog_runtime::kafka::{Topic, TopicError};
use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
};

use crate::{services, wire};

#[tokio::test]
async fn a_missing_topic_is_made_with_its_partitions_and_its_retention() {
    let mut topic = services::topic(5);
    let missing = topic.check().await.expect_err("nobody made it");
    assert!(matches!(missing, TopicError::Missing { .. }) && missing.is_retryable());
    let made = topic.ensure().await.expect("a topic");
    assert_eq!((made.partitions, made.retention), (5, None));
    assert_eq!(topic.ensure().await, Ok(made), "once more changes nothing");

    topic.name.push_str("-week");
    topic.retention = Some(Duration::from_secs(7 * 86_400));
    let made = topic.ensure().await.expect("a topic");
    assert_eq!(made.retention, topic.retention);
}

#[tokio::test]
async fn several_may_make_it_at_once() {
    let topic = services::topic(3);
    let made = futures::future::join_all((0..4).map(|_| topic.ensure())).await;
    assert!(
        made.iter()
            .all(|made| made.as_ref().is_ok_and(|made| made.partitions == 3)),
        "{made:?}"
    );
}

#[tokio::test]
async fn another_number_of_partitions_is_refused() {
    let topic = services::topic(4);
    topic.ensure().await.expect("a topic");
    let other = Topic {
        partitions: 6,
        ..topic
    };
    let refused = other.ensure().await.expect_err("keys would move");
    assert!(
        matches!(
            refused,
            TopicError::Partitions {
                found: 4,
                wanted: 6,
                ..
            }
        ),
        "{refused}"
    );
    assert!(!refused.is_retryable());
}

#[tokio::test]
async fn a_compacted_topic_is_refused() {
    let topic = services::topic(1);
    let admin: AdminClient<DefaultClientContext> = wire::config(&topic).create().expect("an admin");
    let compacted = NewTopic::new(&topic.name, 1, TopicReplication::Fixed(1))
        .set("cleanup.policy", "compact,delete");
    admin
        .create_topics(&[compacted], &AdminOptions::new())
        .await
        .expect("an answer");
    let refused = topic.ensure().await.expect_err("events would be lost");
    assert!(matches!(refused, TopicError::Compacted { .. }), "{refused}");
    assert!(refused.to_string().contains("compact,delete"), "{refused}");
}

#[tokio::test]
async fn a_broker_that_is_not_there_may_come() {
    let topic = Topic::new("127.0.0.1:1");
    let absent = topic.check().await.expect_err("nobody listens");
    assert!(
        matches!(absent, TopicError::Unreachable { .. }) && absent.is_retryable(),
        "{absent}"
    );
}

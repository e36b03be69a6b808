//! The log on Apache Kafka. The [`Relay`] publishes every event in log order to one topic, each with
//! the position of the one before it in its partition; [`KafkaFanOut`] hands the partitions of that
//! topic to workers. The event store stays the truth: what the topic lost, repeated or never had is
//! read from there, so no event is skipped or handled out of order, whatever a broker does. The
//! [`Announcer`] tells other teams of some events, on topics of their own; a [`CopyTopic`] is for who wants
//! to look at some of the log once more.

mod announcer;
mod client;
mod copy_topic;
mod fan_out;
mod record;
mod relay;
mod tip;
mod topic;

pub use announcer::{Announcement, Announcer, Mapping};
pub use copy_topic::CopyTopic;
pub use fan_out::KafkaFanOut;
pub use record::{Problem, Record, RecordError, headers, read, source};
pub use relay::{Relay, RelayError, Standing};
pub use topic::{Topic, TopicError, TopicStanding};

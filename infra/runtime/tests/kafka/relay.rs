//! One relay: everything once, in order, as CloudEvents; what it has saved; what it refuses.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use orderlog_log::event::Position;
use orderlog_runtime::kafka::{Record, Relay, RelayError, Standing, Topic, TopicError};
use rdkafka::{Message, message::Headers};
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    services::{self, Database, LONG},
    toy_log::ToyLog,
    wire,
};

/// A relay that runs.
pub(crate) struct Running {
    pub(crate) standing: watch::Receiver<Standing>,
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<Result<(), RelayError>>,
}

impl Running {
    pub(crate) fn start(log: &ToyLog, database: &Database, topic: &Topic) -> Self {
        let relay = Relay::new(log.store(), database.options.clone(), topic.clone());
        let stop = CancellationToken::new();
        let standing = relay.standing();
        let task = tokio::spawn({
            let stop = stop.clone();
            async move { relay.run(stop).await }
        });
        Self {
            standing,
            stop,
            task,
        }
    }

    pub(crate) async fn reaches(&mut self, position: Position) {
        self.is(|standing| standing.position >= position).await;
    }

    pub(crate) async fn is(&mut self, what: impl FnMut(&Standing) -> bool) {
        let reached = timeout(LONG, self.standing.wait_for(what))
            .await
            .map(|met| met.is_ok());
        let standing = *self.standing.borrow();
        assert_eq!(
            reached,
            Ok(true),
            "it is {standing:?}; ended: {}",
            self.task.is_finished()
        );
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let ended = timeout(LONG, self.task)
            .await
            .expect("in time")
            .expect("no panic");
        ended.expect("a clean end");
    }

    /// Ends it without a farewell.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let ended = self.task.await;
        assert!(
            ended.is_err_and(|ended| ended.is_cancelled()),
            "it was running"
        );
    }

    async fn refuses(self) -> RelayError {
        let ended = timeout(LONG, self.task)
            .await
            .expect("in time")
            .expect("no panic");
        ended.expect_err("this cannot go on")
    }
}

pub(crate) fn positions(records: &BTreeMap<u32, Vec<Record>>) -> BTreeMap<u32, Vec<Position>> {
    let of = |records: &Vec<Record>| records.iter().map(|record| record.event.position).collect();
    records
        .iter()
        .map(|(partition, records)| (*partition, of(records)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_once_in_order_and_as_it_was() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(12));
    log.append(3000, 200).await;
    let mut relay = Running::start(&log, &database, &topic);
    let mut head = 0;
    for _ in 0..40 {
        head = log.append(100, 200).await;
    }
    relay.reaches(head).await;
    let standing = *relay.standing.borrow();
    assert_eq!((standing.leads, standing.lag()), (true, 0));
    relay.stop().await;
    assert_eq!(database.saved(&topic).await.1, head as i64);

    let records = wire::records(&topic).await;
    assert_eq!(positions(&records), log.per_partition(12).await);
    assert_eq!(
        wire::accepted(&records),
        positions(&records),
        "each names the one before it"
    );
    let mut published: Vec<_> = records
        .into_values()
        .flatten()
        .map(|record| record.event)
        .collect();
    published.sort_by_key(|event| event.position);
    assert_eq!(published, log.all().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_a_cloud_event_in_binary_mode() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(1));
    let head = log.append(1, 1).await;
    let mut relay = Running::start(&log, &database, &topic);
    relay.reaches(head).await;
    relay.stop().await;
    let message = wire::messages(&topic)
        .await
        .remove(&0)
        .expect("a partition")
        .remove(0);
    let event = log.all().await.remove(0);
    let headers = message.headers().expect("headers");
    let said: BTreeMap<_, _> = headers
        .iter()
        .map(|header| {
            (
                header.key,
                str::from_utf8(header.value.expect("a value")).expect("text"),
            )
        })
        .collect();
    assert_eq!(said["content-type"], "application/json");
    assert_eq!((said["ce_specversion"], said["ce_type"]), ("1.0", "Toy"));
    assert_eq!(said["ce_id"], event.event_id.to_string());
    assert_eq!(
        said["ce_source"],
        format!("orderlog/{}", log.log_id().await)
    );
    assert_eq!(
        (said["ce_subject"], said["ce_partitionkey"]),
        ("toy-0", "key 0")
    );
    assert_eq!((said["ce_position"], said["ce_previous"]), ("1", "0"));
    assert_eq!(said["ce_time"], "1970-01-01T00:00:00Z");
    assert_eq!(message.key(), Some("key 0".as_bytes()));
    assert_eq!(message.payload(), Some(event.data.as_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_where_it_stopped() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(3));
    let mut last = 0;
    for _ in 0..3 {
        let head = log.append(50, 7).await;
        let mut relay = Running::start(&log, &database, &topic);
        relay.reaches(head).await;
        relay.stop().await;
        let (epoch, position) = database.saved(&topic).await;
        assert!(epoch > last, "each leader has an epoch of its own");
        assert_eq!(position, head as i64);
        last = epoch;
    }
    let records = wire::records(&topic).await;
    assert_eq!(
        positions(&records),
        log.per_partition(3).await,
        "nothing came twice"
    );
    assert_eq!(wire::accepted(&records), positions(&records));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_history_of_the_log_is_not_mixed_in() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(2));
    let head = log.append(10, 3).await;
    let mut relay = Running::start(&log, &database, &topic);
    relay.reaches(head).await;
    relay.stop().await;

    let other = ToyLog::new();
    other.append(20, 3).await;
    let refused = Running::start(&other, &database, &topic).refuses().await;
    assert!(
        matches!(refused, RelayError::OtherHistory { .. }),
        "{refused}"
    );

    // What was saved is lost, too: the topic itself tells.
    let fresh = Database::new().await;
    let refused = Running::start(&other, &fresh, &topic).refuses().await;
    assert!(
        matches!(refused, RelayError::Topic(TopicError::OtherLog { .. })),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_the_log_lost_are_noticed_at_the_end_of_the_topic() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(1));
    let head = log.append(3, 1).await;
    let mut relay = Running::start(&log, &database, &topic);
    relay.reaches(head).await;
    relay.stop().await;
    // As after a restore: the topic is ahead of the log.
    let mut lost = log.all().await.remove(2);
    lost.position = 4;
    lost.event_id = uuid::Uuid::now_v7();
    let wire = wire::Wire::new(&topic, log.log_id().await);
    wire.send(0, 3, &lost);
    wire.flush();
    let refused = Running::start(&log, &database, &topic).refuses().await;
    assert!(
        matches!(refused, RelayError::OtherHistory { .. }),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_without_room_is_waited_for() {
    let (log, database, mut topic) = (ToyLog::new(), Database::new().await, services::topic(3));
    let room = ("queue.buffering.max.kbytes".to_owned(), "1".to_owned());
    topic.properties.push(room);
    let head = log.append(2000, 30).await;
    let mut relay = Running::start(&log, &database, &topic);
    relay.reaches(head).await;
    relay.stop().await;
    let records = wire::records(&topic).await;
    assert_eq!(positions(&records), log.per_partition(3).await);
    assert_eq!(wire::accepted(&records), positions(&records));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_somebody_deletes_is_made_again() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(2));
    let head = log.append(10, 5).await;
    let mut relay = Running::start(&log, &database, &topic);
    relay.reaches(head).await;
    wire::delete_topic(&topic).await;
    let head = log.append(10, 5).await;
    relay.reaches(head).await;
    relay.stop().await;
    let records = wire::records(&topic).await;
    assert_eq!(
        records.values().map(Vec::len).sum::<usize>(),
        10,
        "what came later"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_does_not_fit_ends_it_with_the_mend() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(2));
    topic.ensure().await.expect("a topic");
    let wrong = Topic {
        partitions: 3,
        ..topic
    };
    let refused = Running::start(&log, &database, &wrong).refuses().await;
    assert!(
        matches!(refused, RelayError::Topic(TopicError::Partitions { .. })),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_its_table_is_told() {
    let (log, database, topic) = (ToyLog::new(), Database::new().await, services::topic(1));
    let mut connection = database.connect().await;
    sqlx::raw_sql("DROP TABLE relays")
        .execute(&mut connection)
        .await
        .expect("dropped");
    let refused = Running::start(&log, &database, &topic).refuses().await;
    assert!(
        refused.to_string().contains("orderlog migrate"),
        "{refused}"
    );
}

/// Appends 2000 events a second until told to stop; answers the head.
pub(crate) fn load(log: &Arc<ToyLog>, stop: &CancellationToken) -> JoinHandle<Position> {
    let (log, stop) = (Arc::clone(log), stop.clone());
    tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_millis(10));
        let mut head = 0;
        while !stop.is_cancelled() {
            pace.tick().await;
            head = log.append(20, 300).await;
        }
        head
    })
}

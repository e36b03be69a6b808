//! An announcer of toy events as it runs in a process, one that can be stopped dead before or after any
//! write, and what a reader of the public topic makes of it.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use orderlog_log::{
    clock::Clock,
    event::{Position, RecordedEvent},
    event_store::StoreError,
};
use orderlog_runtime::{
    dead_letter::ParkedEvent,
    kafka::{Announcement, Announcer, Mapping, Topic},
    process::{
        EventHandler, HandleError, ProcessError, ProcessRuntime, ProcessSave, ProcessSettings,
        ProcessState, ProcessStore, SaveError,
    },
    projector::DecodeError,
    source::FanOut,
    sqlite::{SqliteProcessStore, SqliteWorkStore},
    work::NewWork,
};
use rdkafka::{
    Message,
    message::{Headers, OwnedMessage},
};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{services::LONG, toy_log::ToyLog};

pub(crate) const NAME: &str = "announcer";
pub(crate) const TOPIC: &str = "toys";

/// Every event is told, under its own key, but number seven.
pub(crate) fn mapping() -> Box<Mapping> {
    Box::new(|event: &RecordedEvent| {
        let damaged = |error: serde_json::Error| DecodeError::Damaged(error.to_string());
        let toy: serde_json::Value = serde_json::from_str(&event.data).map_err(damaged)?;
        let told = toy["number"] != 7;
        let told = told.then(|| Announcement {
            topic: TOPIC,
            key: event.partition_key.clone(),
            event_type: "toy.told.v1",
            data: event.data.clone(),
        });
        Ok(told.into_iter().collect())
    })
}

pub(crate) async fn announcer(log: &ToyLog, topic: &Topic) -> Arc<Announcer> {
    let (log_id, prefix) = (log.log_id().await, format!("{}.", topic.name));
    let announcer = Announcer::new(topic, log_id, &prefix, &[TOPIC], mapping());
    Arc::new(announcer.expect("an announcer"))
}

/// Where it publishes.
pub(crate) fn public(topic: &Topic) -> Topic {
    Topic {
        name: format!("{}.{TOPIC}", topic.name),
        ..topic.clone()
    }
}

pub(crate) async fn store(log: &ToyLog) -> Arc<SqliteProcessStore> {
    let work = SqliteWorkStore::open(log.sqlite()).await.expect("a store");
    let store = SqliteProcessStore::open(log.sqlite(), work).await;
    Arc::new(store.expect("a store"))
}

/// A process that runs.
pub(crate) struct Running {
    pub(crate) passed: watch::Receiver<Position>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), ProcessError>>,
}

impl Running {
    pub(crate) fn start(
        log: &ToyLog,
        store: Arc<dyn ProcessStore>,
        handler: Arc<dyn EventHandler>,
        fan_out: impl FanOut + 'static,
    ) -> Self {
        let settings = ProcessSettings::default();
        let runtime =
            ProcessRuntime::new(NAME, log.store(), store, handler, Clock::system(), settings);
        let (passed, stop) = (runtime.passed(), CancellationToken::new());
        let task = tokio::spawn({
            let stop = stop.clone();
            async move { runtime.run(fan_out, stop).await }
        });
        Self { passed, stop, task }
    }

    pub(crate) async fn reaches(&mut self, position: Position) {
        let reached = self.passed.wait_for(|passed| *passed >= position);
        timeout(LONG, reached)
            .await
            .expect("in time")
            .expect("it runs");
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let ended = timeout(LONG, self.task).await.expect("in time");
        ended.expect("no panic").expect("a clean end");
    }

    /// Ends it without a farewell.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let ended = self.task.await;
        assert!(ended.is_err_and(|ended| ended.is_cancelled()));
    }
}

/// Before or after which write everything stands still.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fuse {
    BeforeSend(usize),
    AfterSend(usize),
    BeforeSave(usize),
    AfterSave(usize),
}

/// Handler and store of a process that stands still at its fuse; that it does is told.
pub(crate) struct Fused {
    handler: Arc<Announcer>,
    store: Arc<SqliteProcessStore>,
    fuse: Fuse,
    sends: AtomicUsize,
    saves: AtomicUsize,
    pub(crate) blown: Notify,
}

impl Fused {
    pub(crate) fn new(
        handler: Arc<Announcer>,
        store: Arc<SqliteProcessStore>,
        fuse: Fuse,
    ) -> Arc<Self> {
        Arc::new(Self {
            handler,
            store,
            fuse,
            sends: AtomicUsize::new(0),
            saves: AtomicUsize::new(0),
            blown: Notify::new(),
        })
    }

    async fn stand_still(&self, now: bool) {
        if now {
            self.blown.notify_one();
            pending::<()>().await;
        }
    }
}

#[async_trait]
impl EventHandler for Fused {
    async fn handle(&self, event: &RecordedEvent) -> Result<Vec<NewWork>, HandleError> {
        let number = self.sends.fetch_add(1, Ordering::SeqCst) + 1;
        self.stand_still(matches!(self.fuse, Fuse::BeforeSend(at) if at == number))
            .await;
        let handled = self.handler.handle(event).await;
        self.stand_still(matches!(self.fuse, Fuse::AfterSend(at) if at == number))
            .await;
        handled
    }
}

#[async_trait]
impl ProcessStore for Fused {
    async fn load(&self, process: &str, partition: u32) -> Result<ProcessState, StoreError> {
        self.store.load(process, partition).await
    }

    async fn save(&self, save: ProcessSave) -> Result<(), SaveError> {
        let number = self.saves.fetch_add(1, Ordering::SeqCst) + 1;
        self.stand_still(matches!(self.fuse, Fuse::BeforeSave(at) if at == number))
            .await;
        let saved = self.store.save(save).await;
        self.stand_still(matches!(self.fuse, Fuse::AfterSave(at) if at == number))
            .await;
        saved
    }

    async fn parked(
        &self,
        process: &str,
        after: Position,
        limit: usize,
    ) -> Result<Vec<ParkedEvent>, StoreError> {
        self.store.parked(process, after, limit).await
    }
}

pub(crate) fn header(message: &OwnedMessage, name: &str) -> String {
    let headers = message.headers().expect("headers");
    let header = headers.iter().find(|header| header.key == name);
    let value = header.and_then(|header| header.value).expect("a value");
    String::from_utf8(value.to_vec()).expect("text")
}

/// Positions per key, as a reader has them who drops what is not behind what it has seen of the key.
/// A record that comes again is the same record.
pub(crate) fn taken<'a>(
    messages: impl Iterator<Item = &'a OwnedMessage>,
) -> BTreeMap<String, Vec<Position>> {
    let mut taken: BTreeMap<String, Vec<Position>> = BTreeMap::new();
    let mut seen = BTreeMap::new();
    for message in messages {
        let key = String::from_utf8(message.key().expect("a key").to_vec()).expect("text");
        let sequence: Position = header(message, "ce_sequence").parse().expect("a number");
        let said = (key.clone(), sequence, message.payload().map(<[u8]>::to_vec));
        let first = seen.entry(header(message, "ce_id")).or_insert(said.clone());
        assert_eq!(*first, said, "the same id, the same record");
        let taken = taken.entry(key).or_default();
        if taken.last().is_none_or(|last| sequence > *last) {
            taken.push(sequence);
        } else {
            assert!(taken.contains(&sequence), "{sequence} comes too late");
        }
    }
    taken
}

/// What a reader should have: the positions of what is told, per key.
pub(crate) async fn expected(log: &ToyLog) -> BTreeMap<String, Vec<Position>> {
    let mapping = mapping();
    let mut expected: BTreeMap<String, Vec<Position>> = BTreeMap::new();
    for event in log.all().await {
        for said in mapping(&event).expect("a toy") {
            expected.entry(said.key).or_default().push(event.position);
        }
    }
    expected
}

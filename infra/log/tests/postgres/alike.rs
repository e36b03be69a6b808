//! The two engines side by side: whatever is appended, in whatever batches, both answer the same.

use std::sync::Arc;

use orderlog_log::{
    event_store::{AppendOutcome, CommandRecord, Decided, EventStore, Fingerprint},
    postgres::PgOptions,
    sqlite::SqliteEventStore,
};
use proptest::{
    prelude::RngExt,
    test_runner::{RngAlgorithm, TestRng},
};

use crate::{
    assert_whole, connect,
    contract::{decided, event, refused, write},
    database::TestDatabase,
};

const ROUNDS: usize = 150;

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_answer_the_same() {
    let database = TestDatabase::create().await;
    let directory = tempfile::tempdir().expect("a directory");
    let sqlite = SqliteEventStore::open(directory.path()).expect("a new log");
    let engines: [Arc<dyn EventStore>; 2] = [
        Arc::new(sqlite),
        Arc::new(connect(&database, PgOptions::default()).await),
    ];
    let mut script = Script::new();
    for round in 0..ROUNDS {
        let (batch, chained) = script.batch();
        let mut answers = Vec::new();
        for engine in &engines {
            let outcomes = match chained {
                true => engine.append_chain(batch.clone()).await,
                false => engine.append(batch.clone()).await,
            };
            answers.push(timeless(outcomes.expect("appended")));
        }
        for (place, command) in batch.iter().enumerate() {
            let (sqlite, postgres) = (&answers[0][place], &answers[1][place]);
            let sent = (round, place, chained, &command.writes);
            assert_eq!(sqlite, postgres, "{sent:?}");
        }
        script.learn(&answers[0]);
    }
    let [sqlite, postgres] = engines;
    let head = sqlite.head().await.expect("head").position;
    assert!(head > ROUNDS as u64, "hardly anything was written");
    assert_whole(&*postgres, head).await;
    assert_eq!(
        script.kinds.map(|kind| kind > 10),
        [true; 4],
        "{:?}",
        script.kinds
    );
}

/// Makes up commands that mostly fit, and now and then do not.
struct Script {
    random: TestRng,
    /// Versions of the streams, as far as the answers told.
    versions: [u64; 4],
    sent: Vec<Decided>,
    /// How many were recorded, repeated, reused an id, met a conflict.
    kinds: [usize; 4],
}

impl Script {
    fn new() -> Self {
        Self {
            random: TestRng::deterministic_rng(RngAlgorithm::ChaCha),
            versions: [0; 4],
            sent: Vec::new(),
            kinds: [0; 4],
        }
    }

    fn batch(&mut self) -> (Vec<Decided>, bool) {
        let mut versions = self.versions;
        let chained = self.one_in(3);
        let length = self.below(12) + 1;
        let batch: Vec<_> = (0..length).map(|_| self.command(&mut versions)).collect();
        self.sent.extend(batch.iter().cloned());
        (batch, chained)
    }

    fn command(&mut self, versions: &mut [u64; 4]) -> Decided {
        if !self.sent.is_empty() && self.one_in(8) {
            let place = self.below(self.sent.len());
            let mut again = self.sent[place].clone();
            if self.one_in(2) {
                again.command.fingerprint = Fingerprint::of(b"other");
            }
            return again;
        }
        let stream = self.below(4);
        let name = |stream: usize| format!("thing-{stream}");
        let expected = match self.one_in(8) {
            true => (versions[stream] + 2).saturating_sub(self.below(5) as u64),
            false => versions[stream],
        };
        if self.one_in(6) {
            return refused(&name(stream), expected);
        }
        let events = self.below(4);
        let mut command = decided(&name(stream), expected, events);
        versions[stream] = expected + events as u64;
        if self.one_in(4) {
            let other = self.below(4);
            command.writes.push(write(&name(other), versions[other], 1));
            versions[other] += 1;
        }
        if self.one_in(15) {
            command.writes[0].events.push(event(&"1".repeat(600_000)));
        }
        if self.one_in(10) {
            command.command.stream = name(self.below(4));
        }
        command
    }

    fn learn(&mut self, outcomes: &[AppendOutcome]) {
        let sent = &self.sent[self.sent.len() - outcomes.len()..];
        for (command, outcome) in sent.iter().zip(outcomes) {
            let kind = match outcome {
                AppendOutcome::Recorded(_) => {
                    for write in &command.writes {
                        let stream = write.stream["thing-".len()..].parse();
                        let stream: usize = stream.expect("a number");
                        self.versions[stream] += write.events.len() as u64;
                    }
                    0
                }
                AppendOutcome::Repeated(_) => 1,
                AppendOutcome::IdReused(_) => 2,
                AppendOutcome::Conflict { .. } => 3,
                AppendOutcome::TooLarge { .. } => continue,
            };
            self.kinds[kind] += 1;
        }
    }

    fn below(&mut self, end: usize) -> usize {
        self.random.random_range(0..end)
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

/// Outcomes without what no two clocks agree on.
fn timeless(outcomes: Vec<AppendOutcome>) -> Vec<AppendOutcome> {
    let timeless = |record| CommandRecord {
        recorded_at: chrono::DateTime::UNIX_EPOCH,
        ..record
    };
    let outcomes = outcomes.into_iter();
    let outcomes = outcomes.map(|outcome| match outcome {
        AppendOutcome::Recorded(record) => AppendOutcome::Recorded(timeless(record)),
        AppendOutcome::Repeated(record) => AppendOutcome::Repeated(timeless(record)),
        AppendOutcome::IdReused(record) => AppendOutcome::IdReused(timeless(record)),
        AppendOutcome::Conflict { .. } | AppendOutcome::TooLarge { .. } => outcome,
    });
    outcomes.collect()
}

//! A hand on the database of a running system: it writes an event that nobody can read, as only a bug or a
//! newer build would, and decides about dead letters, as `orderlog dead-letter` does.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::Utc;
use orderlog_log::{
    event::{NewEvent, Position},
    event_store::{
        AppendOutcome, CommandEnvelope, Decided, EventStore, Fingerprint, StreamAppend, Verdict,
    },
};
use orderlog_runtime::dead_letter::{Author, DeadLetter, DeadLetters, Ruling};
use tokio::time::interval;
use uuid::Uuid;

use crate::{
    cli::Failure,
    system::{Config, System},
};

/// From one look to the next, at least.
const LOOK: Duration = Duration::from_millis(100);

/// The hand.
pub(super) struct Hand {
    log: Arc<dyn EventStore>,
    letters: DeadLetters,
    patience: Duration,
}

impl Hand {
    /// On this database.
    pub(super) async fn on(database: Option<&Config>, patience: Duration) -> Result<Self, Failure> {
        let Some(config) = database else {
            let message = "this scenario writes into the database itself: give --database URL; the log \
                           of an embedded system can't be written by others while it runs";
            return Err(Failure::usage(message));
        };
        Ok(Self {
            log: System::log_of(config).await?,
            letters: System::dead_letters_of(config).await?,
            patience,
        })
    }

    /// Appends an event of a known type that has not its form, among the events of `key`.
    pub(super) async fn poison(&self, key: Uuid) -> Result<(), Failure> {
        let id = Uuid::now_v7();
        let stream = format!("product-POISON-{}", id.simple());
        let command = CommandEnvelope {
            command_id: id,
            fingerprint: Fingerprint::of(id.as_bytes()),
            command_type: "Poison".to_owned(),
            stream: stream.clone(),
            actor: "scenario".to_owned(),
            correlation_id: id,
            causation_id: id,
            traceparent: None,
        };
        let event = NewEvent {
            event_id: Uuid::now_v7(),
            event_type: "ProductRegistered".to_owned(),
            schema_version: 1,
            data: r#"{"poison":true}"#.to_owned(),
            occurred_at: Utc::now(),
        };
        let write = StreamAppend {
            stream,
            expected_version: 0,
            partition_key: key.to_string(),
            events: vec![event],
        };
        let decided = Decided {
            command,
            verdict: Verdict::Accepted,
            writes: vec![write],
        };
        let appended = self.log.append(vec![decided]).await;
        let outcomes = appended.map_err(|error| Failure::unreachable(error.to_string()))?;
        if outcomes.iter().all(AppendOutcome::is_recorded) {
            return Ok(());
        }
        Err(Failure::failed("the log did not take the event"))
    }

    /// What is parked under `key`, once `wanted` says that it is enough.
    pub(super) async fn parked(
        &self,
        key: Uuid,
        what: &str,
        wanted: impl Fn(&[DeadLetter]) -> bool,
    ) -> Result<Vec<DeadLetter>, Failure> {
        let (key, begun, mut pace) = (key.to_string(), Instant::now(), interval(LOOK));
        loop {
            pace.tick().await;
            let mut letters = self.letters.list(None).await?;
            letters.retain(|letter| letter.partition_key == key);
            if wanted(&letters) {
                return Ok(letters);
            }
            if begun.elapsed() > self.patience {
                let parked = letters.len();
                return Err(Failure::failed(format!(
                    "waited in vain until {what}; {parked} events of {key} are parked"
                )));
            }
        }
    }

    /// Leaves the event out for good.
    pub(super) async fn discard(&self, consumer: &str, position: Position) -> Result<(), Failure> {
        let author = Author {
            actor: "scenario".to_owned(),
            reason: "it was poison".to_owned(),
            at: Utc::now(),
        };
        let decided = self
            .letters
            .decide(Ruling::Discard, consumer, position, author);
        decided.await?;
        Ok(())
    }
}

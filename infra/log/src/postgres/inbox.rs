//! What is asked of the appender. A request is checked here for what the engine can never keep, so
//! that it does not spoil the statement in which others are written, too.

use tokio::sync::{
    mpsc::{self, UnboundedReceiver, UnboundedSender},
    oneshot,
};

use super::rows;
use crate::event_store::{AppendOutcome, Decided, StoreError};

/// The way to the appender.
#[derive(Clone)]
pub(super) struct Inbox(UnboundedSender<Append>);

pub(super) type Incoming = UnboundedReceiver<Append>;

/// A way to the appender, and its end.
pub(super) fn inbox() -> (Inbox, Incoming) {
    let (sender, incoming) = mpsc::unbounded_channel();
    (Inbox(sender), incoming)
}

impl Inbox {
    /// Hands commands to the appender and waits for its answer.
    pub(super) async fn append(
        &self,
        commands: Vec<Decided>,
        chained: bool,
    ) -> Result<Vec<AppendOutcome>, StoreError> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        check(&commands)?;
        let (reply, answer) = oneshot::channel();
        let append = Append {
            outcomes: Vec::with_capacity(commands.len()),
            commands,
            chained,
            perhaps_written: false,
            reply,
        };
        self.0.send(append).map_err(|_| StoreError::Unavailable {
            detail: "the appender has stopped".to_owned(),
        })?;
        answer.await.map_err(|_| StoreError::Unknown {
            detail: "the appender ended before it answered".to_owned(),
        })?
    }
}

/// Commands to append.
pub(super) struct Append {
    pub(super) commands: Vec<Decided>,
    /// Each is decided on what the one before leaves behind.
    pub(super) chained: bool,
    /// What became of each; empty until it is known of all.
    pub(super) outcomes: Vec<AppendOutcome>,
    /// A connection broke while this was being written.
    pub(super) perhaps_written: bool,
    pub(super) reply: oneshot::Sender<Result<Vec<AppendOutcome>, StoreError>>,
}

impl Append {
    /// Bytes of payload.
    pub(super) fn bytes(&self) -> usize {
        let writes = self.commands.iter().flat_map(|decided| &decided.writes);
        let events = writes.flat_map(|write| &write.events);
        events.map(|event| event.data.len()).sum()
    }

    /// Answers if it is known what became of it.
    pub(super) fn settle(self) -> Option<Self> {
        if self.outcomes.is_empty() {
            return Some(self);
        }
        // Nobody listens where the caller gave up waiting.
        let _ = self.reply.send(Ok(self.outcomes));
        None
    }

    /// Answers with an error, which must not talk away that it may be written.
    pub(super) fn fail(self, error: &StoreError) {
        let error = match error {
            StoreError::Unknown { .. } => error.clone(),
            error if self.perhaps_written => StoreError::Unknown {
                detail: error.to_string(),
            },
            error => error.clone(),
        };
        let _ = self.reply.send(Err(error));
    }
}

fn check(commands: &[Decided]) -> Result<(), StoreError> {
    let written = commands.iter().flat_map(|decided| &decided.writes);
    let streams = written.map(|write| &write.stream);
    let addressed = commands.iter().map(|decided| &decided.command.stream);
    match streams
        .chain(addressed)
        .find(|it| rows::split(it).is_none())
    {
        Some(stream) => Err(StoreError::Invalid {
            detail: format!("the stream {stream:?} has no category: it lacks a '-'"),
        }),
        None => Ok(()),
    }
}

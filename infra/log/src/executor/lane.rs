//! One lane per aggregate in use: commands for it wait in order and are carried out by one task,
//! which lives while there are any. It is the lane's own task, so a caller that goes away leaves
//! the others' commands untouched.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    sync::Arc,
};

use cqrs_es::Aggregate;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{CommandContext, Core, Decides, ExecuteError, Executed, round};
use crate::event_store::{Fingerprint, StoreError};

/// Commands decided and appended together.
const TOGETHER: usize = 256;

/// The answer to a command.
pub(super) type Answer<A> = Result<Executed, ExecuteError<<A as Aggregate>::Error>>;

/// A command in its lane.
pub(super) struct Waiting<A: Aggregate> {
    pub(super) command: A::Command,
    pub(super) command_type: String,
    pub(super) fingerprint: Fingerprint,
    pub(super) context: CommandContext,
    /// Conflicts met so far.
    pub(super) attempts: u32,
    /// An append of it ended without telling what became of it.
    pub(super) perhaps_written: bool,
    reply: oneshot::Sender<Answer<A>>,
}

impl<A: Decides> Waiting<A> {
    pub(super) fn new(
        stream: &str,
        command: A::Command,
        context: CommandContext,
    ) -> Result<(Self, oneshot::Receiver<Answer<A>>), StoreError> {
        let json = serde_json::to_string(&command).map_err(|error| StoreError::Unavailable {
            detail: format!("a command has no JSON: {error}"),
        })?;
        let own = || Fingerprint::of(format!("{stream}\n{json}").as_bytes());
        let fingerprint = context.fingerprint.unwrap_or_else(own);
        let command_type = variant(&json).to_owned();
        let (reply, answer) = oneshot::channel();
        let (attempts, perhaps_written) = (0, false);
        let waiting = Self {
            command,
            command_type,
            fingerprint,
            context,
            attempts,
            perhaps_written,
            reply,
        };
        Ok((waiting, answer))
    }

    pub(super) fn answer(self, answer: Answer<A>) {
        // Nobody listens where the caller gave up waiting.
        let _ = self.reply.send(answer);
    }

    /// Answers with a failure of the store; an earlier doubt is not talked away by it.
    pub(super) fn fail(self, error: StoreError) {
        let error = match error {
            error if !self.perhaps_written => error,
            error @ StoreError::Unknown { .. } => error,
            error => StoreError::Unknown {
                detail: error.to_string(),
            },
        };
        self.answer(Err(error.into()));
    }
}

/// The lanes in use: an entry is there exactly while a task works on it.
pub(super) struct Lanes<A: Aggregate>(Mutex<HashMap<String, VecDeque<Waiting<A>>>>);

impl<A: Aggregate> Default for Lanes<A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// Puts a command into its lane, and a task on the lane where there is none.
pub(super) fn enter<A: Decides>(
    core: &Arc<Core<A>>,
    id: &str,
    stream: String,
    waiting: Waiting<A>,
) -> Result<(), ExecuteError<A::Error>> {
    match core.lanes.0.lock().entry(stream.clone()) {
        Entry::Occupied(lane) if lane.get().len() >= core.limits.waiting => {
            return Err(ExecuteError::Overloaded { stream });
        }
        Entry::Occupied(mut lane) => {
            lane.get_mut().push_back(waiting);
            return Ok(());
        }
        Entry::Vacant(lane) => {
            lane.insert(VecDeque::from([waiting]));
        }
    }
    tokio::spawn(work(
        OpenLane {
            core: Arc::clone(core),
            stream,
            done: false,
        },
        id.to_owned(),
    ));
    Ok(())
}

async fn work<A: Decides>(mut lane: OpenLane<A>, id: String) {
    while let Some(mut batch) = lane.next() {
        while !batch.is_empty() {
            batch = round::carry_out(&lane.core, &id, &lane.stream, batch).await;
        }
    }
}

/// A lane with a task on it. If the task breaks off, those who wait are told, and the next command
/// opens the lane anew.
struct OpenLane<A: Aggregate> {
    core: Arc<Core<A>>,
    stream: String,
    done: bool,
}

impl<A: Aggregate> OpenLane<A> {
    /// The commands that wait; closes the lane when there are none.
    fn next(&mut self) -> Option<Vec<Waiting<A>>> {
        let mut lanes = self.core.lanes.0.lock();
        let waiting = lanes
            .get_mut(&self.stream)
            .filter(|waiting| !waiting.is_empty());
        let Some(waiting) = waiting else {
            lanes.remove(&self.stream);
            self.done = true;
            return None;
        };
        let together = waiting.len().min(TOGETHER);
        Some(waiting.drain(..together).collect())
    }
}

impl<A: Aggregate> Drop for OpenLane<A> {
    fn drop(&mut self) {
        if !self.done {
            self.core.lanes.0.lock().remove(&self.stream);
        }
    }
}

/// Name of an enum's variant in its JSON: `{"Name":...}` or `"Name"`.
fn variant(json: &str) -> &str {
    json.split('"').nth(1).unwrap_or_default()
}

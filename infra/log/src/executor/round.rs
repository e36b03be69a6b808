//! A round: the commands of one lane are decided in sequence, each on what the one before leaves
//! behind, appended as one chain, and answered by what the log says. Those behind the first that
//! was not recorded were decided on what never came to be; they go into the next round.

use std::time::Duration;

use uuid::Uuid;

use super::{
    Core, Decides, ExecuteError, Loaded,
    answer::{answer_repeat, first_answer, recorded_answer},
    decide::{Plan, decide},
    lane::Waiting,
};
use crate::event_store::{AppendOutcome, StoreError};

/// Carries out one round and gives back those that need another.
pub(super) async fn carry_out<A: Decides>(
    core: &Core<A>,
    id: &str,
    stream: &str,
    batch: Vec<Waiting<A>>,
) -> Vec<Waiting<A>> {
    let round = Round { core, stream };
    let begins = |first: &Waiting<A>| first.attempts == 0 && (core.binding.begins)(&first.command);
    let before = match core.states.cached(stream) {
        Some(loaded) => loaded,
        None if batch.first().is_some_and(begins) => Loaded::default(),
        None => match core.states.current(&core.log(), stream).await {
            Ok(loaded) => loaded,
            Err(error) => return round.fail(batch, &error),
        },
    };
    let mut state = before.clone();
    let (mut chain, mut plans) = (Vec::new(), Vec::with_capacity(batch.len()));
    for waiting in batch {
        plans.push(match decide(core, id, stream, &state, &waiting).await {
            Plan::Record {
                decided,
                after,
                refusal,
            } => {
                state = after.clone();
                chain.push(decided);
                Planned::Recorded {
                    waiting,
                    after,
                    refusal,
                }
            }
            Plan::Tell(answer) => Planned::Told { waiting, answer },
        });
    }
    let outcomes = match chain.is_empty() {
        true => Ok(Vec::new()),
        false => core.store.append_chain(chain).await,
    };
    match outcomes {
        Ok(outcomes) => round.settle(&before, plans, outcomes).await,
        Err(error @ StoreError::Unknown { .. }) => round.resolve(plans, &error).await,
        Err(error) => {
            let waiting = plans.into_iter().map(Planned::into_waiting).collect();
            round.fail(waiting, &error)
        }
    }
}

/// A command and what is planned for it.
enum Planned<A: Decides> {
    Recorded {
        waiting: Waiting<A>,
        after: Loaded<A>,
        refusal: Option<A::Error>,
    },
    Told {
        waiting: Waiting<A>,
        answer: ExecuteError<A::Error>,
    },
}

impl<A: Decides> Planned<A> {
    fn into_waiting(self) -> Waiting<A> {
        match self {
            Self::Recorded { waiting, .. } | Self::Told { waiting, .. } => waiting,
        }
    }
}

/// What became of a command that was to be recorded.
enum Fate<A: Decides> {
    Recorded,
    /// Answered without being recorded now; `newer` if that shows that the state was stale.
    Answered {
        newer: bool,
    },
    Again(Waiting<A>),
}

struct Round<'a, A: Decides> {
    core: &'a Core<A>,
    stream: &'a str,
}

impl<A: Decides> Round<'_, A> {
    async fn settle(
        &self,
        before: &Loaded<A>,
        plans: Vec<Planned<A>>,
        outcomes: Vec<AppendOutcome>,
    ) -> Vec<Waiting<A>> {
        let mut outcomes = outcomes.into_iter();
        let (mut reached, mut stale, mut broken) = (None, false, false);
        let (mut to_tell, mut again) = (Vec::new(), Vec::new());
        for planned in plans {
            match planned {
                Planned::Told { waiting, .. } if broken => again.push(waiting),
                Planned::Told { waiting, answer } => to_tell.push((waiting, answer)),
                Planned::Recorded {
                    waiting,
                    after,
                    refusal,
                } => {
                    match self.pass_on(before, waiting, refusal, outcomes.next()) {
                        Fate::Recorded => reached = Some(after),
                        Fate::Answered { newer } => {
                            stale |= newer;
                            broken = true;
                        }
                        Fate::Again(waiting) => {
                            // Behind a broken link a conflict says nothing of the state.
                            stale |= !broken;
                            broken = true;
                            again.push(waiting);
                        }
                    }
                }
            }
        }
        let verified = reached.is_some();
        if let Some(reached) = reached {
            self.core.states.keep(self.stream, reached);
        }
        stale |= self.tell(before, verified, to_tell, &mut again).await;
        match stale {
            true => self.retry(again).await,
            false => again,
        }
    }

    /// Passes the log's answer on to the one who waits for it.
    fn pass_on(
        &self,
        before: &Loaded<A>,
        waiting: Waiting<A>,
        refusal: Option<A::Error>,
        outcome: Option<AppendOutcome>,
    ) -> Fate<A> {
        let mut newer = false;
        match outcome {
            Some(AppendOutcome::Recorded(record)) => {
                waiting.answer(first_answer(record, refusal));
                return Fate::Recorded;
            }
            Some(AppendOutcome::Repeated(record)) => {
                newer = record.command.stream == self.stream && record.version > before.version;
                let repeated = !waiting.perhaps_written;
                waiting.answer(recorded_answer(record, repeated));
            }
            Some(AppendOutcome::IdReused(record)) => {
                waiting.answer(Err(ExecuteError::IdReused(record.command.command_id)));
            }
            Some(AppendOutcome::TooLarge {
                event_type,
                bytes,
                limit,
            }) => {
                waiting.answer(Err(ExecuteError::TooLarge {
                    event_type,
                    bytes,
                    limit,
                }));
            }
            Some(AppendOutcome::Conflict { .. }) | None => return Fate::Again(waiting),
        }
        Fate::Answered { newer }
    }

    /// Answers what is never recorded: not to a repeat, and not on a state that was stale. A chain
    /// of which anything was recorded proves its state; otherwise the log is asked. Says whether
    /// the state was stale.
    async fn tell(
        &self,
        before: &Loaded<A>,
        verified: bool,
        to_tell: Vec<(Waiting<A>, ExecuteError<A::Error>)>,
        again: &mut Vec<Waiting<A>>,
    ) -> bool {
        if to_tell.is_empty() {
            return false;
        }
        let store = &self.core.store;
        let newer = match verified {
            true => Ok(false),
            false => {
                let newer = store.read_stream(self.stream, before.version, 1).await;
                newer.map(|events| !events.is_empty())
            }
        };
        for (waiting, answer) in to_tell {
            match (store.command(waiting.context.command_id).await, &newer) {
                (Ok(Some(first)), _) => answer_repeat(waiting, first),
                (Ok(None), Ok(false)) => waiting.answer(Err(answer)),
                (Ok(None), Ok(true)) => again.push(waiting),
                (Err(error), _) => waiting.fail(error),
                (_, Err(error)) => waiting.fail(error.clone()),
            }
        }
        newer.unwrap_or(true)
    }

    /// After an append of unknown outcome the log is asked for each command. One that it does not
    /// know is decided and appended again: if it did arrive after all, that answers the repeat.
    async fn resolve(&self, plans: Vec<Planned<A>>, error: &StoreError) -> Vec<Waiting<A>> {
        tracing::warn!(stream = self.stream, %error, "asking the log what became of an append");
        let mut again = Vec::new();
        for planned in plans {
            let mut waiting = match planned {
                Planned::Recorded { waiting, .. } => waiting,
                Planned::Told { waiting, .. } => {
                    again.push(waiting);
                    continue;
                }
            };
            waiting.perhaps_written = true;
            match self.core.store.command(waiting.context.command_id).await {
                Ok(Some(first)) => answer_repeat(waiting, first),
                Ok(None) | Err(_) => again.push(waiting),
            }
        }
        self.retry(again).await
    }

    /// Forgets the state, lets go those that had their attempts, and waits a moment at random, so
    /// that two executors do not keep meeting.
    async fn retry(&self, again: Vec<Waiting<A>>) -> Vec<Waiting<A>> {
        self.core.states.forget(self.stream);
        let mut rest = Vec::with_capacity(again.len());
        for mut waiting in again {
            waiting.attempts += 1;
            let (attempts, stream) = (waiting.attempts, self.stream.to_owned());
            if attempts < self.core.limits.attempts {
                rest.push(waiting);
            } else if waiting.perhaps_written {
                let detail = format!("{stream}: not resolved in {attempts} attempts");
                waiting.fail(StoreError::Unknown { detail });
            } else {
                waiting.answer(Err(ExecuteError::Conflict { stream, attempts }));
            }
        }
        if let Some(attempts) = rest.iter().map(|waiting| waiting.attempts).max() {
            tokio::time::sleep(pause(attempts)).await;
        }
        rest
    }

    fn fail(&self, batch: Vec<Waiting<A>>, error: &StoreError) -> Vec<Waiting<A>> {
        for waiting in batch {
            waiting.fail(error.clone());
        }
        Vec::new()
    }
}

/// Up to half a millisecond after the first conflict, twice as long after each other one.
fn pause(attempts: u32) -> Duration {
    let longest = 500_u64 << attempts.saturating_sub(1).min(7);
    let (_, random) = Uuid::now_v7().as_u64_pair();
    Duration::from_micros(random % longest)
}

//! Carries a client's command to its aggregate and answers what came of it, first time or not.

use orderlog_domain::refusal::Refusal;
use orderlog_log::{
    event::Version,
    event_store::{
        AppendOutcome, CommandEnvelope, CommandRecord, Decided, StoreError, StreamAppend, Verdict,
    },
    executor::{ExecuteError, Executed},
};
use orderlog_web::{
    precondition::{self, IfMatch},
    problem::Problem,
};

use crate::{refused, request::Sent, resource::Resource, rest::Api};

/// A stream that a refusal relies on, as it was seen.
pub(crate) struct Seen {
    stream: String,
    version: Version,
}

impl Seen {
    /// The aggregate `id` at this version.
    pub(crate) fn of<A: Resource>(id: &str, version: Version) -> Self {
        Self {
            stream: format!("{}-{id}", A::TYPE),
            version,
        }
    }

    /// Written with no event, only its version is checked.
    fn unchanged(self) -> StreamAppend {
        let Self { stream, version } = self;
        StreamAppend {
            partition_key: stream.clone(),
            stream,
            expected_version: version,
            events: Vec::new(),
        }
    }
}

impl Api {
    /// Carries `command` to the aggregate `id`.
    pub(crate) async fn send<A: Resource>(
        &self,
        id: &str,
        command: A::Command,
        sent: &Sent,
    ) -> Result<Executed, Problem> {
        let executor = A::executor(&self.aggregates);
        if sent.if_match == Some(IfMatch::Exists) && executor.load(id).await?.version == 0 {
            return Err(precondition::does_not_exist());
        }
        match executor.execute(id, command, sent.context()).await {
            Ok(executed) => Ok(executed),
            Err(error) => Err(refused::problem::<A>(self, id, error).await),
        }
    }

    /// Records that a command is refused because of what other streams say: nothing that its own
    /// aggregate could decide. A repeat gets the first outcome, whatever those streams say by then.
    pub(crate) async fn refuse<A: Resource>(
        &self,
        id: &str,
        command_type: &str,
        refusal: A::Error,
        relied_on: Vec<Seen>,
        sent: &Sent,
    ) -> Result<Executed, Problem> {
        let error = match self
            .record_refusal::<A>(id, command_type, refusal, relied_on, sent)
            .await
        {
            Ok(executed) => return Ok(executed),
            Err(error) => error,
        };
        Err(refused::problem::<A>(self, id, error).await)
    }

    async fn record_refusal<A: Resource>(
        &self,
        id: &str,
        command_type: &str,
        refusal: A::Error,
        relied_on: Vec<Seen>,
        sent: &Sent,
    ) -> Result<Executed, ExecuteError<A::Error>> {
        let own = Seen::of::<A>(id, 0);
        let code = refusal.code().to_owned();
        let decided = Decided {
            command: envelope(sent, command_type, &own.stream),
            verdict: Verdict::Refused {
                code,
                refusal: serde_json::to_string(&refusal).map_err(unreadable)?,
            },
            writes: std::iter::once(own)
                .chain(relied_on)
                .map(Seen::unchanged)
                .collect(),
        };
        match self.store.append(vec![decided]).await?.pop() {
            Some(AppendOutcome::Recorded(record)) => Err(ExecuteError::Refused {
                refusal,
                version: record.version,
                repeated: false,
            }),
            Some(AppendOutcome::Repeated(record)) => first_outcome::<A>(record),
            Some(AppendOutcome::IdReused(record)) => {
                Err(ExecuteError::IdReused(record.command.command_id))
            }
            Some(AppendOutcome::Conflict { stream, .. }) => Err(ExecuteError::Conflict {
                stream,
                attempts: 1,
            }),
            Some(AppendOutcome::TooLarge {
                event_type,
                bytes,
                limit,
            }) => Err(ExecuteError::TooLarge {
                event_type,
                bytes,
                limit,
            }),
            None => Err(StoreError::Unknown {
                detail: "the append answered nothing".to_owned(),
            }
            .into()),
        }
    }
}

fn envelope(sent: &Sent, command_type: &str, stream: &str) -> CommandEnvelope {
    let context = sent.context();
    CommandEnvelope {
        command_id: context.command_id,
        fingerprint: sent.fingerprint,
        command_type: command_type.to_owned(),
        stream: stream.to_owned(),
        actor: context.actor,
        correlation_id: context.correlation_id,
        causation_id: context.causation_id,
        traceparent: context.traceparent,
    }
}

fn first_outcome<A: Resource>(record: CommandRecord) -> Result<Executed, ExecuteError<A::Error>> {
    match record.verdict {
        Verdict::Accepted => Ok(Executed {
            stream: record.command.stream,
            version: record.version,
            position: record.position,
            partition_key: record.partition_key,
            repeated: true,
        }),
        Verdict::Refused { refusal, .. } => {
            let refusal = serde_json::from_str(&refusal).map_err(unreadable)?;
            Err(ExecuteError::Refused {
                refusal,
                version: record.version,
                repeated: true,
            })
        }
    }
}

fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Corrupt {
        detail: format!("a refusal is no valid JSON: {error}"),
    }
}

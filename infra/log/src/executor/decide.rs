//! One decision: the rules run on a clone of the state, and what they say becomes what is to be
//! appended, or an answer that is never recorded.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
use uuid::Uuid;

use super::{Core, Decides, ExecuteError, Loaded, lane::Waiting};
use crate::{
    event::NewEvent,
    event_store::{CommandEnvelope, Decided, StoreError, StreamAppend, Verdict},
};

/// What a decision comes to.
pub(super) enum Plan<A: Aggregate> {
    /// To be recorded; beside it the state that it leads to, and the refusal if it is one.
    Record {
        decided: Decided,
        after: Loaded<A>,
        refusal: Option<A::Error>,
    },
    /// To be answered without a trace, once it is sure that the state was not stale.
    Tell(ExecuteError<A::Error>),
}

/// Decides on `before`, the aggregate `id` of `stream`.
pub(super) async fn decide<A: Decides>(
    core: &Core<A>,
    id: &str,
    stream: &str,
    before: &Loaded<A>,
    waiting: &Waiting<A>,
) -> Plan<A> {
    let version = before.version;
    if let Some(expected) = waiting.context.expected_version.filter(|it| *it != version) {
        return Plan::Tell(ExecuteError::VersionMismatch {
            expected,
            actual: version,
        });
    }
    let (now, sink) = (core.clock.now(), EventSink::default());
    let mut state = A::clone(&before.state);
    let decision = contained(state.handle(waiting.command.clone(), &now, &sink)).await;
    let Some(decision) = decision else {
        let detail = format!(
            "the rules of {stream} broke off at {}",
            waiting.command_type
        );
        return Plan::Tell(StoreError::Unavailable { detail }.into());
    };
    let (events, refusal) = match decision {
        Ok(()) => (sink.collect().await, None),
        Err(refusal) if !(core.binding.recorded)(&refusal) => {
            return Plan::Tell(ExecuteError::Refused {
                refusal,
                version,
                repeated: false,
            });
        }
        Err(refusal) => (Vec::new(), Some(refusal)),
    };
    let encoded: Result<Vec<_>, _> = events.iter().map(|event| encode(event, now)).collect();
    let (events, verdict) = match encoded.and_then(|it| Ok((it, verdict(core, &refusal)?))) {
        Ok(both) => both,
        Err(error) => return Plan::Tell(error.into()),
    };
    let after = match &refusal {
        // What a refused command did to its clone before it failed is thrown away.
        Some(_) => before.clone(),
        None => Loaded {
            version: version + events.len() as u64,
            state: state.into(),
        },
    };
    let write = StreamAppend {
        stream: stream.to_owned(),
        expected_version: version,
        partition_key: (core.binding.partition_key)(&after.state, id),
        events,
    };
    let decided = Decided {
        command: envelope(stream, waiting),
        verdict,
        writes: vec![write],
    };
    Plan::Record {
        decided,
        after,
        refusal,
    }
}

/// A panic of the rules ends the command that met it, not those that wait behind it.
async fn contained<F: Future>(decision: F) -> Option<F::Output> {
    let mut decision = pin!(decision);
    poll_fn(move |context| {
        let poll = || decision.as_mut().poll(context);
        catch_unwind(AssertUnwindSafe(poll)).map_or(Poll::Ready(None), |poll| poll.map(Some))
    })
    .await
}

fn encode<E: DomainEvent>(
    event: &E,
    occurred_at: chrono::DateTime<chrono::Utc>,
) -> Result<NewEvent, StoreError> {
    let event_type = event.event_type();
    let unusable = |what: String| StoreError::Unavailable {
        detail: format!("the event {event_type} can't be recorded: {what}"),
    };
    let schema_version = event
        .event_version()
        .parse()
        .map_err(|_| unusable("no schema version".to_owned()))?;
    let data = serde_json::to_string(event).map_err(|error| unusable(error.to_string()))?;
    let event_id = Uuid::now_v7();
    Ok(NewEvent {
        event_id,
        event_type,
        schema_version,
        data,
        occurred_at,
    })
}

fn verdict<A: Decides>(core: &Core<A>, refusal: &Option<A::Error>) -> Result<Verdict, StoreError> {
    let Some(refusal) = refusal else {
        return Ok(Verdict::Accepted);
    };
    let code = (core.binding.code)(refusal).to_owned();
    match serde_json::to_string(refusal) {
        Ok(refusal) => Ok(Verdict::Refused { code, refusal }),
        Err(error) => {
            let detail = format!("the refusal {code} can't be recorded: {error}");
            Err(StoreError::Unavailable { detail })
        }
    }
}

fn envelope<A: Decides>(stream: &str, waiting: &Waiting<A>) -> CommandEnvelope {
    let context = &waiting.context;
    CommandEnvelope {
        command_id: context.command_id,
        fingerprint: waiting.fingerprint,
        command_type: waiting.command_type.clone(),
        stream: stream.to_owned(),
        actor: context.actor.clone(),
        correlation_id: context.correlation_id,
        causation_id: context.causation_id,
        traceparent: context.traceparent.clone(),
    }
}

//! Why a command was not carried out, as problem documents. A refusal keeps its typed details; one
//! that depends on the state says what the state is and what it takes instead.

use axum::http::{HeaderValue, StatusCode, header};
use orderlog_domain::refusal::{Refusal, RefusalClass};
use orderlog_log::executor::ExecuteError;
use orderlog_web::{idempotency, precondition, problem::Problem};
use serde::Serialize;
use serde_json::Value;

use crate::{resource::Resource, rest::Api};

/// The problem that a client is told of.
pub(crate) async fn problem<A: Resource>(
    api: &Api,
    id: &str,
    error: ExecuteError<A::Error>,
) -> Problem {
    match error {
        ExecuteError::Refused {
            refusal: refused,
            repeated,
            ..
        } => {
            let told = refusal(&refused);
            let told = if depends_on_state(refused.class()) {
                with_state::<A>(api, id, told).await
            } else {
                told
            };
            if repeated {
                told.header(idempotency::REPLAY_HEADER, HeaderValue::from_static("true"))
            } else {
                told
            }
        }
        ExecuteError::IdReused(command_id) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency.key_reused",
        )
        .detail("this Idempotency-Key was used for another request; a new command needs a new key")
        .with("command_id", command_id.to_string()),
        ExecuteError::VersionMismatch { expected, actual } => {
            precondition::version_mismatch(expected, actual)
        }
        ExecuteError::Conflict { attempts, .. } => {
            Problem::new(StatusCode::CONFLICT, "command.conflict")
                .detail(format!(
                    "the resource kept changing; gave up after {attempts} attempts"
                ))
                .retry_after(1)
        }
        ExecuteError::Overloaded { .. } => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "command.overloaded")
                .detail("too many commands wait for this resource")
                .retry_after(1)
        }
        ExecuteError::TooLarge { bytes, limit, .. } => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "command.event_too_large").detail(
                format!("the command would record {bytes} bytes, {limit} are allowed"),
            )
        }
        ExecuteError::Store(error) => error.into(),
    }
}

/// A refusal of the domain: its code, its words, its typed fields.
pub(crate) fn refusal<E: Refusal + Serialize + std::fmt::Display>(refusal: &E) -> Problem {
    let class = refusal.class();
    let problem = Problem::new(status(class), refusal.code()).detail(refusal.to_string());
    let problem = match details(refusal) {
        Some(details) => locate(problem, &details, &refusal.to_string()).with("details", details),
        None => problem,
    };
    match class {
        RefusalClass::NotYet | RefusalClass::InFlight => problem.retry_after(1),
        RefusalClass::Malformed
        | RefusalClass::NotFound
        | RefusalClass::State
        | RefusalClass::Rule => problem,
    }
}

fn status(class: RefusalClass) -> StatusCode {
    match class {
        RefusalClass::Malformed => StatusCode::BAD_REQUEST,
        RefusalClass::NotFound => StatusCode::NOT_FOUND,
        RefusalClass::State | RefusalClass::NotYet | RefusalClass::InFlight => StatusCode::CONFLICT,
        RefusalClass::Rule => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn depends_on_state(class: RefusalClass) -> bool {
    match class {
        RefusalClass::State | RefusalClass::NotYet | RefusalClass::InFlight => true,
        RefusalClass::Malformed | RefusalClass::NotFound | RefusalClass::Rule => false,
    }
}

/// The state is read again for this: it may be newer than the refusal, which is all the better.
async fn with_state<A: Resource>(api: &Api, id: &str, problem: Problem) -> Problem {
    match A::executor(&api.aggregates).load(id).await {
        Ok(loaded) => problem
            .with("current_state", loaded.state.state())
            .with("allowed_commands", loaded.state.allowed(api.clock.now()))
            .header(header::ETAG, precondition::etag(loaded.version)),
        // The refusal itself stands without it.
        Err(error) => {
            tracing::warn!(%error, "the state for a refusal could not be read");
            problem
        }
    }
}

/// The fields of a refusal: what stands below its name.
fn details<E: Serialize>(refusal: &E) -> Option<Value> {
    match serde_json::to_value(refusal) {
        Ok(Value::Object(named)) => named.into_iter().next().map(|(_, details)| details),
        Ok(_) | Err(_) => None,
    }
}

/// Lines are numbered from 1 in the order in which they were sent.
fn locate(problem: Problem, details: &Value, words: &str) -> Problem {
    match details.get("line").and_then(Value::as_u64) {
        Some(line @ 1..) => problem.at(format!("/lines/{}", line - 1), words),
        Some(0) | None => problem,
    }
}

#[cfg(test)]
mod tests;

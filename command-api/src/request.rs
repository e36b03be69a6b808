//! A POST as a command: its body, the id under which it is carried out only once, who sends it
//! and what they rely on. The fingerprint is of what was sent (method, path, body), not of what
//! the command has become: prices read from today's catalogue must not make a repeat another
//! command. Next: `dispatch`.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, MatchedPath},
    http::{HeaderMap, StatusCode, request::Parts},
};
use orderlog_log::{event_store::Fingerprint, executor::CommandContext};
use orderlog_web::{
    body, correlation::Correlation, idempotency::IdempotencyKey, precondition::IfMatch,
    problem::Problem,
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// A command as a client sends it.
pub(crate) struct CommandRequest<T> {
    pub(crate) body: T,
    pub(crate) sent: Sent,
}

/// What comes with every command, whatever it says.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) command_id: Uuid,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) if_match: Option<IfMatch>,
    actor: String,
    correlation: Correlation,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for CommandRequest<T> {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, content) = request.into_parts();
        let Ok(correlation) = Correlation::from_request_parts(&mut parts, state).await;
        let actor = principal(&parts.headers)?;
        let key = IdempotencyKey::required(&parts.headers)?;
        let if_match = IfMatch::from_headers(&parts.headers)?;
        let command_id = key.command_id(&format!("{actor}\n{} {}", parts.method, route(&parts)));
        let said = format!(
            "{} {}\n",
            parts.method,
            parts.uri.path_and_query().map_or("", |path| path.as_str())
        );

        let bytes = body::read(axum::extract::Request::from_parts(parts, content)).await?;
        let sent = Sent {
            command_id,
            fingerprint: fingerprint(said, &bytes),
            if_match,
            actor,
            correlation,
        };
        Ok(Self {
            body: body::parse(&bytes)?,
            sent,
        })
    }
}

impl Sent {
    /// Who sends it.
    pub(crate) fn actor(&self) -> &str {
        &self.actor
    }

    /// The context in which the command is carried out.
    pub(crate) fn context(&self) -> CommandContext {
        CommandContext {
            command_id: self.command_id,
            correlation_id: self.correlation.id,
            causation_id: self.command_id,
            actor: self.actor.clone(),
            traceparent: self.correlation.traceparent.clone(),
            expected_version: match self.if_match {
                Some(IfMatch::Version(version)) => Some(version),
                Some(IfMatch::Exists) | None => None,
            },
            fingerprint: Some(self.fingerprint),
        }
    }
}

/// Who sends the request: what `X-Actor` says, unproved. The one place where identity is decided.
fn principal(headers: &HeaderMap) -> Result<String, Problem> {
    let Some(value) = headers.get("x-actor") else {
        return Ok("anonymous".to_owned());
    };
    match value.to_str().map(str::trim) {
        Ok(actor) if (1..=MAX_ACTOR).contains(&actor.len()) => Ok(actor.to_owned()),
        Ok(_) | Err(_) => Err(
            Problem::new(StatusCode::BAD_REQUEST, "request.actor_invalid").detail(format!(
                "X-Actor has 1 to {MAX_ACTOR} printable ASCII characters"
            )),
        ),
    }
}

const MAX_ACTOR: usize = 128;

/// The route's template, so that one key means one command wherever it is sent on that route.
fn route(parts: &Parts) -> &str {
    parts
        .extensions
        .get::<MatchedPath>()
        .map_or(parts.uri.path(), MatchedPath::as_str)
}

fn fingerprint(said: String, body: &Bytes) -> Fingerprint {
    let mut content = said.into_bytes();
    content.extend_from_slice(body);
    Fingerprint::of(&content)
}

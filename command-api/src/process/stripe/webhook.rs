//! `POST /api/v1/webhooks/stripe`: Stripe's notes that something has happened to a payment. None is taken
//! at its word: it wakes what asks Stripe, under a command id derived from the note's, and what Stripe
//! answers then is recorded. So a note that comes twice, late, out of order or for a payment that is
//! elsewhere by now changes nothing. Next: the gateway's work rows, by way of the payment's own events.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Extension, Json, Router,
    extract::{Request, State},
    http::StatusCode,
    routing::post,
};
use orderlog_domain::{
    ids::{OperationId, PaymentId, derive},
    payment::{CompleteAction, Payment, PaymentCommand, Reconcile},
    refusal::Refusal,
};
use orderlog_log::{
    clock::Clock,
    event_store::Fingerprint,
    executor::{CommandContext, ExecuteError},
};
use orderlog_web::{
    body::{self, BodyLimit},
    correlation::Correlation,
    problem::Problem,
};
use serde::{Deserialize, Serialize};

use super::{WebhookSecret, signature};
use crate::{aggregates::Aggregates, rest::BASE};

/// The longest note that is read, bytes; Stripe's have some kilobytes.
const LONGEST: usize = 256 * 1024;

/// Who sends the commands that a note leads to.
const ACTOR: &str = "stripe";

/// Notes after which Stripe may answer otherwise than before. That the customer has to act is not
/// among them: nothing is to be done before he has.
const TELLING: [&str; 9] = [
    "payment_intent.amount_capturable_updated",
    "payment_intent.canceled",
    "payment_intent.payment_failed",
    "payment_intent.succeeded",
    "charge.refund.updated",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "charge.captured",
];

/// What the route works with.
#[derive(Clone)]
struct Webhooks {
    aggregates: Aggregates,
    clock: Clock,
    secret: Arc<WebhookSecret>,
}

/// A note of Stripe's.
#[derive(Deserialize)]
struct Note {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: NoteData,
}

#[derive(Deserialize)]
struct NoteData {
    object: NoteObject,
}

/// What the note is about: a payment intent, a charge or a refund.
#[derive(Deserialize)]
struct NoteObject {
    #[serde(default)]
    metadata: Option<HashMap<String, String>>,
}

/// What a note led to.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Taken {
    outcome: &'static str,
}

/// The route, for notes signed with `secret`.
pub fn router(aggregates: Aggregates, clock: Clock, secret: WebhookSecret) -> Router {
    let webhooks = Webhooks {
        aggregates,
        clock,
        secret: Arc::new(secret),
    };
    Router::new()
        .route(&format!("{BASE}/webhooks/stripe"), post(take))
        .layer(Extension(BodyLimit(LONGEST)))
        .with_state(webhooks)
}

async fn take(
    State(webhooks): State<Webhooks>,
    correlation: Correlation,
    request: Request,
) -> Result<Json<Taken>, Problem> {
    let headers = request.headers().clone();
    let bytes = body::read(request).await?;
    signature::verify(&headers, &bytes, &webhooks.secret, webhooks.clock.now())?;
    let note: Note = body::parse(&bytes)?;
    let outcome = webhooks.wake(&note, correlation).await?;
    tracing::info!(
        event.id = note.id,
        event.kind = note.kind,
        outcome,
        "a webhook of Stripe's"
    );
    Ok(Json(Taken { outcome }))
}

impl Webhooks {
    /// Wakes what asks Stripe, where something waits for an answer; says what was done.
    async fn wake(&self, note: &Note, correlation: Correlation) -> Result<&'static str, Problem> {
        if !TELLING.contains(&note.kind.as_str()) {
            return Ok("not of interest");
        }
        let Some(payment_id) = note.payment() else {
            return Ok("not of a payment of ours");
        };
        let id = payment_id.to_string();
        let command_id = derive(payment_id.0, &format!("stripe/{}", note.id));
        let payment = self.aggregates.payments.load(&id).await?.state;
        let operation_id = OperationId(derive(command_id, "operation"));
        let Some(command) = question(&payment, operation_id) else {
            return Ok("nothing waits for it");
        };
        let context = CommandContext {
            command_id,
            correlation_id: correlation.id,
            causation_id: command_id,
            actor: ACTOR.to_owned(),
            traceparent: correlation.traceparent,
            expected_version: None,
            // The note is all that is said; what is asked depends on where the payment is.
            fingerprint: Some(Fingerprint::of(command_id.as_bytes())),
        };
        match self
            .aggregates
            .payments
            .execute(&id, command, context)
            .await
        {
            Ok(_) => Ok("asked"),
            Err(ExecuteError::Refused { refusal, .. }) => {
                tracing::debug!(payment = id, code = refusal.code(), "refused");
                Ok("nothing waits for it")
            }
            Err(ExecuteError::Store(error)) => Err(error.into()),
            // Stripe sends a note again that was not answered with 200.
            Err(error) => Err(busy(&error.to_string())),
        }
    }
}

impl Note {
    fn payment(&self) -> Option<PaymentId> {
        let metadata = self.data.object.metadata.as_ref()?;
        metadata.get("payment_id")?.parse().ok()
    }
}

fn busy(detail: &str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "command.overloaded")
        .detail(detail)
        .retry_after(1)
}

/// What makes the gateway be asked: a question about the operation of unknown outcome, or the
/// authorization after the customer's part. A call under way brings its answer itself.
fn question(payment: &Payment, operation_id: OperationId) -> Option<PaymentCommand> {
    match &payment.in_flight {
        Some(flight) if flight.unknown => Some(PaymentCommand::Reconcile(Reconcile {
            attempt: flight.asked.saturating_add(1),
        })),
        Some(_) => None,
        None if payment.action.is_some() => Some(PaymentCommand::CompleteAction(CompleteAction {
            operation_id,
        })),
        None => None,
    }
}

//! One attempt at what the gateway is wanted for. It goes on only while the operation is in flight;
//! where an earlier attempt may have reached the gateway, or the intent is old, it asks before it
//! calls, because gateways forget idempotency keys. No answer is recorded as such, and asked about
//! later.

use std::sync::Arc;

use chrono::TimeDelta;
use orderlog_domain::{
    ids::{OperationId, derive},
    payment::{
        AuthorizationOutcome, InFlight, Operation, OperationOutcome, Payment, PaymentCommand,
        RecordStillUnknown,
    },
};
use orderlog_log::event_store::StoreError;
use orderlog_runtime::work::{LeasedWork, WorkOutcome};
use tokio::time::timeout;

use crate::process::{
    attempting::{Attempt, again},
    cause::{Cause, SYSTEM},
};

use super::{Answer, Call, Gateway, GatewaySettings, TimedOut, intent::intent, outcome::record};

/// Events of one payment that are read; it has a few dozen at most.
const PAYMENT_EVENTS: usize = 1_000;

/// One attempt at one row.
pub(super) struct Errand<'a> {
    pub(super) handler: &'a Gateway,
    pub(super) row: &'a LeasedWork,
    pub(super) cause: Cause,
}

impl Errand<'_> {
    pub(super) async fn carry_out(
        &self,
        id: &str,
        wanted: OperationId,
    ) -> Result<WorkOutcome, StoreError> {
        let payment = self.payment(id).await?;
        let Some(flight) = flight(&payment, wanted).filter(|flight| !flight.unknown) else {
            return Ok(WorkOutcome::Done);
        };
        let Some(call) = self.call(id, &payment, flight).await? else {
            return Ok(WorkOutcome::Done);
        };
        let old = call.at - call.requested_at >= self.handler.settings.old;
        let mut answer = Ok(None);
        if old || self.row.earlier_attempts > 0 {
            answer = self.ask(&call).await;
        }
        if answer == Ok(None) {
            answer = self.do_it(&call).await.map(Some);
        }
        let answer = answer
            .ok()
            .flatten()
            .unwrap_or_else(|| unknown(call.operation));
        Ok(self.record(id, flight, answer).await)
    }

    pub(super) async fn reconcile(
        &self,
        id: &str,
        wanted: OperationId,
        attempt: u32,
    ) -> Result<WorkOutcome, StoreError> {
        let payment = self.payment(id).await?;
        let pending = |flight: &&InFlight| flight.unknown && flight.unanswered < attempt;
        let Some(flight) = flight(&payment, wanted).filter(pending) else {
            return Ok(WorkOutcome::Done);
        };
        let Some(call) = self.call(id, &payment, flight).await? else {
            return Ok(WorkOutcome::Done);
        };
        if let Ok(Some(answer)) = self.ask(&call).await {
            return Ok(self.record(id, flight, answer).await);
        }
        let still = RecordStillUnknown {
            operation_id: wanted,
            attempt,
        };
        Ok(self
            .send(
                id,
                PaymentCommand::RecordStillUnknown(still),
                "still unknown",
            )
            .await)
    }

    /// Asks until it is known what a scheduled void waits for; who is still calling is waited for.
    pub(super) async fn resolve(
        &self,
        id: &str,
        void: OperationId,
    ) -> Result<WorkOutcome, StoreError> {
        let payment = self.payment(id).await?;
        let waits = payment.void_scheduled == Some(void);
        let Some(flight) = payment.in_flight.as_ref().filter(|_| waits) else {
            return Ok(WorkOutcome::Done);
        };
        if flight.unknown
            && let Some(call) = self.call(id, &payment, flight).await?
            && let Ok(Some(answer)) = self.ask(&call).await
        {
            return Ok(self.record(id, flight, answer).await);
        }
        let GatewaySettings {
            ask_again, most, ..
        } = self.handler.settings;
        let pause = ask_again
            .saturating_mul(1 << self.row.earlier_attempts.min(16))
            .min(most);
        let pause = TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX);
        Ok(again(
            &self.handler.clock,
            pause,
            "the outcome is not known yet".to_owned(),
        ))
    }

    async fn payment(&self, id: &str) -> Result<Arc<Payment>, StoreError> {
        Ok(self.handler.aggregates.payments.load(id).await?.state)
    }

    /// The call for an operation in flight; `None` if the payment's stream has no intent for it.
    async fn call(
        &self,
        id: &str,
        payment: &Payment,
        flight: &InFlight,
    ) -> Result<Option<Call>, StoreError> {
        let events = self
            .handler
            .store
            .read_stream(&format!("payment-{id}"), 0, PAYMENT_EVENTS)
            .await?;
        let intent = intent(&events, flight.operation_id);
        Ok(payment
            .terms
            .as_ref()
            .zip(intent)
            .map(|(terms, intent)| Call {
                operation: flight.operation,
                operation_id: flight.operation_id,
                amount: flight.amount,
                method_token: terms.method_token.clone(),
                gateway_ref: flight.gateway_ref.clone(),
                action_completed: intent.action_completed,
                requested_at: intent.requested_at,
                at: self.handler.clock.now(),
            }))
    }

    async fn do_it(&self, call: &Call) -> Result<Answer, TimedOut> {
        let gateway = &self.handler.gateway;
        let answer = async {
            match call.operation {
                Operation::Authorize => gateway.authorize(call).await.map(Answer::Authorization),
                Operation::Capture => gateway.capture(call).await.map(Answer::Operation),
                Operation::Void => gateway.void(call).await.map(Answer::Operation),
                Operation::Refund => gateway.refund(call).await.map(Answer::Operation),
            }
        };
        timeout(self.handler.settings.timeout, answer)
            .await
            .unwrap_or(Err(TimedOut))
    }

    async fn ask(&self, call: &Call) -> Result<Option<Answer>, TimedOut> {
        let answer = self.handler.gateway.ask(call);
        timeout(self.handler.settings.timeout, answer)
            .await
            .unwrap_or(Err(TimedOut))
    }

    /// Records an outcome; another attempt may find another one, so each has an id of its own.
    async fn record(&self, id: &str, flight: &InFlight, answer: Answer) -> WorkOutcome {
        match record(flight, answer) {
            Some(command) => {
                self.send(
                    id,
                    command,
                    &format!("outcome/{}", self.row.earlier_attempts),
                )
                .await
            }
            None => WorkOutcome::Done,
        }
    }

    async fn send(&self, id: &str, command: PaymentCommand, name: &str) -> WorkOutcome {
        let context = self.cause.derived(derive(self.row.id, name), SYSTEM);
        Attempt {
            executor: &self.handler.aggregates.payments,
            clock: &self.handler.clock,
        }
        .send(id, command, context)
        .await
    }
}

fn flight(payment: &Payment, wanted: OperationId) -> Option<&InFlight> {
    payment
        .in_flight
        .as_ref()
        .filter(|flight| flight.operation_id == wanted)
}

fn unknown(operation: Operation) -> Answer {
    match operation {
        Operation::Authorize => Answer::Authorization(AuthorizationOutcome::Unknown),
        Operation::Capture | Operation::Void | Operation::Refund => {
            Answer::Operation(OperationOutcome::Unknown)
        }
    }
}

//! One attempt at what the gateway is wanted for. It goes on only while the operation is in flight;
//! where an earlier attempt may have reached the gateway, or the intent is old, it asks before it
//! calls, because gateways forget idempotency keys. No answer is recorded as such, and asked about
//! later; a gateway that can't be called is waited for, and nothing is recorded.

use std::{sync::Arc, time::Duration};

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
    attempting::{Attempt, again, postponed},
    cause::{Cause, SYSTEM},
};

use super::{
    Answer, Call, Gateway, GatewaySettings, NoAnswer, NotCalled, TimedOut, intent::intent,
    outcome::record,
};

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
        let mut answer = Ok(None);
        if self.is_old(&call) || self.row.earlier_attempts > 0 {
            answer = self.ask(&call).await;
        }
        if answer == Ok(None) {
            answer = self.do_it(&call).await.map(Some);
        }
        let answer = match answer {
            Ok(Some(answer)) => answer,
            Ok(None) | Err(TimedOut) => unknown(call.operation),
            Err(NotCalled { reason, again_in }) => return Ok(self.wait(again_in, reason)),
        };
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
        let mut answer = self.ask(&call).await;
        // What never arrived is sent again, under the same key; unless it is to be undone anyway.
        if answer == Ok(None) && !self.is_old(&call) && payment.void_scheduled.is_none() {
            answer = self.do_it(&call).await.map(Some);
        }
        match answer {
            Ok(Some(answer)) if answer != unknown(call.operation) => {
                return Ok(self.record(id, flight, answer).await);
            }
            Err(NotCalled { reason, again_in }) => return Ok(self.wait(again_in, reason)),
            Ok(_) | Err(TimedOut) => {}
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

    /// Asks until it is known what a scheduled void waits for; who is still calling is waited for. An
    /// authorization of which nobody knows is called off, so that it will not come about any more.
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
        {
            match self.ask(&call).await {
                Ok(Some(answer)) => return Ok(self.record(id, flight, answer).await),
                Err(NotCalled { reason, again_in }) => return Ok(self.wait(again_in, reason)),
                Ok(None) => self.call_off(call, void).await,
                Err(TimedOut) => {}
            }
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
                is_final: flight.is_final,
                terms: terms.clone(),
                gateway_ref: flight.gateway_ref.clone(),
                action_completed: intent.action_completed,
                requested_at: intent.requested_at,
                at: self.handler.clock.now(),
            }))
    }

    /// Lets go what an authorization may hold, or may come to hold. What became of it is asked next time.
    async fn call_off(&self, call: Call, void: OperationId) {
        if call.operation == Operation::Authorize {
            let void = Call {
                operation: Operation::Void,
                operation_id: void,
                ..call
            };
            let answer = self.do_it(&void).await;
            tracing::info!(operation.id = %void.operation_id, ?answer, "an authorization is called off");
        }
    }

    /// Whether the gateway may have carried it out and forgotten its key.
    fn is_old(&self, call: &Call) -> bool {
        call.at - call.requested_at >= self.handler.settings.old
    }

    /// Waits until the gateway can be called; this attempt does not count.
    fn wait(&self, again_in: Duration, reason: String) -> WorkOutcome {
        postponed(&self.handler.clock, again_in, reason)
    }

    async fn do_it(&self, call: &Call) -> Result<Answer, NoAnswer> {
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

    async fn ask(&self, call: &Call) -> Result<Option<Answer>, NoAnswer> {
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

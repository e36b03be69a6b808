//! The fulfilment of one order: an event-sourced process that carries it through stock, payment
//! and shipment, or undoes all of it. Facts, replies and timers come in, commands and timers go
//! out; it calls nothing. Each step is a file: it looks at what is known and asks for what is
//! missing, so the order in which news arrive, and how often, does not matter.
//! Next: `reserving`, `paying`, `confirming`, `shipping`, `capturing`, and the way back,
//! `compensating` and `undoing`. Operators intervene with `retry_step`, `skip_step`,
//! `compensate_now`, `resume` and `resolve`.

mod account;
mod allowed;
mod anew;
mod answered;
mod ask;
mod asked;
mod by_hand;
mod capturing;
mod command;
mod compensate_now;
mod compensating;
mod confirming;
mod decision;
mod event;
pub mod history;
mod hold;
mod intervention;
mod observed;
mod observing;
mod parcel;
mod paying;
mod progress;
mod reconciling;
mod refusal;
pub mod replay;
mod reserving;
mod resolve;
mod resume;
mod retry_step;
mod shipping;
mod skip_step;
mod state;
mod step;
mod timings;
mod undoing;

use cqrs_es::{Aggregate, event_sink::EventSink};

use crate::DecidedAt;

pub use command::{
    FireTimer, FulfilmentCommand, IssuedCommand, Observe, RecordReplies, Reply, ReplyOutcome,
    TargetRefusal, TargetedCommand,
};
pub use compensate_now::CompensateNow;
pub use event::FulfilmentEvent;
pub use intervention::{Intervention, Resolution, SettledByHand};
pub use observed::{LineInHand, Observed, OrderInHand};
pub use observing::observed;
pub use refusal::FulfilmentRefusal;
pub use resolve::ResolveFulfilment;
pub use resume::ResumeFulfilment;
pub use retry_step::RetryStep;
pub use skip_step::SkipStep;
pub use state::{Fulfilment, Timer};
pub use step::{CompensationReason, OperatorReason, Status, Step, TimerPurpose, WaitsFor};
pub use timings::{Backoff, Millis, Timings, TimingsError};

use decision::Decision;

/// Version of this process; a running fulfilment keeps the one that it began with.
pub const PROCESS_VERSION: u32 = 1;

impl Aggregate for Fulfilment {
    const TYPE: &'static str = "saga";
    type Command = FulfilmentCommand;
    type Event = FulfilmentEvent;
    type Error = FulfilmentRefusal;
    type Services = DecidedAt;

    async fn handle(
        &mut self,
        command: FulfilmentCommand,
        at: &DecidedAt,
        sink: &EventSink<Self>,
    ) -> Result<(), FulfilmentRefusal> {
        for event in self.decide(command, *at)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: FulfilmentEvent) {
        self.fold(event);
    }
}

impl Fulfilment {
    /// What the news brings about, or why it can't be taken note of.
    pub fn decide(
        &self,
        command: FulfilmentCommand,
        at: DecidedAt,
    ) -> Result<Vec<FulfilmentEvent>, FulfilmentRefusal> {
        let mut decision = Decision::new(self, at);
        match command {
            FulfilmentCommand::Observe(Observe {
                fact: Observed::Placed { order, timings },
                ..
            }) => begin(&mut decision, order, *timings)?,
            FulfilmentCommand::Observe(Observe { fact, .. }) => decision.observe(fact)?,
            FulfilmentCommand::RecordReplies(RecordReplies { issue, replies }) => {
                decision.record_replies(issue, replies)?
            }
            FulfilmentCommand::FireTimer(FireTimer { timer_id }) => fire(&mut decision, timer_id)?,
            FulfilmentCommand::RetryStep(retry) => retry.decide(&mut decision)?,
            FulfilmentCommand::SkipStep(skip) => skip.decide(&mut decision)?,
            FulfilmentCommand::CompensateNow(turn_back) => turn_back.decide(&mut decision)?,
            FulfilmentCommand::Resume(resume) => resume.decide(&mut decision)?,
            FulfilmentCommand::Resolve(resolve) => resolve.decide(&mut decision)?,
        }
        if decision.has_news() {
            go_on(&mut decision);
            decision.cancel_idle_timers();
        }
        Ok(decision.into_events())
    }
}

fn begin(
    decision: &mut Decision,
    order: OrderInHand,
    timings: Timings,
) -> Result<(), FulfilmentRefusal> {
    if decision.state.exists() {
        return Ok(());
    }
    timings.check().map_err(FulfilmentRefusal::Timings)?;
    let order_id = order.order_id;
    decision.record(FulfilmentEvent::FulfilmentStarted {
        order_id,
        process_version: PROCESS_VERSION,
        order,
        timings,
    });
    Ok(())
}

/// Takes every step that what is known now allows.
fn go_on(decision: &mut Decision) {
    loop {
        let before = decision.state.step;
        if decision.state.must_turn_back() {
            compensating::turn_back_as_requested(decision);
        }
        match decision.state.step {
            Step::Reserving => reserving::reserve(decision),
            Step::Authorizing | Step::AwaitingCustomer | Step::Reconciling => {
                paying::authorize(decision)
            }
            Step::Confirming => confirming::confirm(decision),
            Step::Preparing => shipping::prepare(decision),
            Step::Capturing => capturing::capture(decision),
            Step::Dispatching => shipping::dispatch(decision),
            Step::AwaitingDelivery => shipping::await_delivery(decision),
            Step::Compensating => compensating::compensate(decision),
            Step::Compensated => undoing::undo_late_payments(decision),
            Step::Completed => {}
        }
        if decision.state.step == before {
            return;
        }
    }
}

fn fire(decision: &mut Decision, timer_id: uuid::Uuid) -> Result<(), FulfilmentRefusal> {
    let Some(purpose) = decision.fire(timer_id)? else {
        return Ok(());
    };
    match purpose {
        TimerPurpose::Answer { issue_id, attempt } => {
            reserving::send_again(decision, issue_id, attempt)
        }
        TimerPurpose::CustomerAction { .. } => {
            compensating::turn_back(decision, CompensationReason::PaymentTimedOut)
        }
        TimerPurpose::Reconcile {
            operation_id,
            attempt,
        } => reconciling::ask_gateway(decision, operation_id, attempt),
        TimerPurpose::RetryPayment {
            operation: crate::payment::Operation::Capture,
            ..
        } => capturing::send_capture(decision),
        TimerPurpose::RetryPayment {
            payment_id,
            operation,
            ..
        } => undoing::send(decision, payment_id, operation),
        // What was refused for now may be sent again: the step below finds it open.
        TimerPurpose::Resend { .. } => {}
        TimerPurpose::DispatchOverdue => decision.need_operator(OperatorReason::DispatchOverdue),
        TimerPurpose::DeliveryOverdue => decision.need_operator(OperatorReason::DeliveryOverdue),
    }
    Ok(())
}

#[cfg(test)]
mod tests;

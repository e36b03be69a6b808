//! The fulfilment's own facts in words. What it took note of elsewhere is told there, and timers
//! that were not needed are not told at all.

use orderlog_domain::fulfilment::{
    CompensationReason, FulfilmentEvent, Intervention, OperatorReason, ReplyOutcome, Step,
    TimerPurpose,
};

use super::{Told, told};

pub(super) fn is_told(fact: &FulfilmentEvent) -> bool {
    use FulfilmentEvent as E;
    match fact {
        E::FactObserved { .. } | E::TimerCancelled { .. } => false,
        E::FulfilmentStarted { .. }
        | E::StepEntered { .. }
        | E::CommandsIssued { .. }
        | E::RepliesRecorded { .. }
        | E::TimerScheduled { .. }
        | E::TimerFired { .. }
        | E::CompensationStarted { .. }
        | E::OperatorNeeded { .. }
        | E::StepRetried { .. }
        | E::StepSkipped { .. }
        | E::CompensationOrdered { .. }
        | E::FulfilmentResumed { .. }
        | E::FulfilmentResolved { .. }
        | E::FulfilmentCompleted { .. }
        | E::FulfilmentCompensated { .. } => true,
    }
}

pub(super) fn tell(fact: &FulfilmentEvent) -> Option<Told> {
    use FulfilmentEvent as E;
    Some(match fact {
        E::FactObserved { .. } | E::TimerCancelled { .. } => return None,
        E::FulfilmentStarted {
            process_version, ..
        } => told("Fulfilment began").number("process_version", *process_version),
        E::StepEntered { step, .. } => told(step_title(*step)).text("step", step),
        E::CommandsIssued {
            step,
            attempt,
            commands,
            ..
        } => told("Commands sent")
            .text("step", step)
            .number("attempt", *attempt)
            .count("commands", commands.len()),
        E::RepliesRecorded { step, replies, .. } => {
            let refused = |outcome: &ReplyOutcome| matches!(outcome, ReplyOutcome::Refused(_));
            let refused = replies
                .iter()
                .filter(|reply| refused(&reply.outcome))
                .count();
            let title = if refused == 0 {
                "Commands carried out"
            } else {
                "Commands refused"
            };
            let told = told(title)
                .text("step", step)
                .count("replies", replies.len());
            if refused == 0 {
                told
            } else {
                told.count("refused", refused)
            }
        }
        E::TimerScheduled {
            purpose, due_at, ..
        } => told("Timer set")
            .text("purpose", for_what(purpose))
            .instant("due", *due_at),
        E::TimerFired { timer_id, .. } => told("Timer ran out").text("timer", timer_id),
        E::CompensationStarted { reason, .. } => {
            told("Being undone").text("reason", why_undone(reason))
        }
        E::OperatorNeeded { reason, .. } => {
            told("A person has to look at it").text("reason", why_a_person(reason))
        }
        E::StepRetried {
            step, intervention, ..
        } => by("Retried by an operator", intervention).text("step", step),
        E::StepSkipped {
            step,
            intervention,
            settled,
            ..
        } => by("Done by hand", intervention)
            .text("step", step)
            .count("operations", settled.len()),
        E::CompensationOrdered { intervention, .. } => {
            by("Turned back by an operator", intervention)
        }
        E::FulfilmentResumed { intervention, .. } => by("Let go on by an operator", intervention),
        E::FulfilmentResolved { intervention, .. } => by("Ended by hand", intervention),
        E::FulfilmentCompleted { .. } => told("Fulfilment completed"),
        E::FulfilmentCompensated { .. } => told("Everything is undone"),
    })
}

fn by(title: &'static str, intervention: &Intervention) -> Told {
    told(title)
        .text("actor", &intervention.actor)
        .text("reason", &intervention.reason)
}

fn step_title(step: Step) -> &'static str {
    match step {
        Step::Reserving => "Stock is being held",
        Step::Authorizing => "The payment is being arranged",
        Step::AwaitingCustomer => "Waiting for the customer",
        Step::Reconciling => "Clearing up the payment",
        Step::Confirming => "Being confirmed",
        Step::Preparing => "Waiting for the goods to be packed",
        Step::Capturing => "The money is being taken",
        Step::Dispatching => "Waiting for the shipment to leave",
        Step::AwaitingDelivery => "Waiting for the goods to arrive",
        Step::Compensating => "Being undone",
        Step::Completed => "Completed",
        Step::Compensated => "Undone",
    }
}

/// What a timer is for.
pub(crate) fn for_what(purpose: &TimerPurpose) -> &'static str {
    match purpose {
        TimerPurpose::Answer { .. } => "commands should be answered by then",
        TimerPurpose::CustomerAction { .. } => "the customer should have acted by then",
        TimerPurpose::Reconcile { .. } => "ask the gateway again",
        TimerPurpose::RetryPayment { .. } => "try the payment again",
        TimerPurpose::Resend { .. } => "send commands again",
        TimerPurpose::DispatchOverdue => "the shipment should have left by then",
        TimerPurpose::DeliveryOverdue => "the goods should have arrived by then",
    }
}

/// Why a fulfilment turned back.
pub(crate) fn why_undone(reason: &CompensationReason) -> String {
    match reason {
        CompensationReason::OutOfStock { .. } => "not enough stock".to_owned(),
        CompensationReason::PaymentDeclined { code } => format!("payment declined: {code}"),
        CompensationReason::PaymentTimedOut => "the customer did not act in time".to_owned(),
        CompensationReason::PaymentUnresolved => "the payment could not be cleared up".to_owned(),
        CompensationReason::ReservationLost => "the stock held for it was lost".to_owned(),
        CompensationReason::CaptureFailed { code } => format!("capture failed: {code}"),
        CompensationReason::CancellationRequested { .. } => "cancellation requested".to_owned(),
    }
}

/// Why a person has to look.
pub(crate) fn why_a_person(reason: &OperatorReason) -> String {
    match reason {
        OperatorReason::OutcomeUnknown { .. } => {
            "the gateway does not say what became of the payment".to_owned()
        }
        OperatorReason::AmountConflict { .. } => "the gateway reports another amount".to_owned(),
        OperatorReason::OperationFailed { code, .. } => {
            format!("void or refund keeps failing: {code}")
        }
        OperatorReason::Unanswered { step } => format!("commands of {step} stay unanswered"),
        OperatorReason::RefusedRepeatedly { step } => {
            format!("commands of {step} are refused again and again")
        }
        OperatorReason::Refused { step, code } => format!("{step} was refused: {code}"),
        OperatorReason::DispatchOverdue => "the shipment should have left".to_owned(),
        OperatorReason::DeliveryOverdue => "the goods should have arrived".to_owned(),
    }
}

//! Facts of one fulfilment: what it took note of, what it asked for, what it waits for. Every
//! event names its order.

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    DecidedAt,
    evolution::{Evolving, version_today},
    ids::OrderId,
};

use super::{
    CompensationReason, Intervention, IssuedCommand, Observed, OperatorReason, OrderInHand, Reply,
    Resolution, SettledByHand, Step, TimerPurpose, Timings,
};

/// What has happened to a fulfilment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FulfilmentEvent {
    /// An order was placed and is being carried through, under the rules of this version.
    FulfilmentStarted {
        /// The order.
        order_id: OrderId,
        /// Version of the process that it is carried through by, to the end.
        process_version: u32,
        /// What has to be fulfilled.
        order: OrderInHand,
        /// How long it waits, to the end.
        timings: Timings,
    },
    /// A fact elsewhere was taken note of.
    FactObserved {
        /// The order.
        order_id: OrderId,
        /// The fact.
        fact: Observed,
    },
    /// Another step began.
    StepEntered {
        /// The order.
        order_id: OrderId,
        /// The step.
        step: Step,
    },
    /// Commands were asked for, to be carried out at once and answered together.
    CommandsIssued {
        /// The order.
        order_id: OrderId,
        /// The replies name it.
        issue_id: Uuid,
        /// The step that needs them.
        step: Step,
        /// How many times that step has issued commands.
        attempt: u32,
        /// The commands.
        commands: Vec<IssuedCommand>,
    },
    /// The commands of one issue were answered.
    RepliesRecorded {
        /// The order.
        order_id: OrderId,
        /// The issue.
        issue_id: Uuid,
        /// The step that issued it.
        step: Step,
        /// One reply per command.
        replies: Vec<Reply>,
    },
    /// Something is to be done later.
    TimerScheduled {
        /// The order.
        order_id: OrderId,
        /// The timer.
        timer_id: Uuid,
        /// What for.
        purpose: TimerPurpose,
        /// Not earlier than this.
        due_at: DecidedAt,
    },
    /// A timer has run out.
    TimerFired {
        /// The order.
        order_id: OrderId,
        /// The timer.
        timer_id: Uuid,
    },
    /// A timer is no longer needed.
    TimerCancelled {
        /// The order.
        order_id: OrderId,
        /// The timer.
        timer_id: Uuid,
    },
    /// What was done so far is being undone.
    CompensationStarted {
        /// The order.
        order_id: OrderId,
        /// Why.
        reason: CompensationReason,
    },
    /// A person has to look at it; the process goes on by itself as soon as a fact allows.
    OperatorNeeded {
        /// The order.
        order_id: OrderId,
        /// Why.
        reason: OperatorReason,
    },
    /// An operator had what went wrong in a step issued again.
    StepRetried {
        /// The order.
        order_id: OrderId,
        /// The step.
        step: Step,
        /// Who, and why.
        intervention: Intervention,
    },
    /// An operator said that what a step did not get was done by hand.
    StepSkipped {
        /// The order.
        order_id: OrderId,
        /// The step.
        step: Step,
        /// Who, and why.
        intervention: Intervention,
        /// The money that was moved by hand.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        settled: Vec<SettledByHand>,
    },
    /// An operator had the order stopped, and all of it undone.
    CompensationOrdered {
        /// The order.
        order_id: OrderId,
        /// The step that it had come to.
        step: Step,
        /// Who, and why.
        intervention: Intervention,
    },
    /// An operator had mended what was in the way; the process goes on.
    FulfilmentResumed {
        /// The order.
        order_id: OrderId,
        /// The step.
        step: Step,
        /// Who, and why.
        intervention: Intervention,
    },
    /// An operator has ended it by hand. The end follows, if it had not come already.
    FulfilmentResolved {
        /// The order.
        order_id: OrderId,
        /// The step that it had come to.
        step: Step,
        /// How it ended.
        resolution: Resolution,
        /// Who, and why.
        intervention: Intervention,
        /// The money that was given back by hand, as far as is known.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        settled: Vec<SettledByHand>,
    },
    /// Everything was delivered and settled. Terminal.
    FulfilmentCompleted {
        /// The order.
        order_id: OrderId,
    },
    /// Everything is undone. Nothing follows but the undoing of what turns up late.
    FulfilmentCompensated {
        /// The order.
        order_id: OrderId,
    },
}

impl DomainEvent for FulfilmentEvent {
    fn event_type(&self) -> String {
        match self {
            Self::FulfilmentStarted { .. } => "FulfilmentStarted",
            Self::FactObserved { .. } => "FactObserved",
            Self::StepEntered { .. } => "StepEntered",
            Self::CommandsIssued { .. } => "CommandsIssued",
            Self::RepliesRecorded { .. } => "RepliesRecorded",
            Self::TimerScheduled { .. } => "TimerScheduled",
            Self::TimerFired { .. } => "TimerFired",
            Self::TimerCancelled { .. } => "TimerCancelled",
            Self::CompensationStarted { .. } => "CompensationStarted",
            Self::OperatorNeeded { .. } => "OperatorNeeded",
            Self::StepRetried { .. } => "StepRetried",
            Self::StepSkipped { .. } => "StepSkipped",
            Self::CompensationOrdered { .. } => "CompensationOrdered",
            Self::FulfilmentResumed { .. } => "FulfilmentResumed",
            Self::FulfilmentResolved { .. } => "FulfilmentResolved",
            Self::FulfilmentCompleted { .. } => "FulfilmentCompleted",
            Self::FulfilmentCompensated { .. } => "FulfilmentCompensated",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        version_today::<Self>(&self.event_type()).to_string()
    }
}

impl FulfilmentEvent {
    /// The order that the event is about.
    pub fn order_id(&self) -> OrderId {
        match self {
            Self::FulfilmentStarted { order_id, .. }
            | Self::FactObserved { order_id, .. }
            | Self::StepEntered { order_id, .. }
            | Self::CommandsIssued { order_id, .. }
            | Self::RepliesRecorded { order_id, .. }
            | Self::TimerScheduled { order_id, .. }
            | Self::TimerFired { order_id, .. }
            | Self::TimerCancelled { order_id, .. }
            | Self::CompensationStarted { order_id, .. }
            | Self::OperatorNeeded { order_id, .. }
            | Self::StepRetried { order_id, .. }
            | Self::StepSkipped { order_id, .. }
            | Self::CompensationOrdered { order_id, .. }
            | Self::FulfilmentResumed { order_id, .. }
            | Self::FulfilmentResolved { order_id, .. }
            | Self::FulfilmentCompleted { order_id }
            | Self::FulfilmentCompensated { order_id } => *order_id,
        }
    }
}

impl Evolving for FulfilmentEvent {}

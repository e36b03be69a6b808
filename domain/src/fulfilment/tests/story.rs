//! A fulfilment told as a story: what reaches it, and in a few words what it does about it.

use cqrs_es::Aggregate;
use uuid::Uuid;

use crate::{
    DecidedAt,
    fulfilment::{
        FireTimer, Fulfilment, FulfilmentCommand, FulfilmentEvent, FulfilmentRefusal, LineInHand,
        Millis, Observe, Observed, OrderInHand, RecordReplies, Reply, ReplyOutcome, TargetRefusal,
        TargetedCommand, TimerPurpose,
    },
    ids::{OperationId, OrderId, ReservationId, ShipmentId, Sku},
    money::{Currency, Money},
    order::{CancelledBy, OrderRefusal},
    payment::{Operation, PaymentRefusal},
    stock::StockRefusal,
};

/// A fulfilment, what it decided last, and the time.
#[derive(Clone)]
pub(super) struct Story {
    pub(super) saga: Fulfilment,
    pub(super) told: Vec<FulfilmentEvent>,
    pub(super) last: Vec<FulfilmentEvent>,
    pub(super) at: DecidedAt,
}

/// An order of two lines for 20.00 EUR is placed.
pub(super) fn placed() -> Story {
    new().observes(Observed::Placed {
        order: order(2000),
        timings: Box::default(),
    })
}

/// An order of two lines is placed for nothing.
pub(super) fn placed_for_nothing() -> Story {
    new().observes(Observed::Placed {
        order: order(0),
        timings: Box::default(),
    })
}

pub(super) fn new() -> Story {
    let at = DecidedAt::from_timestamp(1_790_000_000, 0).expect("a valid instant");
    Story {
        saga: Fulfilment::default(),
        told: Vec::new(),
        last: Vec::new(),
        at,
    }
}

pub(super) fn authorizing() -> Story {
    placed().accepted().accepted().accepted()
}

pub(super) fn confirming() -> Story {
    authorizing().authorized(2000)
}

pub(super) fn preparing() -> Story {
    confirming().accepted().accepted().accepted()
}

pub(super) fn capturing() -> Story {
    preparing().packed().accepted()
}

pub(super) fn releasing() -> Story {
    capturing().captured(2000)
}

pub(super) fn awaiting_dispatch() -> Story {
    releasing().accepted()
}

pub(super) fn awaiting_delivery() -> Story {
    awaiting_dispatch().dispatched().accepted()
}

pub(super) fn order(total: i64) -> OrderInHand {
    let line = |line, sku| LineInHand {
        line,
        sku: Sku::parse(sku).expect("a sku"),
        quantity: 1,
    };
    OrderInHand {
        order_id: OrderId(Uuid::from_u128(1)),
        total: eur(total),
        payment_method: (total > 0).then(|| "tok_ok".to_owned()),
        lines: vec![line(1, "A-1"), line(2, "B-2")],
    }
}

pub(super) fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::from_code("EUR").expect("a currency"))
}

pub(super) fn cancelling() -> TargetRefusal {
    TargetRefusal::Order(OrderRefusal::CancellationInProgress)
}

pub(super) fn in_flight() -> TargetRefusal {
    TargetRefusal::Payment(PaymentRefusal::OperationInFlight {
        operation: Operation::Capture,
    })
}

pub(super) fn stock_refusal(refusal: StockRefusal) -> TargetRefusal {
    TargetRefusal::Stock(refusal)
}

impl Story {
    pub(super) fn try_hear(&mut self, command: FulfilmentCommand) -> Result<(), FulfilmentRefusal> {
        self.last = self.saga.decide(command, self.at)?;
        for event in &self.last {
            self.saga.apply(event.clone());
            self.told.push(event.clone());
        }
        Ok(())
    }

    pub(super) fn hears(mut self, command: FulfilmentCommand) -> Self {
        self.try_hear(command).expect("taken note of");
        self
    }

    pub(super) fn observes(self, fact: Observed) -> Self {
        self.hears(FulfilmentCommand::Observe(Observe {
            event_id: Uuid::nil(),
            fact,
        }))
    }

    /// The commands of the oldest open issue are carried out.
    pub(super) fn accepted(self) -> Self {
        self.answered(|_| ReplyOutcome::Accepted)
    }

    /// They are all refused.
    pub(super) fn refused(self, refusal: TargetRefusal) -> Self {
        self.answered(|_| ReplyOutcome::Refused(refusal.clone()))
    }

    /// One of them is refused.
    pub(super) fn refused_at(self, index: usize, refusal: TargetRefusal) -> Self {
        self.answered(|at| {
            if at == index {
                ReplyOutcome::Refused(refusal.clone())
            } else {
                ReplyOutcome::Accepted
            }
        })
    }

    fn answered(self, outcome: impl Fn(usize) -> ReplyOutcome) -> Self {
        let replies = self.replies(outcome);
        self.hears(FulfilmentCommand::RecordReplies(replies))
    }

    pub(super) fn replies(&self, outcome: impl Fn(usize) -> ReplyOutcome) -> RecordReplies {
        let issue = self.saga.issues.first().expect("an open issue");
        let commands = issue.commands.iter().enumerate();
        let replies = commands
            .map(|(index, issued)| Reply {
                command_id: issued.command_id,
                outcome: outcome(index),
            })
            .collect();
        RecordReplies {
            issue: issue.issue_id,
            replies,
        }
    }

    /// Time passes until the next timer runs out.
    pub(super) fn time_passes(mut self) -> Self {
        let timer = self
            .saga
            .timers
            .iter()
            .min_by_key(|timer| timer.due_at)
            .expect("a timer")
            .clone();
        self.at = timer.due_at;
        self.hears(FulfilmentCommand::FireTimer(FireTimer {
            timer_id: timer.timer_id,
        }))
    }

    pub(super) fn op(&self, operation: Operation) -> OperationId {
        self.saga
            .payments
            .iter()
            .rev()
            .find_map(|account| account.last(operation))
            .expect("such an operation")
            .operation_id
    }

    pub(super) fn authorized(self, minor: i64) -> Self {
        let operation_id = self.op(Operation::Authorize);
        self.observes(Observed::Authorized {
            operation_id,
            amount: eur(minor),
        })
    }

    pub(super) fn declined(self) -> Self {
        let operation_id = self.op(Operation::Authorize);
        self.observes(Observed::Declined {
            operation_id,
            code: "declined".to_owned(),
        })
    }

    pub(super) fn unknown(self, operation: Operation) -> Self {
        let operation_id = self.op(operation);
        self.observes(Observed::OutcomeUnknown {
            operation_id,
            operation,
        })
    }

    pub(super) fn still_unknown(self, operation: Operation, attempt: u32) -> Self {
        let operation_id = self.op(operation);
        self.observes(Observed::StillUnknown {
            operation_id,
            attempt,
        })
    }

    pub(super) fn failed(self, operation: Operation, retryable: bool) -> Self {
        let operation_id = self.op(operation);
        self.observes(Observed::OperationFailed {
            operation_id,
            operation,
            code: "no".to_owned(),
            retryable,
        })
    }

    pub(super) fn captured(self, minor: i64) -> Self {
        let operation_id = self.op(Operation::Capture);
        self.observes(Observed::Captured {
            operation_id,
            amount: eur(minor),
        })
    }

    pub(super) fn voided(self, minor: i64) -> Self {
        let operation_id = self.op(Operation::Void);
        self.observes(Observed::Voided {
            operation_id,
            amount: eur(minor),
        })
    }

    pub(super) fn refunded(self, minor: i64) -> Self {
        let operation_id = self.op(Operation::Refund);
        self.observes(Observed::Refunded {
            operation_id,
            amount: eur(minor),
        })
    }

    pub(super) fn cancelled(self) -> Self {
        self.observes(Observed::CancellationRequested {
            by: CancelledBy::Customer,
        })
    }

    pub(super) fn shipment(&self) -> ShipmentId {
        self.saga.parcels.last().expect("a shipment").shipment_id
    }

    pub(super) fn packed(self) -> Self {
        let shipment_id = self.shipment();
        self.observes(Observed::ShipmentPacked { shipment_id })
    }

    pub(super) fn dispatched(self) -> Self {
        let shipment_id = self.shipment();
        self.observes(Observed::ShipmentDispatched { shipment_id })
    }

    pub(super) fn reservation(&self, line: u32) -> ReservationId {
        self.saga
            .current_holds()
            .find(|hold| hold.line == line)
            .expect("such a line")
            .reservation_id
    }

    pub(super) fn expired(self, line: u32) -> Self {
        let reservation_id = self.reservation(line);
        self.observes(Observed::ReservationExpired { reservation_id })
    }

    /// What was decided last, in a few words per event.
    #[track_caller]
    pub(super) fn then(self, expected: &[&str]) -> Self {
        let told: Vec<String> = self
            .last
            .iter()
            .map(|event| words(event, self.at))
            .collect();
        assert_eq!(told, expected);
        self
    }
}

fn words(event: &FulfilmentEvent, at: DecidedAt) -> String {
    match event {
        FulfilmentEvent::FulfilmentStarted { .. } => "begins".to_owned(),
        FulfilmentEvent::FactObserved { .. } => "observes".to_owned(),
        FulfilmentEvent::StepEntered { step, .. } => format!("-> {step}"),
        FulfilmentEvent::CommandsIssued { commands, .. } => {
            let names: Vec<String> = commands
                .iter()
                .map(|issued| command_name(&issued.command))
                .collect();
            format!("asks {}", names.join(", "))
        }
        FulfilmentEvent::RepliesRecorded { .. } => "hears".to_owned(),
        FulfilmentEvent::TimerScheduled {
            purpose, due_at, ..
        } => format!("waits {}: {}", span(*due_at - at), timer_name(purpose)),
        FulfilmentEvent::TimerFired { .. } => "rings".to_owned(),
        FulfilmentEvent::TimerCancelled { .. } => "stops waiting".to_owned(),
        FulfilmentEvent::CompensationStarted { reason, .. } => {
            format!("turns back: {}", first_word(reason))
        }
        FulfilmentEvent::OperatorNeeded { reason, .. } => {
            format!("needs a person: {}", first_word(reason))
        }
        FulfilmentEvent::StepRetried { step, .. } => format!("retried: {step}"),
        FulfilmentEvent::StepSkipped { step, .. } => format!("skipped: {step}"),
        FulfilmentEvent::CompensationOrdered { .. } => "ordered back".to_owned(),
        FulfilmentEvent::FulfilmentResumed { .. } => "resumed".to_owned(),
        FulfilmentEvent::FulfilmentResolved { .. } => "resolved".to_owned(),
        FulfilmentEvent::FulfilmentCompleted { .. } => "completed".to_owned(),
        FulfilmentEvent::FulfilmentCompensated { .. } => "compensated".to_owned(),
    }
}

fn command_name(command: &TargetedCommand) -> String {
    match command {
        TargetedCommand::Stock { command, .. } => first_word(command),
        TargetedCommand::Payment { command, .. } => first_word(command),
        TargetedCommand::Order { command, .. } => first_word(command),
    }
}

fn timer_name(purpose: &TimerPurpose) -> String {
    match purpose {
        TimerPurpose::RetryPayment { operation, .. } => format!("{operation:?} again"),
        TimerPurpose::Reconcile { attempt, .. } => format!("Reconcile {attempt}"),
        TimerPurpose::Answer { .. }
        | TimerPurpose::CustomerAction { .. }
        | TimerPurpose::Resend { .. }
        | TimerPurpose::DispatchOverdue
        | TimerPurpose::DeliveryOverdue => first_word(purpose),
    }
}

fn first_word(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}")
        .split([' ', '(', '{'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn span(wait: chrono::TimeDelta) -> String {
    let wait = Millis(u64::try_from(wait.num_milliseconds()).expect("timers run out later"));
    match wait.0 {
        seconds if seconds < Millis::minutes(1).0 => format!("{} s", seconds / 1000),
        minutes if minutes % 60_000 == 0 && minutes < Millis::hours(1).0 => {
            format!("{} min", minutes / 60_000)
        }
        hours if hours % 3_600_000 == 0 => format!("{} h", hours / 3_600_000),
        odd => format!("{} s", odd / 1000),
    }
}

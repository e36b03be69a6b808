//! What a saga has brought about, each paired with what undoes it. Stock and shipments follow the
//! replies to its commands, money follows what the gateway says. What cannot or need not be undone any
//! more, because it was captured, has left, or ran out, is dropped.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use orderlog_domain::{
    fulfilment::{
        FulfilmentEvent, IssuedCommand, Observed, ReplyOutcome, SettledByHand, Step,
        TargetedCommand,
    },
    ids::{PaymentId, ReservationId, ShipmentId},
    money::Money,
    order::{OrderCommand, OrderEvent},
    payment::{Operation, PaymentEvent},
    refusal::Refusal,
    stock::StockCommand,
};
use serde::Serialize;
use uuid::Uuid;

use crate::folding::add;

/// Something that a saga has brought about, and what undoes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compensation {
    /// The step that brought it about.
    pub undoes: Step,
    /// What it is, in words.
    pub what: String,
    /// Since when it is there.
    pub done_at: DateTime<Utc>,
    /// What undoes it: `ReleaseReservation`, `Void`, `Refund`, `CancelShipment`, `CompleteCancellation`.
    pub by: &'static str,
    /// How often that was tried.
    pub attempts: u32,
    /// How far that is.
    pub state: Undone,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// How far an undoing is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Undone {
    /// Not begun.
    Open,
    /// Under way.
    Asked,
    /// There is nothing left of it.
    Done,
    /// It did not work; the code says why.
    Failed(String),
}

/// What one thing is that may have to be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Hold(ReservationId),
    Held(PaymentId),
    Taken(PaymentId),
    Shipment(ShipmentId),
    Order,
}

struct Deed {
    thing: Thing,
    /// Of money: how much of it is there.
    amount: Option<Money>,
    told: Compensation,
}

/// What was brought about so far.
#[derive(Default)]
pub(super) struct Deeds {
    deeds: Vec<Deed>,
    /// Commands that bring about or undo something, until they are answered.
    open: HashMap<Uuid, TargetedCommand>,
}

impl Deeds {
    /// What has to be undone or was.
    pub(super) fn compensations(self) -> Vec<Compensation> {
        self.deeds.into_iter().map(|deed| deed.told).collect()
    }

    /// What was undone or tried to be while nothing turned back: a part of an order that was cancelled.
    pub(super) fn undone(self) -> Vec<Compensation> {
        let tried = |told: &Compensation| told.state != Undone::Open;
        self.compensations().into_iter().filter(tried).collect()
    }

    pub(super) fn take_fulfilment(&mut self, fact: &FulfilmentEvent, at: DateTime<Utc>) {
        match fact {
            FulfilmentEvent::CommandsIssued { commands, .. } => {
                for IssuedCommand {
                    command_id,
                    command,
                } in commands
                {
                    self.issued(command, at);
                    self.open.insert(*command_id, command.clone());
                }
            }
            FulfilmentEvent::RepliesRecorded { step, replies, .. } => {
                for reply in replies {
                    if let Some(command) = self.open.remove(&reply.command_id) {
                        self.replied(*step, &command, &reply.outcome, at);
                    }
                }
            }
            FulfilmentEvent::FactObserved {
                fact: Observed::ReservationExpired { reservation_id },
                ..
            } => self.drop(Thing::Hold(*reservation_id)),
            FulfilmentEvent::StepSkipped { settled, .. }
            | FulfilmentEvent::FulfilmentResolved { settled, .. } => {
                for settled in settled {
                    self.settled(settled, at);
                }
            }
            FulfilmentEvent::FulfilmentStarted { .. }
            | FulfilmentEvent::FactObserved { .. }
            | FulfilmentEvent::StepEntered { .. }
            | FulfilmentEvent::TimerScheduled { .. }
            | FulfilmentEvent::TimerFired { .. }
            | FulfilmentEvent::TimerCancelled { .. }
            | FulfilmentEvent::CompensationStarted { .. }
            | FulfilmentEvent::OperatorNeeded { .. }
            | FulfilmentEvent::StepRetried { .. }
            | FulfilmentEvent::CompensationOrdered { .. }
            | FulfilmentEvent::FulfilmentResumed { .. }
            | FulfilmentEvent::FulfilmentCompleted { .. }
            | FulfilmentEvent::FulfilmentCompensated { .. } => {}
        }
    }

    pub(super) fn take_order(&mut self, fact: &OrderEvent, at: DateTime<Utc>) {
        match fact {
            OrderEvent::OrderConfirmed { .. } => {
                let what = "the order is confirmed".to_owned();
                self.done(
                    Thing::Order,
                    Step::Confirming,
                    what,
                    "CompleteCancellation",
                    at,
                );
            }
            OrderEvent::OrderCancelled { .. } => self.moved(Thing::Order, Undone::Done, at),
            OrderEvent::OrderRemainderCancelled { .. } => self.drop(Thing::Order),
            OrderEvent::ShipmentDispatched { shipment_id, .. } => {
                self.drop(Thing::Shipment(*shipment_id));
            }
            OrderEvent::OrderPlaced { .. }
            | OrderEvent::OrderStockReserved { .. }
            | OrderEvent::OrderRejected { .. }
            | OrderEvent::OrderCancellationRequested { .. }
            | OrderEvent::ShipmentCreated { .. }
            | OrderEvent::ShipmentPacked { .. }
            | OrderEvent::ShipmentReleased { .. }
            | OrderEvent::ShipmentDelivered { .. }
            | OrderEvent::ShipmentCancelled { .. }
            | OrderEvent::OrderCompleted { .. } => {}
        }
    }

    pub(super) fn take_payment(&mut self, id: PaymentId, fact: &PaymentEvent, at: DateTime<Utc>) {
        use PaymentEvent as P;
        match fact {
            P::PaymentAuthorized { amount, .. } => self.money(Thing::Held(id), *amount, at),
            P::PaymentCaptured { amount, .. } => {
                self.less(Thing::Held(id), *amount, at);
                self.money(Thing::Taken(id), *amount, at);
            }
            P::PaymentVoided { .. } => self.moved(Thing::Held(id), Undone::Done, at),
            P::PaymentAuthorizationExpired { .. } => self.drop(Thing::Held(id)),
            P::PaymentVoidFailed { code, .. } => {
                self.moved(Thing::Held(id), Undone::Failed(code.clone()), at);
            }
            P::PaymentRefunded { amount, .. } => self.given_back(id, *amount, at),
            P::PaymentRefundFailed { code, .. } => {
                self.moved(Thing::Taken(id), Undone::Failed(code.clone()), at);
            }
            P::PaymentVoidRequested { .. } => self.asked(Thing::Held(id), at),
            P::PaymentRefundRequested { .. } => self.asked(Thing::Taken(id), at),
            P::PaymentInitiated { .. }
            | P::PaymentAuthorizationRequested { .. }
            | P::PaymentActionRequired { .. }
            | P::PaymentDeclined { .. }
            | P::PaymentOutcomeUnknown { .. }
            | P::PaymentReconciliationRequested { .. }
            | P::PaymentReconciliationFailed { .. }
            | P::PaymentConflictDetected { .. }
            | P::PaymentCaptureRequested { .. }
            | P::PaymentCaptureFailed { .. }
            | P::PaymentVoidScheduled { .. } => {}
        }
    }

    fn issued(&mut self, command: &TargetedCommand, at: DateTime<Utc>) {
        if let Some(thing) = undone_by(command) {
            self.asked(thing, at);
        }
    }

    fn replied(
        &mut self,
        step: Step,
        command: &TargetedCommand,
        outcome: &ReplyOutcome,
        at: DateTime<Utc>,
    ) {
        if let Some(thing) = undone_by(command) {
            let state = match outcome {
                ReplyOutcome::Accepted => Undone::Done,
                ReplyOutcome::Refused(refusal) => Undone::Failed(refusal.code().to_owned()),
            };
            return self.moved(thing, state, at);
        }
        if *outcome != ReplyOutcome::Accepted {
            return;
        }
        match command {
            TargetedCommand::Stock {
                sku,
                warehouse,
                command: StockCommand::Reserve(reserve),
            } => {
                let what = format!("{} of {sku} held in {warehouse}", reserve.quantity);
                let thing = Thing::Hold(reserve.reservation_id);
                self.done(thing, step, what, "ReleaseReservation", at);
            }
            TargetedCommand::Stock {
                command: StockCommand::CommitReservation(commit),
                ..
            } => self.drop(Thing::Hold(commit.reservation_id)),
            TargetedCommand::Order {
                command: OrderCommand::CreateShipment(create),
                ..
            } => {
                let what = format!("shipment {} prepared", create.shipment_id);
                let thing = Thing::Shipment(create.shipment_id);
                self.done(thing, step, what, "CancelShipment", at);
            }
            TargetedCommand::Stock { .. }
            | TargetedCommand::Payment { .. }
            | TargetedCommand::Order { .. } => {}
        }
    }

    /// Money that was moved by hand, as an operator says.
    fn settled(&mut self, settled: &SettledByHand, at: DateTime<Utc>) {
        let id = settled.payment_id;
        match settled.operation {
            Operation::Authorize => {}
            Operation::Capture => {
                self.less(Thing::Held(id), settled.amount, at);
                self.money(Thing::Taken(id), settled.amount, at);
            }
            Operation::Void => self.moved(Thing::Held(id), Undone::Done, at),
            Operation::Refund => self.given_back(id, settled.amount, at),
        }
    }

    fn find(&mut self, thing: Thing) -> Option<&mut Deed> {
        self.deeds.iter_mut().find(|deed| deed.thing == thing)
    }

    fn drop(&mut self, thing: Thing) {
        self.deeds.retain(|deed| deed.thing != thing);
    }

    fn done(
        &mut self,
        thing: Thing,
        undoes: Step,
        what: String,
        by: &'static str,
        at: DateTime<Utc>,
    ) {
        // A command that was sent again is accepted again, and brings about nothing more.
        if self.find(thing).is_some() {
            return;
        }
        let told = Compensation {
            undoes,
            what,
            done_at: at,
            by,
            attempts: 0,
            state: Undone::Open,
            since: at,
        };
        self.deeds.push(Deed {
            thing,
            amount: None,
            told,
        });
    }

    fn asked(&mut self, thing: Thing, at: DateTime<Utc>) {
        if let Some(deed) = self.find(thing) {
            deed.told.attempts += 1;
            deed.told.state = Undone::Asked;
            deed.told.since = at;
        }
    }

    fn moved(&mut self, thing: Thing, state: Undone, at: DateTime<Utc>) {
        if let Some(deed) = self.find(thing) {
            deed.told.state = state;
            deed.told.since = at;
        }
    }

    /// Money that is held or taken, with what was before.
    fn money(&mut self, thing: Thing, amount: Money, at: DateTime<Utc>) {
        let (step, by) = match thing {
            Thing::Taken(_) => (Step::Capturing, "Refund"),
            Thing::Held(_) | Thing::Hold(_) | Thing::Shipment(_) | Thing::Order => {
                (Step::Authorizing, "Void")
            }
        };
        self.done(thing, step, String::new(), by, at);
        if let Some(deed) = self.find(thing) {
            let mut sum = deed.amount.unwrap_or(Money::new(0, amount.currency));
            add(&mut sum, amount);
            deed.amount = Some(sum);
            deed.told.what = in_words(thing, sum);
        }
    }

    /// Held money of which some was taken.
    fn less(&mut self, thing: Thing, amount: Money, at: DateTime<Utc>) {
        self.money(thing, Money::new(-amount.amount_minor, amount.currency), at);
        let is_gone = |deed: &Deed| deed.amount.is_some_and(|left| left.amount_minor <= 0);
        self.deeds
            .retain(|deed| deed.thing != thing || !is_gone(deed));
    }

    /// A refund of a part leaves the rest to be refunded.
    fn given_back(&mut self, id: PaymentId, amount: Money, at: DateTime<Utc>) {
        let thing = Thing::Taken(id);
        let taken = self.find(thing).and_then(|deed| deed.amount);
        if taken.is_none_or(|taken| amount.amount_minor >= taken.amount_minor) {
            self.moved(thing, Undone::Done, at);
        } else {
            self.less(thing, amount, at);
            self.moved(thing, Undone::Open, at);
        }
    }
}

/// What a command undoes, where its reply says whether it did. A void's and a refund's does not.
fn undone_by(command: &TargetedCommand) -> Option<Thing> {
    match command {
        TargetedCommand::Stock {
            command: StockCommand::ReleaseReservation(release),
            ..
        } => Some(Thing::Hold(release.reservation_id)),
        TargetedCommand::Order {
            command: OrderCommand::CancelShipment(cancel),
            ..
        } => Some(Thing::Shipment(cancel.shipment_id)),
        TargetedCommand::Order {
            command: OrderCommand::CompleteCancellation(_),
            ..
        } => Some(Thing::Order),
        TargetedCommand::Stock { .. }
        | TargetedCommand::Payment { .. }
        | TargetedCommand::Order { .. } => None,
    }
}

fn in_words(thing: Thing, sum: Money) -> String {
    match thing {
        Thing::Taken(id) => format!("{sum} taken by payment {id}"),
        Thing::Held(id) => format!("{sum} held by payment {id}"),
        Thing::Hold(_) | Thing::Shipment(_) | Thing::Order => sum.to_string(),
    }
}

//! One payment: a small ledger of what was authorized, captured, voided and refunded, and the one
//! operation that may be in flight at the gateway. An intent is recorded before the gateway is
//! called, the outcome after; an unknown outcome is a state. Money that is held too late is let go
//! at once. Each command is a file of its own.

mod allowed;
mod authorize;
mod capture;
mod complete_action;
mod event;
mod expire_authorization;
mod fold;
mod initiate_payment;
mod ledger;
mod reconcile;
mod record_authorization;
mod record_capture;
mod record_refund;
mod record_still_unknown;
mod record_void;
mod refund;
mod refusal;
mod state;
mod status;
#[cfg(test)]
mod testing;
mod void;

use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};

use crate::{DecidedAt, money::Money};

pub use authorize::Authorize;
pub use capture::Capture;
pub use complete_action::CompleteAction;
pub use event::PaymentEvent;
pub use expire_authorization::ExpireAuthorization;
pub use initiate_payment::InitiatePayment;
pub use ledger::Ledger;
pub use reconcile::Reconcile;
pub use record_authorization::RecordAuthorization;
pub use record_capture::RecordCapture;
pub use record_refund::RecordRefund;
pub use record_still_unknown::RecordStillUnknown;
pub use record_void::RecordVoid;
pub use refund::Refund;
pub use refusal::PaymentRefusal;
pub use state::{Conflict, InFlight, Payment, Terms};
pub use status::PaymentStatus;
pub use void::Void;

/// How money is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CaptureMode {
    /// Held first, taken by a command of its own.
    Manual,
}

/// What an operation at the gateway does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operation {
    /// Holds money.
    Authorize,
    /// Takes money that is held.
    Capture,
    /// Lets go what is held.
    Void,
    /// Gives back what was taken.
    Refund,
}

/// What the gateway says of an authorization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthorizationOutcome {
    /// Money is held.
    Authorized {
        /// How much.
        amount: Money,
        /// The gateway's own reference.
        gateway_ref: String,
        /// Until when.
        expires_at: DecidedAt,
    },
    /// The customer has to act first.
    ActionRequired {
        /// Where.
        url: String,
        /// Until when.
        expires_at: DecidedAt,
    },
    /// It will not hold the money.
    Declined {
        /// Its code.
        code: String,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// No answer.
    Unknown,
}

/// What the gateway says of a capture, a void or a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperationOutcome {
    /// It is done.
    Done {
        /// With how much.
        amount: Money,
    },
    /// It is not done.
    Failed {
        /// The gateway's code.
        code: String,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// No answer.
    Unknown,
}

/// What can be asked of a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PaymentCommand {
    /// Begin it.
    Initiate(InitiatePayment),
    /// Have the gateway hold the money.
    Authorize(Authorize),
    /// Say what became of an authorization.
    RecordAuthorization(RecordAuthorization),
    /// Go on after the customer's part.
    CompleteAction(CompleteAction),
    /// Ask the gateway what became of an operation.
    Reconcile(Reconcile),
    /// Say that the gateway does not know either.
    RecordStillUnknown(RecordStillUnknown),
    /// Have the gateway take money that is held.
    Capture(Capture),
    /// Say what became of a capture.
    RecordCapture(RecordCapture),
    /// Have the gateway let go what is held.
    Void(Void),
    /// Say what became of a void.
    RecordVoid(RecordVoid),
    /// Say that the authorization ran out.
    ExpireAuthorization(ExpireAuthorization),
    /// Have the gateway give money back.
    Refund(Refund),
    /// Say what became of a refund.
    RecordRefund(RecordRefund),
}

impl Aggregate for Payment {
    const TYPE: &'static str = "payment";
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type Error = PaymentRefusal;
    type Services = DecidedAt;

    async fn handle(
        &mut self,
        command: PaymentCommand,
        at: &DecidedAt,
        sink: &EventSink<Self>,
    ) -> Result<(), PaymentRefusal> {
        for event in self.decide(command, *at)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: PaymentEvent) {
        self.fold(event);
    }
}

impl Payment {
    /// What the command brings about, or why it is refused.
    pub fn decide(
        &self,
        command: PaymentCommand,
        at: DecidedAt,
    ) -> Result<Vec<PaymentEvent>, PaymentRefusal> {
        match command {
            PaymentCommand::Initiate(command) => command.decide(self),
            PaymentCommand::Authorize(command) => command.decide(self),
            PaymentCommand::RecordAuthorization(command) => command.decide(self),
            PaymentCommand::CompleteAction(command) => command.decide(self, at),
            PaymentCommand::Reconcile(command) => command.decide(self),
            PaymentCommand::RecordStillUnknown(command) => command.decide(self),
            PaymentCommand::Capture(command) => command.decide(self, at),
            PaymentCommand::RecordCapture(command) => command.decide(self),
            PaymentCommand::Void(command) => command.decide(self),
            PaymentCommand::RecordVoid(command) => command.decide(self),
            PaymentCommand::ExpireAuthorization(command) => command.decide(self, at),
            PaymentCommand::Refund(command) => command.decide(self),
            PaymentCommand::RecordRefund(command) => command.decide(self),
        }
    }
}

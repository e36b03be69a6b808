//! What may be said to a payment of 1.00 EUR, and by the gateway of it.

use chrono::{DateTime, TimeDelta};
use orderlog_domain::{
    DecidedAt,
    ids::{OperationId, OrderId, PaymentId, RefundId},
    money::{Currency, Money},
    payment::{
        AuthorizationOutcome, Authorize, Capture, CaptureMode, CompleteAction, InitiatePayment,
        OperationOutcome, PaymentCommand, Reconcile, RecordAuthorization, RecordCapture,
        RecordRefund, RecordVoid, Refund, Void,
    },
};
use uuid::Uuid;

/// Operations of the lives; a command of the matrix that begins one has an id of its own.
pub(crate) const AUTHORIZATION: u128 = 1;
pub(crate) const CAPTURE: u128 = 2;
pub(crate) const VOID: u128 = 3;
pub(crate) const REFUND: u128 = 4;
pub(crate) const NEW: u128 = 9;

/// Hours at which the customer's time and the authorization run out.
pub(crate) const ACT_UNTIL: i64 = 1;
pub(crate) const HELD_UNTIL: i64 = 7 * 24;

pub(crate) fn initiate(amount: Money) -> PaymentCommand {
    PaymentCommand::Initiate(InitiatePayment {
        payment_id: PaymentId(Uuid::from_u128(7)),
        order_id: OrderId(Uuid::from_u128(8)),
        amount,
        method_token: "tok_ok".to_owned(),
        capture_mode: CaptureMode::Manual,
    })
}

pub(crate) fn authorize(operation: u128) -> PaymentCommand {
    PaymentCommand::Authorize(Authorize {
        operation_id: id(operation),
    })
}

pub(crate) fn authorization(outcome: AuthorizationOutcome) -> PaymentCommand {
    PaymentCommand::RecordAuthorization(RecordAuthorization {
        operation_id: id(AUTHORIZATION),
        outcome,
    })
}

pub(crate) fn complete_action() -> PaymentCommand {
    PaymentCommand::CompleteAction(CompleteAction {
        operation_id: id(5),
    })
}

pub(crate) fn reconcile() -> PaymentCommand {
    PaymentCommand::Reconcile(Reconcile { attempt: 1 })
}

pub(crate) fn capture(operation: u128, amount: Money, is_final: bool) -> PaymentCommand {
    PaymentCommand::Capture(Capture {
        operation_id: id(operation),
        amount,
        is_final,
    })
}

pub(crate) fn record_capture(outcome: OperationOutcome) -> PaymentCommand {
    PaymentCommand::RecordCapture(RecordCapture {
        operation_id: id(CAPTURE),
        outcome,
    })
}

pub(crate) fn void(operation: u128) -> PaymentCommand {
    PaymentCommand::Void(Void {
        operation_id: id(operation),
    })
}

pub(crate) fn record_void(outcome: OperationOutcome) -> PaymentCommand {
    PaymentCommand::RecordVoid(RecordVoid {
        operation_id: id(VOID),
        outcome,
    })
}

pub(crate) fn refund(operation: u128, amount: Money) -> PaymentCommand {
    let refund_id = RefundId(Uuid::from_u128(operation));
    PaymentCommand::Refund(Refund {
        operation_id: id(operation),
        refund_id,
        amount,
        reason: "chipped".to_owned(),
    })
}

pub(crate) fn record_refund(outcome: OperationOutcome) -> PaymentCommand {
    PaymentCommand::RecordRefund(RecordRefund {
        operation_id: id(REFUND),
        outcome,
    })
}

pub(crate) fn held(amount: Money) -> AuthorizationOutcome {
    AuthorizationOutcome::Authorized {
        amount,
        gateway_ref: "gw_1".to_owned(),
        expires_at: at(HELD_UNTIL),
    }
}

pub(crate) fn action_required() -> AuthorizationOutcome {
    AuthorizationOutcome::ActionRequired {
        url: "https://bank.example/3ds".to_owned(),
        expires_at: at(ACT_UNTIL),
    }
}

pub(crate) fn declined() -> AuthorizationOutcome {
    AuthorizationOutcome::Declined {
        code: "card_declined".to_owned(),
        retryable: false,
    }
}

pub(crate) fn done(cents: i64) -> OperationOutcome {
    OperationOutcome::Done {
        amount: euro(cents),
    }
}

pub(crate) fn failed() -> OperationOutcome {
    OperationOutcome::Failed {
        code: "refused".to_owned(),
        retryable: false,
    }
}

pub(crate) fn id(operation: u128) -> OperationId {
    OperationId(Uuid::from_u128(operation))
}

pub(crate) fn euro(cents: i64) -> Money {
    Money::new(cents, currency("EUR"))
}

pub(crate) fn currency(code: &str) -> Currency {
    Currency::from_code(code).expect("a currency")
}

pub(crate) fn at(hour: i64) -> DecidedAt {
    DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
}

//! A payment of 1.00 EUR and what may have happened to it: operation 1 authorizes, 2 captures,
//! 3 voids, 4 refunds. The customer may act until [`at`]`(1)`, money is held until [`at`]`(9)`.

use chrono::{DateTime, TimeDelta};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use uuid::Uuid;

use crate::{
    DecidedAt,
    ids::{OperationId, OrderId, PaymentId, RefundId},
    money::{Currency, Money},
};

use super::{
    AuthorizationOutcome, CaptureMode, InitiatePayment, Operation, OperationOutcome, Payment,
    PaymentEvent,
};

/// The payment after `history`, at [`at`]`(0)`.
pub(super) fn given(history: &[PaymentEvent]) -> AggregateTestExecutor<Payment> {
    given_at(0, history)
}

pub(super) fn given_at(hour: i64, history: &[PaymentEvent]) -> AggregateTestExecutor<Payment> {
    TestFramework::with(at(hour)).given(history.to_vec())
}

/// The payment that `history` leads to.
pub(super) fn after(history: &[PaymentEvent]) -> Payment {
    let mut payment = Payment::default();
    history.iter().for_each(|event| payment.fold(event.clone()));
    payment
}

pub(super) fn initiate() -> InitiatePayment {
    InitiatePayment {
        payment_id: PaymentId(Uuid::from_u128(7)),
        order_id: order(),
        amount: euro(100),
        method_token: "tok_ok".to_owned(),
        capture_mode: CaptureMode::Manual,
    }
}

pub(super) fn initiated() -> Vec<PaymentEvent> {
    let InitiatePayment {
        payment_id,
        order_id,
        amount,
        method_token,
        capture_mode,
    } = initiate();
    vec![PaymentEvent::PaymentInitiated {
        payment_id,
        order_id,
        amount,
        method_token,
        capture_mode,
    }]
}

pub(super) fn authorizing() -> Vec<PaymentEvent> {
    and(initiated(), [authorization_requested(1)])
}

pub(super) fn authorization_unknown() -> Vec<PaymentEvent> {
    and(authorizing(), [unknown(1, Operation::Authorize)])
}

pub(super) fn acting() -> Vec<PaymentEvent> {
    and(authorizing(), [action_required(1)])
}

pub(super) fn held() -> Vec<PaymentEvent> {
    and(authorizing(), [authorized(1, 100, "gw_1")])
}

pub(super) fn capturing() -> Vec<PaymentEvent> {
    and(held(), [capture_requested(100, true)])
}

pub(super) fn taken() -> Vec<PaymentEvent> {
    and(capturing(), [captured(100, 100)])
}

pub(super) fn and<const N: usize>(
    mut history: Vec<PaymentEvent>,
    then: [PaymentEvent; N],
) -> Vec<PaymentEvent> {
    history.extend(then);
    history
}

pub(super) fn authorization_requested(operation: u128) -> PaymentEvent {
    let (operation_id, method_token) = (id(operation), "tok_ok".to_owned());
    let (order_id, amount) = (order(), euro(100));
    PaymentEvent::PaymentAuthorizationRequested {
        order_id,
        operation_id,
        amount,
        method_token,
    }
}

pub(super) fn action_required(operation: u128) -> PaymentEvent {
    let (operation_id, url) = (id(operation), "https://bank.example".to_owned());
    PaymentEvent::PaymentActionRequired {
        order_id: order(),
        operation_id,
        url,
        expires_at: at(1),
    }
}

pub(super) fn authorized(operation: u128, cents: i64, gateway_ref: &str) -> PaymentEvent {
    PaymentEvent::PaymentAuthorized {
        order_id: order(),
        operation_id: id(operation),
        amount: euro(cents),
        gateway_ref: gateway_ref.to_owned(),
        expires_at: at(9),
    }
}

pub(super) fn declined(operation: u128) -> PaymentEvent {
    let (operation_id, code) = (id(operation), "card_declined".to_owned());
    PaymentEvent::PaymentDeclined {
        order_id: order(),
        operation_id,
        code,
        retryable: false,
    }
}

pub(super) fn conflict(operation: u128, reported: Money, gateway_ref: &str) -> PaymentEvent {
    PaymentEvent::PaymentConflictDetected {
        order_id: order(),
        operation_id: id(operation),
        expected: euro(100),
        reported,
        gateway_ref: Some(gateway_ref.to_owned()),
    }
}

pub(super) fn unknown(operation: u128, kind: Operation) -> PaymentEvent {
    let operation_id = id(operation);
    PaymentEvent::PaymentOutcomeUnknown {
        order_id: order(),
        operation_id,
        operation: kind,
    }
}

pub(super) fn asked(operation: u128, attempt: u32) -> PaymentEvent {
    let operation_id = id(operation);
    PaymentEvent::PaymentReconciliationRequested {
        order_id: order(),
        operation_id,
        attempt,
    }
}

pub(super) fn unanswered(operation: u128, attempt: u32) -> PaymentEvent {
    let operation_id = id(operation);
    PaymentEvent::PaymentReconciliationFailed {
        order_id: order(),
        operation_id,
        attempt,
    }
}

pub(super) fn capture_requested(cents: i64, is_final: bool) -> PaymentEvent {
    PaymentEvent::PaymentCaptureRequested {
        order_id: order(),
        operation_id: id(2),
        amount: euro(cents),
        is_final,
        gateway_ref: "gw_1".to_owned(),
    }
}

pub(super) fn captured(cents: i64, total: i64) -> PaymentEvent {
    let (amount, captured_total) = (euro(cents), euro(total));
    PaymentEvent::PaymentCaptured {
        order_id: order(),
        operation_id: id(2),
        amount,
        captured_total,
    }
}

pub(super) fn capture_failed() -> PaymentEvent {
    let (operation_id, code) = (id(2), "refused".to_owned());
    PaymentEvent::PaymentCaptureFailed {
        order_id: order(),
        operation_id,
        code,
        retryable: true,
    }
}

pub(super) fn void_scheduled() -> PaymentEvent {
    PaymentEvent::PaymentVoidScheduled {
        order_id: order(),
        operation_id: id(3),
    }
}

pub(super) fn void_requested(amount: Money, gateway_ref: Option<&str>) -> PaymentEvent {
    void_requested_as(id(3), amount, gateway_ref)
}

pub(super) fn void_requested_as(
    operation_id: OperationId,
    amount: Money,
    gateway_ref: Option<&str>,
) -> PaymentEvent {
    let gateway_ref = gateway_ref.map(ToOwned::to_owned);
    PaymentEvent::PaymentVoidRequested {
        order_id: order(),
        operation_id,
        amount,
        gateway_ref,
    }
}

pub(super) fn voided(operation: u128, cents: i64) -> PaymentEvent {
    let (operation_id, amount) = (id(operation), euro(cents));
    PaymentEvent::PaymentVoided {
        order_id: order(),
        operation_id,
        amount,
    }
}

pub(super) fn void_failed() -> PaymentEvent {
    let (operation_id, code) = (id(3), "refused".to_owned());
    PaymentEvent::PaymentVoidFailed {
        order_id: order(),
        operation_id,
        code,
        retryable: true,
    }
}

pub(super) fn expired(cents: i64) -> PaymentEvent {
    PaymentEvent::PaymentAuthorizationExpired {
        order_id: order(),
        released: euro(cents),
    }
}

pub(super) fn refund_requested(cents: i64) -> PaymentEvent {
    PaymentEvent::PaymentRefundRequested {
        order_id: order(),
        operation_id: id(4),
        refund_id: refund(),
        amount: euro(cents),
        reason: "chipped".to_owned(),
        gateway_ref: "gw_1".to_owned(),
    }
}

pub(super) fn refunded(cents: i64, total: i64) -> PaymentEvent {
    PaymentEvent::PaymentRefunded {
        order_id: order(),
        operation_id: id(4),
        refund_id: refund(),
        amount: euro(cents),
        refunded_total: euro(total),
    }
}

pub(super) fn refund_failed() -> PaymentEvent {
    PaymentEvent::PaymentRefundFailed {
        order_id: order(),
        operation_id: id(4),
        refund_id: refund(),
        code: "refused".to_owned(),
        retryable: true,
    }
}

pub(super) fn says_authorized(amount: Money, gateway_ref: &str) -> AuthorizationOutcome {
    AuthorizationOutcome::Authorized {
        amount,
        gateway_ref: gateway_ref.to_owned(),
        expires_at: at(9),
    }
}

pub(super) fn says_declined() -> AuthorizationOutcome {
    AuthorizationOutcome::Declined {
        code: "card_declined".to_owned(),
        retryable: false,
    }
}

pub(super) fn says_done(cents: i64) -> OperationOutcome {
    OperationOutcome::Done {
        amount: euro(cents),
    }
}

pub(super) fn says_failed() -> OperationOutcome {
    OperationOutcome::Failed {
        code: "refused".to_owned(),
        retryable: true,
    }
}

pub(super) fn id(operation: u128) -> OperationId {
    OperationId(Uuid::from_u128(operation))
}

pub(super) fn refund() -> RefundId {
    RefundId(Uuid::from_u128(6))
}

pub(super) fn order() -> OrderId {
    OrderId(Uuid::from_u128(8))
}

pub(super) fn euro(cents: i64) -> Money {
    Money::new(cents, Currency::from_code("EUR").expect("a currency"))
}

pub(super) fn pounds(pence: i64) -> Money {
    Money::new(pence, Currency::from_code("GBP").expect("a currency"))
}

pub(super) fn at(hour: i64) -> DecidedAt {
    DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
}

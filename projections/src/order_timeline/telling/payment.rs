//! A payment's facts in words. The method's token and the gateway's address for the customer are
//! left out: a timeline is read by many.

use orderlog_domain::payment::{Operation, PaymentEvent};

use super::{Told, told};

pub(super) fn tell(fact: &PaymentEvent) -> Told {
    use PaymentEvent as E;
    match fact {
        E::PaymentInitiated {
            payment_id, amount, ..
        } => told("Payment begun")
            .text("payment", payment_id)
            .money("amount", *amount),
        E::PaymentAuthorizationRequested { amount, .. } => {
            told("Gateway asked to set the money aside").money("amount", *amount)
        }
        E::PaymentActionRequired { expires_at, .. } => {
            told("The customer has to act").instant("until", *expires_at)
        }
        E::PaymentAuthorized {
            amount,
            gateway_ref,
            expires_at,
            ..
        } => told("Money set aside")
            .money("amount", *amount)
            .text("gateway_ref", gateway_ref)
            .instant("until", *expires_at),
        E::PaymentDeclined { code, .. } => told("Payment declined").text("code", code),
        E::PaymentOutcomeUnknown { operation, .. } => {
            told("The gateway's answer is unknown").text("operation", of(operation))
        }
        E::PaymentReconciliationRequested { attempt, .. } => {
            told("Gateway asked what became of it").number("attempt", *attempt)
        }
        E::PaymentReconciliationFailed { attempt, .. } => {
            told("Still unknown what became of it").number("attempt", *attempt)
        }
        E::PaymentConflictDetected {
            expected, reported, ..
        } => told("The gateway reports another amount")
            .money("expected", *expected)
            .money("reported", *reported),
        E::PaymentCaptureRequested { amount, .. } => {
            told("Gateway asked to take the money").money("amount", *amount)
        }
        E::PaymentCaptured {
            amount,
            captured_total,
            ..
        } => told("Money taken")
            .money("amount", *amount)
            .money("taken_in_all", *captured_total),
        E::PaymentCaptureFailed { code, .. } => {
            told("The money could not be taken").text("code", code)
        }
        E::PaymentVoidRequested { amount, .. } => {
            told("Gateway asked to set the money free").money("amount", *amount)
        }
        E::PaymentVoidScheduled { .. } => {
            told("To be given up as soon as the gateway's answer is known")
        }
        E::PaymentVoided { amount, .. } => told("Money set free").money("amount", *amount),
        E::PaymentVoidFailed { code, .. } => {
            told("The money could not be set free").text("code", code)
        }
        E::PaymentAuthorizationExpired { released, .. } => {
            told("The authorization ran out").money("released", *released)
        }
        E::PaymentRefundRequested {
            refund_id,
            amount,
            reason,
            ..
        } => told("Gateway asked to give money back")
            .text("refund", refund_id)
            .money("amount", *amount)
            .text("reason", reason),
        E::PaymentRefunded {
            refund_id,
            amount,
            refunded_total,
            ..
        } => told("Money given back")
            .text("refund", refund_id)
            .money("amount", *amount)
            .money("given_back_in_all", *refunded_total),
        E::PaymentRefundFailed {
            refund_id, code, ..
        } => told("The money could not be given back")
            .text("refund", refund_id)
            .text("code", code),
    }
}

fn of(operation: &Operation) -> &'static str {
    match operation {
        Operation::Authorize => "authorize",
        Operation::Capture => "capture",
        Operation::Void => "void",
        Operation::Refund => "refund",
    }
}

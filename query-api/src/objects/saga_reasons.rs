//! Why a saga turned back, needs a person, or set a timer: a stable code, and what else is known.

use orderlog_domain::{
    fulfilment::{CompensationReason, OperatorReason, TimerPurpose},
    order::CancelledBy,
};

pub(super) fn compensation(reason: &CompensationReason) -> (&'static str, Option<String>) {
    use CompensationReason as R;
    match reason {
        R::OutOfStock { lines } => {
            let skus: Vec<_> = lines.iter().map(|line| line.sku.as_str()).collect();
            ("OUT_OF_STOCK", Some(skus.join(", ")))
        }
        R::PaymentDeclined { code } => ("PAYMENT_DECLINED", Some(code.clone())),
        R::PaymentTimedOut => ("PAYMENT_TIMED_OUT", None),
        R::PaymentUnresolved => ("PAYMENT_UNRESOLVED", None),
        R::ReservationLost => ("RESERVATION_LOST", None),
        R::CaptureFailed { code } => ("CAPTURE_FAILED", Some(code.clone())),
        R::CancellationRequested { by } => {
            let by = match by {
                CancelledBy::Customer => "customer",
                CancelledBy::Operator => "operator",
                CancelledBy::System => "system",
            };
            ("CANCELLATION_REQUESTED", Some(by.to_owned()))
        }
    }
}

pub(super) fn operator(reason: &OperatorReason) -> (&'static str, Option<String>) {
    use OperatorReason as R;
    match reason {
        R::OutcomeUnknown { .. } => ("OUTCOME_UNKNOWN", None),
        R::AmountConflict { .. } => ("AMOUNT_CONFLICT", None),
        R::OperationFailed { code, .. } => ("OPERATION_FAILED", Some(code.clone())),
        R::Unanswered { step } => ("UNANSWERED", Some(step.to_string())),
        R::RefusedRepeatedly { step } => ("REFUSED_REPEATEDLY", Some(step.to_string())),
        R::Refused { step, code } => ("REFUSED", Some(format!("{step}: {code}"))),
        R::DispatchOverdue => ("DISPATCH_OVERDUE", None),
        R::DeliveryOverdue => ("DELIVERY_OVERDUE", None),
    }
}

pub(super) fn timer(purpose: &TimerPurpose) -> &'static str {
    match purpose {
        TimerPurpose::Answer { .. } => "ANSWER",
        TimerPurpose::CustomerAction { .. } => "CUSTOMER_ACTION",
        TimerPurpose::Reconcile { .. } => "RECONCILE",
        TimerPurpose::RetryPayment { .. } => "RETRY_PAYMENT",
        TimerPurpose::Resend { .. } => "RESEND",
        TimerPurpose::DispatchOverdue => "DISPATCH_OVERDUE",
        TimerPurpose::DeliveryOverdue => "DELIVERY_OVERDUE",
    }
}

//! Which of the domain's events concern which fulfilment, and what they say to it.

use crate::{
    fact::Fact,
    ids::{OperationId, OrderId},
    order::OrderEvent,
    payment::{Operation, PaymentEvent},
    stock::StockEvent,
};

use super::{LineInHand, Observed, OrderInHand};

/// Whether the fact concerns a fulfilment: which, and what it says to it. A placement carries the
/// standard timings; see [`Observed::with_timings`].
pub fn observed(fact: &Fact) -> Option<(OrderId, Observed)> {
    match fact {
        Fact::Order(event) => Some((event.order_id(), of_order(event)?)),
        Fact::Payment(event) => of_payment(event),
        Fact::Stock(StockEvent::StockReservationExpired {
            reservation_id,
            order_id,
            ..
        }) => Some((
            *order_id,
            Observed::ReservationExpired {
                reservation_id: *reservation_id,
            },
        )),
        Fact::Stock(_)
        | Fact::Product(_)
        | Fact::Fulfilment(_)
        | Fact::Notification(_)
        | Fact::Contact(_)
        | Fact::Webhook(_) => None,
    }
}

fn of_order(event: &OrderEvent) -> Option<Observed> {
    match event {
        OrderEvent::OrderPlaced {
            order_id,
            lines,
            total,
            payment_method,
            ..
        } => {
            let lines = lines
                .iter()
                .map(|line| LineInHand {
                    line: line.line,
                    sku: line.sku.clone(),
                    quantity: line.quantity,
                })
                .collect();
            let order = OrderInHand {
                order_id: *order_id,
                total: *total,
                payment_method: payment_method.clone(),
                lines,
            };
            Some(Observed::Placed {
                order,
                timings: Box::default(),
            })
        }
        OrderEvent::OrderCancellationRequested { by, .. } => {
            Some(Observed::CancellationRequested { by: *by })
        }
        OrderEvent::ShipmentPacked { shipment_id, .. } => Some(Observed::ShipmentPacked {
            shipment_id: *shipment_id,
        }),
        OrderEvent::ShipmentDispatched { shipment_id, .. } => Some(Observed::ShipmentDispatched {
            shipment_id: *shipment_id,
        }),
        OrderEvent::OrderCompleted { .. } => Some(Observed::OrderCompleted),
        OrderEvent::OrderStockReserved { .. }
        | OrderEvent::OrderConfirmed { .. }
        | OrderEvent::OrderRejected { .. }
        | OrderEvent::OrderCancelled { .. }
        | OrderEvent::OrderRemainderCancelled { .. }
        | OrderEvent::ShipmentCreated { .. }
        | OrderEvent::ShipmentReleased { .. }
        | OrderEvent::ShipmentDelivered { .. }
        | OrderEvent::ShipmentCancelled { .. } => None,
    }
}

fn of_payment(event: &PaymentEvent) -> Option<(OrderId, Observed)> {
    use PaymentEvent as P;
    let failed = |operation_id: &OperationId, operation, code: &String, retryable: &bool| {
        Observed::OperationFailed {
            operation_id: *operation_id,
            operation,
            code: code.clone(),
            retryable: *retryable,
        }
    };
    Some(match event {
        P::PaymentAuthorizationRequested {
            order_id,
            operation_id,
            ..
        } => (
            *order_id,
            Observed::AuthorizationRequested {
                operation_id: *operation_id,
            },
        ),
        P::PaymentActionRequired {
            order_id,
            operation_id,
            expires_at,
            ..
        } => (
            *order_id,
            Observed::ActionRequired {
                operation_id: *operation_id,
                expires_at: *expires_at,
            },
        ),
        P::PaymentAuthorized {
            order_id,
            operation_id,
            amount,
            ..
        } => (
            *order_id,
            Observed::Authorized {
                operation_id: *operation_id,
                amount: *amount,
            },
        ),
        P::PaymentDeclined {
            order_id,
            operation_id,
            code,
            ..
        } => (
            *order_id,
            Observed::Declined {
                operation_id: *operation_id,
                code: code.clone(),
            },
        ),
        P::PaymentOutcomeUnknown {
            order_id,
            operation_id,
            operation,
        } => (
            *order_id,
            Observed::OutcomeUnknown {
                operation_id: *operation_id,
                operation: *operation,
            },
        ),
        P::PaymentReconciliationFailed {
            order_id,
            operation_id,
            attempt,
        } => (
            *order_id,
            Observed::StillUnknown {
                operation_id: *operation_id,
                attempt: *attempt,
            },
        ),
        P::PaymentConflictDetected {
            order_id,
            operation_id,
            ..
        } => (
            *order_id,
            Observed::Conflict {
                operation_id: *operation_id,
            },
        ),
        P::PaymentCaptured {
            order_id,
            operation_id,
            amount,
            ..
        } => (
            *order_id,
            Observed::Captured {
                operation_id: *operation_id,
                amount: *amount,
            },
        ),
        P::PaymentCaptureFailed {
            order_id,
            operation_id,
            code,
            retryable,
        } => (
            *order_id,
            failed(operation_id, Operation::Capture, code, retryable),
        ),
        P::PaymentVoidRequested {
            order_id,
            operation_id,
            ..
        } => (
            *order_id,
            Observed::VoidRequested {
                operation_id: *operation_id,
            },
        ),
        P::PaymentVoided {
            order_id,
            operation_id,
            amount,
        } => (
            *order_id,
            Observed::Voided {
                operation_id: *operation_id,
                amount: *amount,
            },
        ),
        P::PaymentVoidFailed {
            order_id,
            operation_id,
            code,
            retryable,
        } => (
            *order_id,
            failed(operation_id, Operation::Void, code, retryable),
        ),
        P::PaymentAuthorizationExpired { order_id, .. } => {
            (*order_id, Observed::AuthorizationExpired)
        }
        P::PaymentRefunded {
            order_id,
            operation_id,
            amount,
            ..
        } => (
            *order_id,
            Observed::Refunded {
                operation_id: *operation_id,
                amount: *amount,
            },
        ),
        P::PaymentRefundFailed {
            order_id,
            operation_id,
            code,
            retryable,
            ..
        } => (
            *order_id,
            failed(operation_id, Operation::Refund, code, retryable),
        ),
        P::PaymentInitiated { .. }
        | P::PaymentReconciliationRequested { .. }
        | P::PaymentCaptureRequested { .. }
        | P::PaymentVoidScheduled { .. }
        | P::PaymentRefundRequested { .. } => return None,
    })
}

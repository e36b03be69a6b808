//! The order's own facts in words.

use orderlog_domain::order::{CancelledBy, OrderEvent, RejectionReason};

use super::{Told, told};

pub(super) fn tell(fact: &OrderEvent) -> Told {
    use OrderEvent as E;
    match fact {
        E::OrderPlaced {
            customer_id,
            lines,
            shipping,
            total,
            reference,
            ..
        } => told("Order placed")
            .text("customer", customer_id)
            .count("lines", lines.len())
            .money("shipping", *shipping)
            .money("total", *total)
            .optional("reference", reference.as_ref()),
        E::OrderStockReserved { allocations, .. } => {
            told("Stock is held for all lines").count("allocations", allocations.len())
        }
        E::OrderConfirmed { payment_id, .. } => {
            told("Order confirmed").optional("payment", payment_id.as_ref())
        }
        E::OrderRejected { reason, .. } => rejected(reason),
        E::OrderCancellationRequested { by, reason, .. } => told("Cancellation requested")
            .text("by", by_whom(*by))
            .text("reason", reason),
        E::OrderCancelled { reason, .. } => told("Order cancelled").text("reason", reason),
        E::OrderRemainderCancelled { reason, .. } => {
            told("Cancelled as far as it had not left").text("reason", reason)
        }
        E::ShipmentCreated {
            shipment_id,
            warehouse,
            lines,
            ..
        } => told("Shipment prepared")
            .text("shipment", shipment_id)
            .text("warehouse", warehouse)
            .count("lines", lines.len()),
        E::ShipmentPacked { shipment_id, .. } => {
            told("Shipment packed").text("shipment", shipment_id)
        }
        E::ShipmentReleased {
            shipment_id,
            capture_id,
            ..
        } => told("Shipment may leave")
            .text("shipment", shipment_id)
            .optional("capture", capture_id.as_ref()),
        E::ShipmentDispatched {
            shipment_id,
            carrier,
            tracking,
            ..
        } => told("Shipment dispatched")
            .text("shipment", shipment_id)
            .text("carrier", carrier)
            .text("tracking", tracking),
        E::ShipmentDelivered { shipment_id, .. } => {
            told("Shipment delivered").text("shipment", shipment_id)
        }
        E::ShipmentCancelled { shipment_id, .. } => {
            told("Shipment cancelled").text("shipment", shipment_id)
        }
        E::OrderCompleted { .. } => told("Order completed"),
    }
}

fn rejected(reason: &RejectionReason) -> Told {
    match reason {
        RejectionReason::OutOfStock { lines } => {
            let short = told("Order rejected: not enough stock").count("short_lines", lines.len());
            lines
                .iter()
                .take(SHORT_LINES_TOLD)
                .fold(short, |told, line| {
                    told.text(
                        "short",
                        format_args!("{}: {} of {}", line.sku, line.available, line.requested),
                    )
                })
        }
        RejectionReason::PaymentDeclined { code } => {
            told("Order rejected: the payment was declined").text("code", code)
        }
        RejectionReason::PaymentTimedOut => {
            told("Order rejected: the customer did not act in time")
        }
        RejectionReason::ReservationLost => told("Order rejected: the stock held for it was lost"),
        RejectionReason::PaymentUnresolved => {
            told("Order rejected: the payment could not be cleared up")
        }
    }
}

/// The order itself names them all.
const SHORT_LINES_TOLD: usize = 10;

fn by_whom(by: CancelledBy) -> &'static str {
    match by {
        CancelledBy::Customer => "customer",
        CancelledBy::Operator => "operator",
        CancelledBy::System => "system",
    }
}

//! The three axes of an order. Its status is the aggregate's own; how far it is paid and how far
//! it is fulfilled are derived from facts and set by no command. Next: `order_summary` keeps all
//! three in one row.

use orderlog_domain::{order::ShipmentPhase, payment::PaymentEvent};
use serde::{Deserialize, Serialize};

/// How far an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentStatus {
    /// Nothing has to be paid.
    NotRequired,
    /// Not arranged yet.
    Pending,
    /// The customer has to act.
    ActionRequired,
    /// What the gateway did is unknown and being asked for.
    Unknown,
    /// Money is set aside.
    Authorized,
    /// Refused by the gateway.
    Declined,
    /// Some of the money was taken.
    PartiallyPaid,
    /// The money was taken.
    Paid,
    /// Some of the money was given back.
    PartiallyRefunded,
    /// All that was taken was given back.
    Refunded,
    /// Set free without being taken.
    Voided,
    /// The gateway reports another amount than was asked for.
    Conflict,
}

/// How far an order is fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FulfillmentStatus {
    /// Nothing was held for it yet.
    Unfulfilled,
    /// Stock is held for all of it.
    Reserved,
    /// A shipment is being put together.
    Preparing,
    /// All open shipments are packed.
    Packed,
    /// Some of it has left.
    PartiallyShipped,
    /// All of it has left.
    Shipped,
    /// All of it has arrived.
    Delivered,
    /// Nothing will leave: what was held is free again, or is being freed.
    Released,
}

/// How far the shipments have come. `ordered` and `left` count pieces; `left` are those on their
/// way or arrived. `closed` says that the order is rejected or being cancelled.
pub(crate) fn fulfillment(
    reserved: bool,
    closed: bool,
    ordered: u64,
    left: u64,
    phases: &[ShipmentPhase],
) -> FulfillmentStatus {
    let open = || {
        phases
            .iter()
            .filter(|phase| **phase != ShipmentPhase::Cancelled)
    };
    let arrived = open().all(|phase| *phase == ShipmentPhase::Delivered);
    if left > 0 && (left >= ordered || closed) {
        return if arrived {
            FulfillmentStatus::Delivered
        } else {
            FulfillmentStatus::Shipped
        };
    }
    if left > 0 {
        return FulfillmentStatus::PartiallyShipped;
    }
    if closed {
        return FulfillmentStatus::Released;
    }
    if open().next().is_none() {
        return if reserved {
            FulfillmentStatus::Reserved
        } else {
            FulfillmentStatus::Unfulfilled
        };
    }
    match open().any(|phase| *phase == ShipmentPhase::Created) {
        true => FulfillmentStatus::Preparing,
        false => FulfillmentStatus::Packed,
    }
}

/// What `fact` makes of an order's payment status. `captured` and `refunded` are what was taken
/// and given back up to and with this fact, `total` what the order costs; minor units.
pub(crate) fn paid(
    before: PaymentStatus,
    fact: &PaymentEvent,
    total: i64,
    captured: i64,
    refunded: i64,
) -> PaymentStatus {
    use PaymentEvent as E;
    let untaken = match fact {
        E::PaymentReconciliationRequested { .. }
        | E::PaymentReconciliationFailed { .. }
        | E::PaymentCaptureRequested { .. }
        | E::PaymentVoidRequested { .. }
        | E::PaymentVoidScheduled { .. }
        | E::PaymentRefundRequested { .. } => return before,
        E::PaymentOutcomeUnknown { .. } => return PaymentStatus::Unknown,
        E::PaymentConflictDetected { .. } => return PaymentStatus::Conflict,
        E::PaymentInitiated { .. }
        | E::PaymentAuthorizationRequested { .. }
        | E::PaymentCaptured { .. }
        | E::PaymentRefunded { .. }
        | E::PaymentRefundFailed { .. } => PaymentStatus::Pending,
        E::PaymentActionRequired { .. } => PaymentStatus::ActionRequired,
        E::PaymentAuthorized { .. }
        | E::PaymentCaptureFailed { .. }
        | E::PaymentVoidFailed { .. } => PaymentStatus::Authorized,
        E::PaymentDeclined { .. } => PaymentStatus::Declined,
        E::PaymentVoided { .. } | E::PaymentAuthorizationExpired { .. } => PaymentStatus::Voided,
    };
    match (captured, refunded) {
        (0, _) => untaken,
        (_, 0) if captured < total => PaymentStatus::PartiallyPaid,
        (_, 0) => PaymentStatus::Paid,
        (_, _) if refunded < captured => PaymentStatus::PartiallyRefunded,
        (_, _) => PaymentStatus::Refunded,
    }
}

#[cfg(test)]
mod tests {
    use super::{FulfillmentStatus as F, ShipmentPhase as P, *};

    #[test]
    fn fulfillment_is_what_the_shipments_say() {
        let closed = true;
        for (reserved, is_closed, left, phases, status) in [
            (false, false, 0, vec![], F::Unfulfilled),
            (true, false, 0, vec![], F::Reserved),
            (true, false, 0, vec![P::Created], F::Preparing),
            (true, false, 0, vec![P::Packed, P::Created], F::Preparing),
            (true, false, 0, vec![P::Packed, P::Released], F::Packed),
            (true, false, 0, vec![P::Cancelled], F::Reserved),
            (
                true,
                false,
                1,
                vec![P::Dispatched, P::Packed],
                F::PartiallyShipped,
            ),
            (
                true,
                false,
                1,
                vec![P::Delivered, P::Packed],
                F::PartiallyShipped,
            ),
            (
                true,
                false,
                2,
                vec![P::Delivered, P::Dispatched],
                F::Shipped,
            ),
            (
                true,
                false,
                2,
                vec![P::Delivered, P::Cancelled],
                F::Delivered,
            ),
            (true, closed, 0, vec![P::Packed], F::Released),
            (
                true,
                closed,
                1,
                vec![P::Dispatched, P::Cancelled],
                F::Shipped,
            ),
            (
                true,
                closed,
                1,
                vec![P::Delivered, P::Cancelled],
                F::Delivered,
            ),
        ] {
            let found = fulfillment(reserved, is_closed, 2, left, &phases);
            assert_eq!(found, status, "{phases:?}");
        }
    }
}

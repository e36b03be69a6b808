//! What each fact makes of an order's row. Invariant: total and lines never change after placement.

use orderlog_domain::{
    ids::ShipmentId,
    money::Money,
    order::{Cancellation, OrderEvent, OrderStatus, ShipmentPhase},
    payment::PaymentEvent,
};

use super::{OrderSummary, Shipment};
use crate::{
    folding::add,
    order_axes::{self, FulfillmentStatus, PaymentStatus},
};

impl OrderSummary {
    pub(super) fn placed(fact: &OrderEvent) -> Option<Self> {
        let OrderEvent::OrderPlaced {
            order_id,
            customer_id,
            lines,
            shipping,
            total,
            reference,
            placed_at,
            ..
        } = fact
        else {
            return None;
        };
        let nothing = Money::zero(total.currency);
        Some(Self {
            order_id: *order_id,
            customer_id: customer_id.clone(),
            status: OrderStatus::Placed,
            payment_status: match total.is_zero() {
                true => PaymentStatus::NotRequired,
                false => PaymentStatus::Pending,
            },
            fulfillment_status: FulfillmentStatus::Unfulfilled,
            lines: lines.clone(),
            shipping: *shipping,
            total: *total,
            captured: nothing,
            refunded: nothing,
            reference: reference.clone(),
            reserved: false,
            payments: vec![],
            shipments: vec![],
            rejection: None,
            cancellation: None,
            placed_at: *placed_at,
            updated_at: *placed_at,
            version: 1,
        })
    }

    pub(super) fn order_changed(&mut self, fact: &OrderEvent) {
        use OrderEvent as E;
        match fact {
            E::OrderPlaced { .. } => {}
            E::OrderStockReserved { .. } => {
                self.reserved = true;
                self.status = OrderStatus::AwaitingPayment;
            }
            E::OrderConfirmed { .. } => self.status = OrderStatus::Confirmed,
            E::OrderRejected { reason, .. } => {
                self.rejection = Some(reason.clone());
                self.status = OrderStatus::Rejected;
            }
            E::OrderCancellationRequested { by, reason, .. } => {
                self.cancellation = Some(Cancellation {
                    by: *by,
                    reason: reason.clone(),
                });
                self.status = OrderStatus::Cancelling;
            }
            E::OrderCancelled { .. } => self.status = OrderStatus::Cancelled,
            E::OrderRemainderCancelled { .. } => self.status = OrderStatus::Shipped,
            E::ShipmentCreated {
                shipment_id,
                warehouse,
                lines,
                ..
            } => self.shipments.push(Shipment {
                shipment_id: *shipment_id,
                warehouse: warehouse.clone(),
                lines: lines.clone(),
                phase: ShipmentPhase::Created,
                carrier: None,
                tracking: None,
            }),
            E::ShipmentPacked { shipment_id, .. } => self.ship(*shipment_id, ShipmentPhase::Packed),
            E::ShipmentReleased { shipment_id, .. } => {
                self.ship(*shipment_id, ShipmentPhase::Released);
            }
            E::ShipmentDispatched {
                shipment_id,
                carrier,
                tracking,
                ..
            } => {
                self.ship(*shipment_id, ShipmentPhase::Dispatched);
                if let Some(shipment) = self.shipment(*shipment_id) {
                    shipment.carrier = Some(carrier.clone());
                    shipment.tracking = Some(tracking.clone());
                }
                self.left_the_building();
            }
            E::ShipmentDelivered { shipment_id, .. } => {
                self.ship(*shipment_id, ShipmentPhase::Delivered);
            }
            E::ShipmentCancelled { shipment_id, .. } => {
                self.ship(*shipment_id, ShipmentPhase::Cancelled);
            }
            E::OrderCompleted { .. } => self.status = OrderStatus::Completed,
        }
        self.fulfillment_status = self.fulfillment();
    }

    pub(super) fn payment_changed(&mut self, fact: &PaymentEvent) {
        match fact {
            PaymentEvent::PaymentInitiated { payment_id, .. } => self.payments.push(*payment_id),
            PaymentEvent::PaymentCaptured { amount, .. } => {
                add(&mut self.captured, *amount);
            }
            PaymentEvent::PaymentRefunded { amount, .. } => {
                add(&mut self.refunded, *amount);
            }
            PaymentEvent::PaymentAuthorizationRequested { .. }
            | PaymentEvent::PaymentActionRequired { .. }
            | PaymentEvent::PaymentAuthorized { .. }
            | PaymentEvent::PaymentDeclined { .. }
            | PaymentEvent::PaymentOutcomeUnknown { .. }
            | PaymentEvent::PaymentReconciliationRequested { .. }
            | PaymentEvent::PaymentReconciliationFailed { .. }
            | PaymentEvent::PaymentConflictDetected { .. }
            | PaymentEvent::PaymentCaptureRequested { .. }
            | PaymentEvent::PaymentCaptureFailed { .. }
            | PaymentEvent::PaymentVoidRequested { .. }
            | PaymentEvent::PaymentVoidScheduled { .. }
            | PaymentEvent::PaymentVoided { .. }
            | PaymentEvent::PaymentVoidFailed { .. }
            | PaymentEvent::PaymentAuthorizationExpired { .. }
            | PaymentEvent::PaymentRefundRequested { .. }
            | PaymentEvent::PaymentRefundFailed { .. } => {}
        }
        let [total, captured, refunded] =
            [self.total, self.captured, self.refunded].map(|money| money.amount_minor);
        self.payment_status =
            order_axes::paid(self.payment_status, fact, total, captured, refunded);
    }

    fn shipment(&mut self, id: ShipmentId) -> Option<&mut Shipment> {
        self.shipments
            .iter_mut()
            .find(|shipment| shipment.shipment_id == id)
    }

    fn ship(&mut self, id: ShipmentId, phase: ShipmentPhase) {
        if let Some(shipment) = self.shipment(id) {
            shipment.phase = phase;
        }
    }

    fn left_the_building(&mut self) {
        if self.status != OrderStatus::Cancelling {
            self.status = match self.left() >= self.ordered() {
                true => OrderStatus::Shipped,
                false => OrderStatus::PartiallyShipped,
            };
        }
    }

    fn ordered(&self) -> u64 {
        self.lines.iter().map(|line| u64::from(line.quantity)).sum()
    }

    fn left(&self) -> u64 {
        let gone = |phase| matches!(phase, ShipmentPhase::Dispatched | ShipmentPhase::Delivered);
        let shipped = self
            .shipments
            .iter()
            .filter(|shipment| gone(shipment.phase));
        shipped
            .flat_map(|shipment| &shipment.lines)
            .map(|line| u64::from(line.quantity))
            .sum()
    }

    fn fulfillment(&self) -> FulfillmentStatus {
        let closed = self.rejection.is_some() || self.cancellation.is_some();
        let phases: Vec<_> = self
            .shipments
            .iter()
            .map(|shipment| shipment.phase)
            .collect();
        order_axes::fulfillment(self.reserved, closed, self.ordered(), self.left(), &phases)
    }
}

//! One order, from placement to delivery. The aggregate owns the order's state alone: what became
//! of its payment and its stock are facts of other streams. Nothing leaves before it is paid for,
//! and nothing follows a terminal event. Each command is a file of its own, with its rule and
//! tests; next: [`crate::fulfilment`] answers these facts with commands.

mod cancel_shipment;
mod complete_cancellation;
mod confirm_order;
mod create_shipment;
mod dispatch_shipment;
mod event;
mod mark_shipment_packed;
mod place_order;
mod pricing;
mod reasons;
mod record_delivery;
mod record_stock_reserved;
mod refusal;
mod reject_order;
mod release_shipment;
mod request_cancellation;
mod shipment;
mod state;
#[cfg(test)]
mod testing;
mod texts;

use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};

use crate::DecidedAt;

pub use cancel_shipment::CancelShipment;
pub use complete_cancellation::CompleteCancellation;
pub use confirm_order::ConfirmOrder;
pub use create_shipment::CreateShipment;
pub use dispatch_shipment::DispatchShipment;
pub use event::{Allocation, OrderEvent, OrderLine, ShipmentLine};
pub use mark_shipment_packed::MarkShipmentPacked;
pub use place_order::{PlaceOrder, RequestedLine};
pub use reasons::{CancelledBy, RejectionReason, ShortLine};
pub use record_delivery::RecordDelivery;
pub use record_stock_reserved::RecordStockReserved;
pub use refusal::{Amount, OrderRefusal, PricedLine};
pub use reject_order::RejectOrder;
pub use release_shipment::ReleaseShipment;
pub use request_cancellation::RequestCancellation;
pub use shipment::{Shipment, ShipmentPhase};
pub use state::{Cancellation, Order, OrderStatus, Placed};

/// What can be asked of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OrderCommand {
    /// Order goods.
    Place(PlaceOrder),
    /// Say that stock is held for every line.
    RecordStockReserved(RecordStockReserved),
    /// Say that stock and payment are certain.
    Confirm(ConfirmOrder),
    /// Say that the order can't be honoured.
    Reject(RejectOrder),
    /// Ask for the order to be stopped.
    RequestCancellation(RequestCancellation),
    /// Say that all is undone that was not shipped.
    CompleteCancellation(CompleteCancellation),
    /// Have goods packed.
    CreateShipment(CreateShipment),
    /// Say that the goods are packed.
    MarkShipmentPacked(MarkShipmentPacked),
    /// Let a packed shipment leave, now that it is paid for.
    ReleaseShipment(ReleaseShipment),
    /// Say that a shipment has left.
    DispatchShipment(DispatchShipment),
    /// Keep a shipment from leaving.
    CancelShipment(CancelShipment),
    /// Say that a shipment has arrived.
    RecordDelivery(RecordDelivery),
}

impl Aggregate for Order {
    const TYPE: &'static str = "order";
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Error = OrderRefusal;
    type Services = DecidedAt;

    async fn handle(
        &mut self,
        command: OrderCommand,
        at: &DecidedAt,
        sink: &EventSink<Self>,
    ) -> Result<(), OrderRefusal> {
        for event in self.decide(command, *at)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: OrderEvent) {
        self.fold(event);
    }
}

impl Order {
    /// What the command brings about, or why it is refused.
    pub fn decide(
        &self,
        command: OrderCommand,
        at: DecidedAt,
    ) -> Result<Vec<OrderEvent>, OrderRefusal> {
        match command {
            OrderCommand::Place(command) => command.decide(self, at),
            OrderCommand::RecordStockReserved(command) => command.decide(self),
            OrderCommand::Confirm(command) => command.decide(self),
            OrderCommand::Reject(command) => command.decide(self),
            OrderCommand::RequestCancellation(command) => command.decide(self),
            OrderCommand::CompleteCancellation(command) => command.decide(self),
            OrderCommand::CreateShipment(command) => command.decide(self),
            OrderCommand::MarkShipmentPacked(command) => command.decide(self),
            OrderCommand::ReleaseShipment(command) => command.decide(self),
            OrderCommand::DispatchShipment(command) => command.decide(self),
            OrderCommand::CancelShipment(command) => command.decide(self),
            OrderCommand::RecordDelivery(command) => command.decide(self),
        }
    }

    /// Names of the commands that the order's state allows now.
    pub fn allowed_commands(&self, _at: DecidedAt) -> Vec<&'static str> {
        use OrderStatus::{
            AwaitingPayment, Cancelled, Cancelling, Completed, Confirmed, New, PartiallyShipped,
            Placed, Rejected, Shipped,
        };
        let shipping = matches!(self.status, Confirmed | PartiallyShipped);
        let has = |phase| {
            self.shipments
                .iter()
                .any(|shipment| shipment.phase == phase)
        };
        let open = self.shipments.iter().any(Shipment::is_open);
        let table = [
            ("PlaceOrder", self.status == New),
            ("RecordStockReserved", self.status == Placed),
            ("ConfirmOrder", self.status == AwaitingPayment),
            (
                "RejectOrder",
                matches!(self.status, Placed | AwaitingPayment),
            ),
            (
                "RequestCancellation",
                matches!(
                    self.status,
                    Placed | AwaitingPayment | Confirmed | PartiallyShipped | Cancelling
                ),
            ),
            ("CompleteCancellation", self.status == Cancelling && !open),
            (
                "CreateShipment",
                shipping && !self.unshipped_lines().is_empty(),
            ),
            (
                "MarkShipmentPacked",
                shipping && has(ShipmentPhase::Created),
            ),
            ("ReleaseShipment", shipping && has(ShipmentPhase::Packed)),
            (
                "DispatchShipment",
                (shipping || self.status == Cancelling) && has(ShipmentPhase::Released),
            ),
            (
                "CancelShipment",
                (shipping || self.status == Cancelling) && open,
            ),
            (
                "RecordDelivery",
                matches!(self.status, PartiallyShipped | Shipped) && has(ShipmentPhase::Dispatched),
            ),
        ];
        debug_assert!(
            !matches!(self.status, Rejected | Cancelled | Completed)
                || table.iter().all(|(_, allowed)| !allowed)
        );
        table
            .into_iter()
            .filter_map(|(name, allowed)| allowed.then_some(name))
            .collect()
    }
}

#[cfg(test)]
mod tests;

//! An order of two pieces of A-1 at 10.00 EUR and its history, for the tests of each command.

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use uuid::Uuid;

use crate::{
    DecidedAt,
    ids::{
        CustomerId, OperationId, OrderId, PaymentId, ReservationId, ShipmentId, Sku, WarehouseId,
    },
    money::{Currency, Money, TaxRate},
};

use super::*;

/// The order after `history`.
pub(crate) fn given(history: Vec<OrderEvent>) -> AggregateTestExecutor<Order> {
    TestFramework::<Order>::with(at()).given(history)
}

/// A history and one more event.
pub(crate) fn and(mut history: Vec<OrderEvent>, event: OrderEvent) -> Vec<OrderEvent> {
    history.push(event);
    history
}

pub(crate) fn at() -> DecidedAt {
    DecidedAt::from_timestamp(1_790_000_000, 0).expect("a valid instant")
}

pub(crate) fn eur(minor: i64) -> Money {
    Money::new(minor, currency("EUR"))
}

pub(crate) fn currency(code: &str) -> Currency {
    Currency::from_code(code).expect("a currency")
}

pub(crate) fn sku(text: &str) -> Sku {
    Sku::parse(text).expect("a sku")
}

pub(crate) fn main() -> WarehouseId {
    WarehouseId::main()
}

pub(crate) fn order_id() -> OrderId {
    OrderId(Uuid::from_u128(1))
}

pub(crate) fn shipment_id() -> ShipmentId {
    ShipmentId(Uuid::from_u128(2))
}

fn payment_id() -> PaymentId {
    PaymentId(Uuid::from_u128(3))
}

fn capture_id() -> OperationId {
    OperationId(Uuid::from_u128(4))
}

pub(crate) fn requested_line() -> RequestedLine {
    RequestedLine {
        sku: sku("A-1"),
        name: "Anvil".into(),
        quantity: 2,
        unit_price: eur(1000),
        discount: eur(0),
        tax: TaxRate {
            basis_points: 1900,
            inclusive: true,
        },
        product_version: Some(1),
    }
}

pub(crate) fn place_order() -> PlaceOrder {
    PlaceOrder {
        order_id: order_id(),
        customer_id: CustomerId::parse("c-1").expect("a customer"),
        currency: currency("EUR"),
        lines: vec![requested_line()],
        shipping: eur(500),
        expected_total: None,
        payment_method: Some("tok_ok".into()),
        reference: None,
    }
}

pub(crate) fn record_stock_reserved() -> OrderCommand {
    OrderCommand::RecordStockReserved(RecordStockReserved {
        allocations: allocations(),
    })
}

pub(crate) fn confirm() -> OrderCommand {
    OrderCommand::Confirm(ConfirmOrder {
        payment_id: Some(payment_id()),
    })
}

pub(crate) fn reject() -> OrderCommand {
    OrderCommand::Reject(RejectOrder {
        reason: RejectionReason::PaymentTimedOut,
    })
}

pub(crate) fn request_cancellation() -> OrderCommand {
    OrderCommand::RequestCancellation(RequestCancellation {
        by: CancelledBy::Customer,
        reason: "changed my mind".into(),
    })
}

pub(crate) fn complete_cancellation() -> OrderCommand {
    OrderCommand::CompleteCancellation(CompleteCancellation {})
}

pub(crate) fn create_shipment() -> OrderCommand {
    OrderCommand::CreateShipment(CreateShipment {
        shipment_id: shipment_id(),
        warehouse: main(),
        lines: shipment_lines(),
    })
}

pub(crate) fn mark_packed() -> OrderCommand {
    OrderCommand::MarkShipmentPacked(MarkShipmentPacked {
        shipment_id: shipment_id(),
    })
}

pub(crate) fn release() -> OrderCommand {
    OrderCommand::ReleaseShipment(ReleaseShipment {
        shipment_id: shipment_id(),
        capture_id: Some(capture_id()),
    })
}

pub(crate) fn dispatch() -> OrderCommand {
    OrderCommand::DispatchShipment(DispatchShipment {
        shipment_id: shipment_id(),
        carrier: "DHL".into(),
        tracking: "T-1".into(),
    })
}

pub(crate) fn cancel_shipment() -> OrderCommand {
    OrderCommand::CancelShipment(CancelShipment {
        shipment_id: shipment_id(),
    })
}

pub(crate) fn deliver() -> OrderCommand {
    OrderCommand::RecordDelivery(RecordDelivery {
        shipment_id: shipment_id(),
    })
}

fn allocations() -> Vec<Allocation> {
    let reservation_id = ReservationId(Uuid::from_u128(5));
    vec![Allocation {
        line: 1,
        sku: sku("A-1"),
        warehouse: main(),
        quantity: 2,
        reservation_id,
    }]
}

fn shipment_lines() -> Vec<ShipmentLine> {
    vec![ShipmentLine {
        line: 1,
        sku: sku("A-1"),
        quantity: 2,
    }]
}

pub(crate) fn placed_event() -> OrderEvent {
    OrderEvent::OrderPlaced {
        order_id: order_id(),
        customer_id: CustomerId::parse("c-1").expect("a customer"),
        lines: vec![OrderLine {
            line: 1,
            sku: sku("A-1"),
            name: "Anvil".into(),
            quantity: 2,
            unit_price: eur(1000),
            discount: eur(0),
            tax_basis_points: 1900,
            tax_inclusive: true,
            tax: eur(319),
            total: eur(2000),
            product_version: Some(1),
        }],
        shipping: eur(500),
        total: eur(2500),
        payment_method: Some("tok_ok".into()),
        reference: None,
        placed_at: at(),
    }
}

pub(crate) fn stock_reserved() -> OrderEvent {
    OrderEvent::OrderStockReserved {
        order_id: order_id(),
        allocations: allocations(),
    }
}

pub(crate) fn confirmed_event() -> OrderEvent {
    OrderEvent::OrderConfirmed {
        order_id: order_id(),
        payment_id: Some(payment_id()),
    }
}

pub(crate) fn rejected() -> OrderEvent {
    OrderEvent::OrderRejected {
        order_id: order_id(),
        reason: RejectionReason::PaymentTimedOut,
    }
}

pub(crate) fn cancellation_requested() -> OrderEvent {
    OrderEvent::OrderCancellationRequested {
        order_id: order_id(),
        by: CancelledBy::Customer,
        reason: "changed my mind".into(),
    }
}

pub(crate) fn cancelled() -> OrderEvent {
    OrderEvent::OrderCancelled {
        order_id: order_id(),
        reason: "changed my mind".into(),
    }
}

pub(crate) fn shipment_created() -> OrderEvent {
    OrderEvent::ShipmentCreated {
        order_id: order_id(),
        shipment_id: shipment_id(),
        warehouse: main(),
        lines: shipment_lines(),
    }
}

pub(crate) fn packed_event() -> OrderEvent {
    OrderEvent::ShipmentPacked {
        order_id: order_id(),
        shipment_id: shipment_id(),
    }
}

pub(crate) fn released_event() -> OrderEvent {
    OrderEvent::ShipmentReleased {
        order_id: order_id(),
        shipment_id: shipment_id(),
        capture_id: Some(capture_id()),
    }
}

pub(crate) fn dispatched_event() -> OrderEvent {
    OrderEvent::ShipmentDispatched {
        order_id: order_id(),
        shipment_id: shipment_id(),
        carrier: "DHL".into(),
        tracking: "T-1".into(),
    }
}

pub(crate) fn delivered_event() -> OrderEvent {
    OrderEvent::ShipmentDelivered {
        order_id: order_id(),
        shipment_id: shipment_id(),
    }
}

pub(crate) fn shipment_cancelled() -> OrderEvent {
    OrderEvent::ShipmentCancelled {
        order_id: order_id(),
        shipment_id: shipment_id(),
    }
}

pub(crate) fn placed() -> Vec<OrderEvent> {
    vec![placed_event()]
}

pub(crate) fn awaiting_payment() -> Vec<OrderEvent> {
    and(placed(), stock_reserved())
}

pub(crate) fn confirmed() -> Vec<OrderEvent> {
    and(awaiting_payment(), confirmed_event())
}

pub(crate) fn preparing() -> Vec<OrderEvent> {
    and(confirmed(), shipment_created())
}

pub(crate) fn packed() -> Vec<OrderEvent> {
    and(preparing(), packed_event())
}

pub(crate) fn released() -> Vec<OrderEvent> {
    and(packed(), released_event())
}

pub(crate) fn dispatched() -> Vec<OrderEvent> {
    and(released(), dispatched_event())
}

pub(crate) fn delivered() -> Vec<OrderEvent> {
    and(
        and(dispatched(), delivered_event()),
        OrderEvent::OrderCompleted {
            order_id: order_id(),
        },
    )
}

//! Commands for an order of two anvils; shared by the matrix and the properties.

use orderlog_domain::{
    ids::{
        CustomerId, OperationId, OrderId, PaymentId, ReservationId, ShipmentId, Sku, WarehouseId,
    },
    money::{Currency, Money, TaxRate},
    order::{
        Allocation, CancelShipment, CancelledBy, CompleteCancellation, ConfirmOrder,
        CreateShipment, DispatchShipment, MarkShipmentPacked, OrderCommand, PlaceOrder,
        RecordDelivery, RecordStockReserved, RejectOrder, RejectionReason, ReleaseShipment,
        RequestCancellation, RequestedLine, ShipmentLine,
    },
};
use uuid::Uuid;

pub(crate) fn place() -> OrderCommand {
    OrderCommand::Place(PlaceOrder {
        order_id: OrderId(id(100)),
        customer_id: CustomerId::parse("c-17").expect("a customer id"),
        currency: currency(),
        lines: vec![RequestedLine {
            sku: sku(),
            name: "Anvil".to_owned(),
            quantity: 2,
            unit_price: euro(1000),
            discount: euro(100),
            tax: TaxRate {
                basis_points: 1900,
                inclusive: false,
            },
            product_version: Some(3),
        }],
        shipping: euro(500),
        expected_total: None,
        payment_method: Some("tok_ok".to_owned()),
        reference: Some("PO-4711".to_owned()),
    })
}

pub(crate) fn reserved() -> OrderCommand {
    let allocation = Allocation {
        line: 1,
        sku: sku(),
        warehouse: WarehouseId::main(),
        quantity: 2,
        reservation_id: ReservationId(id(5)),
    };
    OrderCommand::RecordStockReserved(RecordStockReserved {
        allocations: vec![allocation],
    })
}

pub(crate) fn confirm() -> OrderCommand {
    OrderCommand::Confirm(ConfirmOrder {
        payment_id: Some(PaymentId(id(3))),
    })
}

pub(crate) fn reject(reason: RejectionReason) -> OrderCommand {
    OrderCommand::Reject(RejectOrder { reason })
}

pub(crate) fn cancel() -> OrderCommand {
    OrderCommand::RequestCancellation(RequestCancellation {
        by: CancelledBy::Customer,
        reason: "changed my mind".to_owned(),
    })
}

pub(crate) fn complete() -> OrderCommand {
    OrderCommand::CompleteCancellation(CompleteCancellation {})
}

pub(crate) fn create(shipment: u128, quantity: u32) -> OrderCommand {
    let lines = vec![ShipmentLine {
        line: 1,
        sku: sku(),
        quantity,
    }];
    OrderCommand::CreateShipment(CreateShipment {
        shipment_id: ShipmentId(id(shipment)),
        warehouse: WarehouseId::main(),
        lines,
    })
}

pub(crate) fn pack() -> OrderCommand {
    OrderCommand::MarkShipmentPacked(MarkShipmentPacked {
        shipment_id: ShipmentId(id(1)),
    })
}

pub(crate) fn release(capture: Option<u128>) -> OrderCommand {
    let capture_id = capture.map(|capture| OperationId(id(capture)));
    OrderCommand::ReleaseShipment(ReleaseShipment {
        shipment_id: ShipmentId(id(1)),
        capture_id,
    })
}

pub(crate) fn dispatch() -> OrderCommand {
    let shipment_id = ShipmentId(id(1));
    OrderCommand::DispatchShipment(DispatchShipment {
        shipment_id,
        carrier: "DHL".to_owned(),
        tracking: "T-1".to_owned(),
    })
}

pub(crate) fn cancel_shipment() -> OrderCommand {
    OrderCommand::CancelShipment(CancelShipment {
        shipment_id: ShipmentId(id(1)),
    })
}

pub(crate) fn deliver() -> OrderCommand {
    OrderCommand::RecordDelivery(RecordDelivery {
        shipment_id: ShipmentId(id(1)),
    })
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn sku() -> Sku {
    Sku::parse("A-1").expect("a sku")
}

fn currency() -> Currency {
    Currency::from_code("EUR").expect("a currency")
}

fn euro(cents: i64) -> Money {
    Money::new(cents, currency())
}

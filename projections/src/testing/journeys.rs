//! Whole orders, as the system would record them: each costs 25 euro, two pieces of TEA at 10 and
//! shipping at 5. Next: [`Journey`] has their steps.

use orderlog_domain::{
    fulfilment::FulfilmentEvent,
    ids::{OperationId, RefundId, WarehouseId},
    money::TaxRate,
    order::{CancelledBy, OrderEvent, OrderLine, RejectionReason},
    payment::PaymentEvent,
    product::ProductEvent,
    stock::{BackorderPolicy, ReleaseReason, StockEvent},
};

use super::{Told, euro, id, journey::Journey, order_id, payment, payment_id, product, sku, stock};

/// What every order costs, in cents.
pub const TOTAL: i64 = 2500;

/// The product TEA, and a hundred pieces of it.
pub fn catalogue() -> Vec<Told> {
    let tea = || sku("TEA");
    let tax = TaxRate {
        basis_points: 1900,
        inclusive: true,
    };
    vec![
        product(
            "TEA",
            ProductEvent::ProductRegistered {
                sku: tea(),
                name: "Tea".to_owned(),
                unit_price: euro(1000),
                tax_rate: tax,
            },
        ),
        stock(
            "TEA",
            StockEvent::StockItemRegistered {
                sku: tea(),
                warehouse: WarehouseId::main(),
                safety_stock: 5,
                low_stock_at: 10,
                backorder: BackorderPolicy::Deny,
            },
        ),
        stock(
            "TEA",
            StockEvent::StockReceived {
                sku: tea(),
                receipt_id: "R1".to_owned(),
                quantity: 100,
                on_hand: 100,
            },
        ),
    ]
}

/// An order that goes well, to the end; `on_hand` pieces are left when it has left.
pub fn completed(number: u64, on_hand: i64) -> Vec<Told> {
    let mut journey = Journey::placed(number);
    journey
        .reserved()
        .authorized()
        .confirmed()
        .packed()
        .captured();
    journey.dispatched(on_hand).delivered().told()
}

/// An order whose payment is declined.
pub fn declined(number: u64) -> Vec<Told> {
    let mut journey = Journey::placed(number);
    journey.reserved();
    let operation_id = journey.operation(1);
    let order_id = journey.order_id;
    let code = || "insufficient_funds".to_owned();
    journey.begun_to_pay();
    journey.payment(PaymentEvent::PaymentDeclined {
        order_id,
        operation_id,
        code: code(),
        retryable: false,
    });
    journey.released(ReleaseReason::OrderRejected);
    let reason = RejectionReason::PaymentDeclined { code: code() };
    journey.order(OrderEvent::OrderRejected { order_id, reason });
    journey.saga(FulfilmentEvent::FulfilmentCompensated { order_id });
    journey.told()
}

/// An order that its customer cancels once it is confirmed.
pub fn cancelled(number: u64) -> Vec<Told> {
    let mut journey = Journey::placed(number);
    journey.reserved().authorized().confirmed();
    let (order_id, operation_id) = (journey.order_id, journey.operation(3));
    let reason = || "changed my mind".to_owned();
    let by = CancelledBy::Customer;
    journey.order(OrderEvent::OrderCancellationRequested {
        order_id,
        by,
        reason: reason(),
    });
    journey.payment(PaymentEvent::PaymentVoidRequested {
        order_id,
        operation_id,
        amount: euro(TOTAL),
        gateway_ref: Some("gw".to_owned()),
    });
    journey.payment(PaymentEvent::PaymentVoided {
        order_id,
        operation_id,
        amount: euro(TOTAL),
    });
    journey.released(ReleaseReason::OrderCancelled);
    journey.order(OrderEvent::OrderCancelled {
        order_id,
        reason: reason(),
    });
    journey.told()
}

/// An order that is completed, and half of its money given back.
pub fn half_refunded(number: u64, on_hand: i64) -> Vec<Told> {
    let mut story = completed(number, on_hand);
    let (order_id, operation_id) = (order_id(number), OperationId(id(0x14, number)));
    let (refund_id, amount) = (RefundId(id(0x20, number)), euro(TOTAL / 2));
    let of = |fact| payment(payment_id(number), order_id, fact);
    story.push(of(PaymentEvent::PaymentRefundRequested {
        order_id,
        operation_id,
        refund_id,
        amount,
        reason: "scratched".to_owned(),
        gateway_ref: "gw".to_owned(),
    }));
    story.push(of(PaymentEvent::PaymentRefunded {
        order_id,
        operation_id,
        refund_id,
        amount,
        refunded_total: amount,
    }));
    story
}

/// A line of so many pieces at 10 euro.
pub fn line(number: u32, product: &str, quantity: u32) -> OrderLine {
    OrderLine {
        line: number,
        sku: sku(product),
        name: product.to_owned(),
        quantity,
        unit_price: euro(1000),
        discount: euro(0),
        tax_basis_points: 1900,
        tax_inclusive: true,
        tax: euro(160 * i64::from(quantity)),
        total: euro(1000 * i64::from(quantity)),
        product_version: Some(1),
    }
}

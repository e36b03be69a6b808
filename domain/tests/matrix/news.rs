//! Facts and refusals that may reach the fulfilment of an order of two lines for 20.00 EUR.

use chrono::DateTime;
use orderlog_domain::{
    fulfilment::{
        FulfilmentCommand, LineInHand, Observe, Observed, OrderInHand, ReplyOutcome, TargetRefusal,
        TargetedCommand,
    },
    ids::{self, OperationId, OrderId, PaymentId, ReservationId, ShipmentId, Sku},
    money::{Currency, Money},
    order::{CancelledBy, OrderRefusal},
    payment::{Operation, PaymentRefusal},
    stock::StockRefusal,
};
use uuid::Uuid;

pub(crate) fn facts() -> Vec<(&'static str, Observed)> {
    let operation_id = op("authorize");
    let unknown = |name, operation| Observed::OutcomeUnknown {
        operation_id: op(name),
        operation,
    };
    vec![
        ("Placed", placed(2000)),
        (
            "ReservationExpired",
            Observed::ReservationExpired {
                reservation_id: ReservationId(derived("reservation/1/1")),
            },
        ),
        (
            "AuthorizationRequested",
            Observed::AuthorizationRequested {
                operation_id: OperationId(derived("by the customer")),
            },
        ),
        (
            "ActionRequired",
            Observed::ActionRequired {
                operation_id,
                expires_at: DateTime::UNIX_EPOCH,
            },
        ),
        ("Authorized in full", authorized(2000)),
        ("Authorized in part", authorized(1999)),
        ("Declined", declined()),
        ("Conflict", Observed::Conflict { operation_id }),
        ("AuthorizationExpired", Observed::AuthorizationExpired),
        (
            "OutcomeUnknown of the authorization",
            unknown("authorize", Operation::Authorize),
        ),
        (
            "StillUnknown of the authorization",
            Observed::StillUnknown {
                operation_id,
                attempt: 5,
            },
        ),
        (
            "OutcomeUnknown of the capture",
            unknown("capture", Operation::Capture),
        ),
        ("Captured", captured()),
        (
            "Capture failed for now",
            failed("capture", Operation::Capture, true),
        ),
        (
            "Capture failed for good",
            failed("capture", Operation::Capture, false),
        ),
        (
            "VoidRequested",
            Observed::VoidRequested {
                operation_id: op("void"),
            },
        ),
        (
            "Voided",
            Observed::Voided {
                operation_id: op("void"),
                amount: euro(2000),
            },
        ),
        ("Void failed for now", failed("void", Operation::Void, true)),
        ("Refunded", refunded()),
        (
            "Refund failed for good",
            failed("refund", Operation::Refund, false),
        ),
        ("ShipmentPacked", packed()),
        ("ShipmentDispatched", dispatched()),
        ("CancellationRequested", cancelled()),
        ("OrderCompleted", Observed::OrderCompleted),
    ]
}

/// What a target says that does not go along.
pub(crate) fn refusal(command: &TargetedCommand) -> ReplyOutcome {
    ReplyOutcome::Refused(match command {
        TargetedCommand::Stock { .. } => TargetRefusal::Stock(StockRefusal::ReservationExpired),
        TargetedCommand::Payment { .. } => {
            TargetRefusal::Payment(PaymentRefusal::OperationInFlight {
                operation: Operation::Capture,
            })
        }
        TargetedCommand::Order { .. } => TargetRefusal::Order(OrderRefusal::CancellationInProgress),
    })
}

pub(crate) fn observe(fact: Observed) -> FulfilmentCommand {
    FulfilmentCommand::Observe(Observe {
        event_id: Uuid::nil(),
        fact,
    })
}

pub(crate) fn placed(total: i64) -> Observed {
    let line = |line, sku| LineInHand {
        line,
        sku: Sku::parse(sku).expect("a sku"),
        quantity: 1,
    };
    let order = OrderInHand {
        order_id: OrderId(Uuid::from_u128(1)),
        total: euro(total),
        payment_method: (total > 0).then(|| "tok_ok".to_owned()),
        lines: vec![line(1, "A-1"), line(2, "B-2")],
    };
    Observed::Placed {
        order,
        timings: Box::default(),
    }
}

pub(crate) fn authorized(cents: i64) -> Observed {
    Observed::Authorized {
        operation_id: op("authorize"),
        amount: euro(cents),
    }
}

pub(crate) fn declined() -> Observed {
    Observed::Declined {
        operation_id: op("authorize"),
        code: "declined".to_owned(),
    }
}

pub(crate) fn captured() -> Observed {
    Observed::Captured {
        operation_id: op("capture"),
        amount: euro(2000),
    }
}

pub(crate) fn refunded() -> Observed {
    Observed::Refunded {
        operation_id: op("refund"),
        amount: euro(2000),
    }
}

pub(crate) fn failed(name: &str, operation: Operation, retryable: bool) -> Observed {
    Observed::OperationFailed {
        operation_id: op(name),
        operation,
        code: "failed".to_owned(),
        retryable,
    }
}

pub(crate) fn packed() -> Observed {
    Observed::ShipmentPacked {
        shipment_id: ShipmentId(derived("shipment/1")),
    }
}

pub(crate) fn dispatched() -> Observed {
    Observed::ShipmentDispatched {
        shipment_id: ShipmentId(derived("shipment/1")),
    }
}

pub(crate) fn cancelled() -> Observed {
    Observed::CancellationRequested {
        by: CancelledBy::Customer,
    }
}

/// The first operation of a kind of the first payment.
pub(crate) fn op(name: &str) -> OperationId {
    let PaymentId(payment) = PaymentId(derived("payment/1"));
    OperationId(ids::derive(payment, &format!("{name}/1")))
}

pub(crate) fn name_of(operation: Operation) -> &'static str {
    match operation {
        Operation::Authorize => "authorize",
        Operation::Capture => "capture",
        Operation::Void => "void",
        Operation::Refund => "refund",
    }
}

fn derived(name: &str) -> Uuid {
    ids::derive(Uuid::from_u128(1), name)
}

fn euro(cents: i64) -> Money {
    Money::new(cents, Currency::from_code("EUR").expect("a currency"))
}

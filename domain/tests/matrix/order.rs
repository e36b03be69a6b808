//! The lives of an order, and the commands that may reach it.

use chrono::DateTime;
use orderlog_domain::{
    DecidedAt,
    order::{Order, OrderCommand, RejectionReason, ShortLine},
};

use crate::{Asked, Life};

#[path = "order_commands.rs"]
mod order_commands;

use order_commands::{
    cancel, cancel_shipment, complete, confirm, create, deliver, dispatch, pack, place, reject,
    release, reserved, sku,
};

const FIRST: u128 = 1;
const SECOND: u128 = 2;

pub(crate) fn lives() -> Vec<Life<Order>> {
    let placed = || vec![place()];
    let awaiting = || and(placed(), reserved());
    let confirmed = || and(awaiting(), confirm());
    let preparing = || and(confirmed(), create(FIRST, 2));
    let packed = || and(preparing(), pack());
    let released = || and(packed(), release(Some(1)));
    let dispatched = || and(released(), dispatch());
    let partly = || {
        [
            and(confirmed(), create(FIRST, 1)),
            vec![pack(), release(Some(1)), dispatch()],
        ]
        .concat()
    };
    let cancelled_partly = || [partly(), vec![cancel(), complete()]].concat();
    vec![
        life("Never placed", vec![]),
        life("Placed", placed()),
        life("Awaiting payment", awaiting()),
        life("Confirmed", confirmed()),
        life("Shipment created", preparing()),
        life("Shipment packed", packed()),
        life("Shipment released", released()),
        life("Shipped", dispatched()),
        life("Delivered", and(dispatched(), deliver())),
        life("Shipped in part", partly()),
        life("Delivered in part", and(partly(), deliver())),
        life("Rejected", and(placed(), reject(short()))),
        life(
            "Rejected after the payment",
            and(awaiting(), reject(RejectionReason::PaymentTimedOut)),
        ),
        life("Being cancelled", and(placed(), cancel())),
        life("Being cancelled, shipment packed", and(packed(), cancel())),
        life(
            "Being cancelled, shipment released",
            and(released(), cancel()),
        ),
        life(
            "Being cancelled, shipment cancelled",
            [released(), vec![cancel(), cancel_shipment()]].concat(),
        ),
        life(
            "Being cancelled, shipment just left",
            [released(), vec![cancel(), dispatch()]].concat(),
        ),
        life("Cancelled", [placed(), vec![cancel(), complete()]].concat()),
        life("Remainder cancelled", cancelled_partly()),
        life(
            "Remainder cancelled, delivered",
            and(cancelled_partly(), deliver()),
        ),
    ]
}

pub(crate) fn commands() -> Vec<Asked<OrderCommand>> {
    [
        ("PlaceOrder", "", place()),
        ("RecordStockReserved", "", reserved()),
        ("ConfirmOrder", "", confirm()),
        ("RejectOrder", "", reject(short())),
        ("RequestCancellation", "", cancel()),
        ("CompleteCancellation", "", complete()),
        ("CreateShipment", "of the first", create(FIRST, 1)),
        ("CreateShipment", "of another", create(SECOND, 1)),
        ("CreateShipment", "of too much", create(SECOND, 3)),
        ("MarkShipmentPacked", "", pack()),
        ("ReleaseShipment", "paid", release(Some(1))),
        ("ReleaseShipment", "not paid", release(None)),
        ("DispatchShipment", "", dispatch()),
        ("CancelShipment", "", cancel_shipment()),
        ("RecordDelivery", "", deliver()),
    ]
    .map(|(command, variant, says)| Asked {
        command,
        variant,
        says,
    })
    .into()
}

fn life(name: &'static str, commands: Vec<OrderCommand>) -> Life<Order> {
    let commands = commands
        .into_iter()
        .map(|command| (now(), command))
        .collect();
    Life {
        name,
        commands,
        now: now(),
    }
}

fn and(before: Vec<OrderCommand>, then: OrderCommand) -> Vec<OrderCommand> {
    [before, vec![then]].concat()
}

fn now() -> DecidedAt {
    DateTime::UNIX_EPOCH
}

fn short() -> RejectionReason {
    RejectionReason::OutOfStock {
        lines: vec![ShortLine {
            line: 1,
            sku: sku(),
            requested: 2,
            available: 1,
        }],
    }
}

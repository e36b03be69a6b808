//! Nothing follows the end of an order, nothing leaves that is not paid for, and no more is shipped
//! than was ordered.

use orderlog_domain::{
    DecidedAt,
    fact::Fact,
    order::{Order, OrderCommand, OrderEvent, RejectionReason, ShipmentPhase},
};
use proptest::{collection::vec, prelude::*};

use crate::live;

#[path = "../matrix/order_commands.rs"]
mod says;

proptest! {
    #[test]
    fn an_order_keeps_its_promises(commands in vec((0_i64..2, command()), 1..40)) {
        let commands = std::iter::once((0, says::place())).chain(commands);
        let decide = |state: &Order, command, at: DecidedAt| state.decide(command, at);
        live::<Order, _>(commands, decide, of_order, |step| {
            let ended = step.before.status.is_terminal();
            assert!(!ended || step.events.is_empty(), "after {}: {:?}", step.before.status, step.events);
            let shipments = &step.after.shipments;
            let has_left = |phase| matches!(phase, ShipmentPhase::Released | ShipmentPhase::Dispatched | ShipmentPhase::Delivered);
            assert!(shipments.iter().all(|shipment| !has_left(shipment.phase) || shipment.capture_id.is_some()));
            let carried = shipments.iter().filter(|shipment| shipment.phase != ShipmentPhase::Cancelled);
            let pieces: u32 = carried.flat_map(|shipment| &shipment.lines).map(|line| line.quantity).sum();
            assert!(pieces <= 2, "{pieces} pieces of 2 are shipped");
        });
    }
}

fn of_order(fact: Fact) -> Option<OrderEvent> {
    match fact {
        Fact::Order(event) => Some(event),
        _ => None,
    }
}

fn command() -> impl Strategy<Value = OrderCommand> {
    // Steps forward are the more likely, so that most orders come far.
    prop_oneof![
        3 => Just(says::reserved()),
        3 => Just(says::confirm()),
        3 => (1_u128..3, 0_u32..4).prop_map(|(shipment, quantity)| says::create(shipment, quantity)),
        3 => Just(says::pack()),
        3 => prop::option::of(Just(1)).prop_map(says::release),
        3 => Just(says::dispatch()),
        3 => Just(says::deliver()),
        1 => Just(says::place()),
        1 => Just(says::reject(RejectionReason::PaymentTimedOut)),
        1 => Just(says::cancel()),
        1 => Just(says::cancel_shipment()),
        1 => Just(says::complete()),
    ]
}

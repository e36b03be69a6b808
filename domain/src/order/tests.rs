//! The order as a whole: its states, and what it takes in each.

use cqrs_es::Aggregate;

use crate::refusal::Refusal;

use super::{testing::*, *};

fn after(history: Vec<OrderEvent>) -> Order {
    let mut order = Order::default();
    history.into_iter().for_each(|event| order.apply(event));
    order
}

#[test]
fn only_commands_that_the_state_allows_are_offered() {
    let offered = |history| after(history).allowed_commands(at());
    assert_eq!(offered(vec![]), ["PlaceOrder"]);
    assert_eq!(
        offered(placed()),
        ["RecordStockReserved", "RejectOrder", "RequestCancellation"]
    );
    assert_eq!(
        offered(awaiting_payment()),
        ["ConfirmOrder", "RejectOrder", "RequestCancellation"]
    );
    assert_eq!(
        offered(confirmed()),
        ["RequestCancellation", "CreateShipment"]
    );
    assert_eq!(
        offered(packed()),
        ["RequestCancellation", "ReleaseShipment", "CancelShipment"]
    );
    assert_eq!(offered(dispatched()), ["RecordDelivery"]);
    assert_eq!(offered(delivered()), [""; 0]);
    assert_eq!(
        offered(and(released(), cancellation_requested())),
        ["RequestCancellation", "DispatchShipment", "CancelShipment"]
    );
}

#[test]
fn an_order_leaves_in_parts() {
    let part = |n: u128, quantity| OrderEvent::ShipmentCreated {
        order_id: order_id(),
        shipment_id: crate::ids::ShipmentId(uuid::Uuid::from_u128(n)),
        warehouse: main(),
        lines: vec![ShipmentLine {
            line: 1,
            sku: sku("A-1"),
            quantity,
        }],
    };
    let mut history = confirmed();
    history.extend([
        part(2, 1),
        part(7, 1),
        packed_event(),
        released_event(),
        dispatched_event(),
    ]);
    let order = after(history);
    assert_eq!(order.status, OrderStatus::PartiallyShipped);
    let refused = order.decide(deliver(), at());
    assert_eq!(refused, Ok(vec![delivered_event()]));
}

#[test]
fn a_refusal_says_what_it_is() {
    let refusal = OrderRefusal::UnknownProduct {
        skus: vec![sku("A-1"), sku("B-2")],
    };
    assert_eq!(refusal.code(), "order.unknown_product");
    assert_eq!(refusal.to_string(), "not in the catalogue: A-1, B-2");
}

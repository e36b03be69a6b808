//! Steps 4, 6 and 7: the goods are packed, leave once they are paid for, and arrive. What has
//! left the building is taken off the stock, however often that has to be tried.

use crate::{
    ids::{self, OperationId, ShipmentId, WarehouseId},
    order::{CreateShipment, OrderCommand, ReleaseShipment, ShipmentLine},
    payment::Operation,
    stock::{CommitReservation, StockCommand},
};

use super::{
    Fulfilment, FulfilmentEvent, Step, TargetedCommand, TimerPurpose,
    account::Op,
    ask::Ask,
    decision::{Decision, for_stock},
    parcel::Parcel,
};

/// Has the goods packed: one shipment of all lines.
pub(super) fn prepare(decision: &mut Decision) {
    decision.send_again_later();
    match decision.state.parcels.last() {
        None => create_shipment(decision),
        Some(parcel) if parcel.packed => decision.enter(Step::Capturing),
        Some(parcel) if parcel.create == Ask::Open => create_shipment(decision),
        // Refused: the order is being cancelled, and that fact is on its way.
        Some(_) => {}
    }
}

fn create_shipment(decision: &mut Decision) {
    let Some(order) = &decision.state.order else {
        return;
    };
    let shipment_id = ShipmentId(ids::derive(order.order_id.0, "shipment/1"));
    let lines = order
        .lines
        .iter()
        .map(|line| ShipmentLine {
            line: line.line,
            sku: line.sku.clone(),
            quantity: line.quantity,
        })
        .collect();
    let command = OrderCommand::CreateShipment(CreateShipment {
        shipment_id,
        warehouse: WarehouseId::main(),
        lines,
    });
    decision.issue(vec![decision.for_order(command)]);
}

/// Lets the shipment leave; when it has, takes it off the stock.
pub(super) fn dispatch(decision: &mut Decision) {
    decision.send_again_later();
    let Some(Parcel {
        shipment_id,
        release,
        dispatched,
        ..
    }) = decision.state.parcels.last().cloned()
    else {
        return;
    };
    if dispatched {
        if commit(decision) {
            decision.enter(Step::AwaitingDelivery);
        }
        return;
    }
    match release {
        Ask::Open => {
            let capture_id = decision.state.capture_id();
            let command = OrderCommand::ReleaseShipment(ReleaseShipment {
                shipment_id,
                capture_id,
            });
            decision.issue(vec![decision.for_order(command)]);
        }
        Ask::Done => watch(decision, TimerPurpose::DispatchOverdue),
        // Refused: the order is being cancelled, and that fact is on its way.
        Ask::Asked | Ask::Later | Ask::Refused => {}
    }
}

/// Takes what has left off the stock; whether that is done.
pub(super) fn commit(decision: &mut Decision) -> bool {
    let Some(shipment_id) = decision
        .state
        .parcels
        .last()
        .map(|parcel| parcel.shipment_id)
    else {
        return true;
    };
    let open = decision
        .state
        .current_holds()
        .filter(|hold| hold.commit == Ask::Open);
    let commands: Vec<TargetedCommand> = open
        .map(|hold| {
            let command = CommitReservation {
                reservation_id: hold.reservation_id,
                shipment_id,
                quantity: hold.quantity,
            };
            for_stock(hold, StockCommand::CommitReservation(command))
        })
        .collect();
    decision.issue(commands);
    decision
        .state
        .current_holds()
        .all(|hold| hold.commit == Ask::Done)
}

/// Waits until the goods have arrived.
pub(super) fn await_delivery(decision: &mut Decision) {
    if decision.state.delivered {
        decision.end(FulfilmentEvent::FulfilmentCompleted {
            order_id: decision.state.order_id(),
        });
    } else {
        watch(decision, TimerPurpose::DeliveryOverdue);
    }
}

/// Has a person look when somebody else takes too long.
fn watch(decision: &mut Decision, purpose: TimerPurpose) {
    let timings = &decision.state.timings;
    let wait = if purpose == TimerPurpose::DispatchOverdue {
        timings.dispatch
    } else {
        timings.delivery
    };
    if decision.state.operator.is_none() && !decision.state.has_timer(|running| *running == purpose)
    {
        decision.schedule(purpose, wait);
    }
}

impl Fulfilment {
    /// The capture that paid for the order.
    fn capture_id(&self) -> Option<OperationId> {
        let operations = self.payments.iter().flat_map(|account| &account.operations);
        let is_capture = |op: &&Op| op.operation == Operation::Capture && op.has_succeeded();
        operations.rev().find(is_capture).map(|op| op.operation_id)
    }
}

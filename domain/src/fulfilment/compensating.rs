//! The way back. First whatever may still leave is kept from leaving; then holds and payments are
//! undone side by side; last the order is told. What has left stays with the customer, and the
//! fulfilment goes on to its delivery.

use crate::order::{
    CancelShipment, CancelledBy, CompleteCancellation, OrderCommand, RejectOrder,
    RequestCancellation,
};

use super::{
    CompensationReason, Fulfilment, FulfilmentEvent, OperatorReason, Step, ask::Ask,
    decision::Decision, parcel::Parcel, shipping::commit, undoing::undo,
};

/// Turns back for a reason of our own.
pub(super) fn turn_back(decision: &mut Decision, reason: CompensationReason) {
    decision.record(FulfilmentEvent::CompensationStarted {
        order_id: decision.state.order_id(),
        reason,
    });
}

/// Turns back because somebody wants the order stopped.
pub(super) fn turn_back_as_requested(decision: &mut Decision) {
    if let Some(by) = decision.state.cancelled {
        turn_back(decision, CompensationReason::CancellationRequested { by });
    }
}

/// Undoes what is left to undo.
pub(super) fn compensate(decision: &mut Decision) {
    decision.send_again_later();
    if decision.state.has_left_before_the_order() {
        if commit(decision) {
            decision.enter(Step::AwaitingDelivery);
        }
        return;
    }
    if !is_order_turned_back(decision) || !are_shipments_settled(decision) {
        return;
    }
    let has_left = decision
        .state
        .parcels
        .iter()
        .any(|parcel| parcel.dispatched);
    let is_done = if has_left {
        commit(decision)
    } else {
        undo(decision)
    };
    if is_done && is_order_told(decision) {
        if has_left {
            decision.enter(Step::AwaitingDelivery);
        } else {
            decision.end(FulfilmentEvent::FulfilmentCompensated {
                order_id: decision.state.order_id(),
            });
        }
    }
}

/// A confirmed order has to be cancelled, by the platform if nobody else wanted it; one that an
/// operator has turned back is cancelled in his name, confirmed or not.
fn is_order_turned_back(decision: &mut Decision) -> bool {
    if !decision.state.is_order_to_be_turned_back() {
        return true;
    }
    match decision.state.milestones.cancel {
        Ask::Open => {
            let (by, reason) = match &decision.state.ordered_back {
                Some(reason) => (CancelledBy::Operator, reason.clone()),
                None => (
                    CancelledBy::System,
                    "the payment could not be captured".to_owned(),
                ),
            };
            let command = OrderCommand::RequestCancellation(RequestCancellation { by, reason });
            decision.issue(vec![decision.for_order(command)]);
        }
        Ask::Refused => refused(decision, "request_cancellation"),
        Ask::Asked | Ask::Later | Ask::Done => {}
    }
    false
}

/// Whether it is certain of every shipment that it has left or will not leave.
fn are_shipments_settled(decision: &mut Decision) -> bool {
    let unsettled: Vec<_> = decision.state.unsettled_parcels().collect();
    let is_all = unsettled.is_empty();
    let open = unsettled
        .into_iter()
        .filter(|parcel| !parcel.create.is_pending() && parcel.cancel == Ask::Open);
    let commands = open
        .map(|parcel| {
            decision.for_order(OrderCommand::CancelShipment(CancelShipment {
                shipment_id: parcel.shipment_id,
            }))
        })
        .collect();
    decision.issue(commands);
    is_all
}

/// Whether holds and payments are being undone: the order is turned back and nothing leaves.
pub(super) fn is_undoing(state: &Fulfilment) -> bool {
    let has_left = state.parcels.iter().any(|parcel| parcel.dispatched);
    let may_leave = state.unsettled_parcels().next().is_some();
    !state.is_order_to_be_turned_back() && !may_leave && !has_left
}

impl Fulfilment {
    /// Whether an operator's order to turn back came when the goods had just left: the order does
    /// not go along, and there is nothing to undo.
    fn has_left_before_the_order(&self) -> bool {
        let has_left = self.parcels.iter().any(|parcel| parcel.dispatched);
        let is_refused = self.milestones.cancel == Ask::Refused && self.cancelled.is_none();
        self.ordered_back.is_some() && is_refused && has_left
    }

    fn is_order_to_be_turned_back(&self) -> bool {
        let is_to_be_told = self.milestones.confirm == Ask::Done || self.ordered_back.is_some();
        is_to_be_told && self.cancelled.is_none()
    }

    /// Shipments of which it is not certain whether they leave.
    fn unsettled_parcels(&self) -> impl Iterator<Item = &Parcel> {
        self.parcels.iter().filter(|parcel| {
            let is_settled =
                parcel.create == Ask::Refused || matches!(parcel.cancel, Ask::Done | Ask::Refused);
            !parcel.dispatched && !is_settled
        })
    }
}

/// Tells the order how it ends; whether it has taken note.
fn is_order_told(decision: &mut Decision) -> bool {
    let Some(reason) = &decision.state.compensation else {
        return false;
    };
    let is_cancelled = decision.state.cancelled.is_some();
    let milestones = &decision.state.milestones;
    let (told, command) = if is_cancelled {
        (
            milestones.complete,
            OrderCommand::CompleteCancellation(CompleteCancellation {}),
        )
    } else {
        (
            milestones.reject,
            OrderCommand::Reject(RejectOrder {
                reason: reason.rejection(),
            }),
        )
    };
    match told {
        Ask::Open => {
            decision.issue(vec![decision.for_order(command)]);
        }
        // Not cancelled as far as is known, and refused: that fact is on its way.
        Ask::Refused if is_cancelled => refused(decision, "complete_cancellation"),
        Ask::Asked | Ask::Later | Ask::Refused | Ask::Done => {}
    }
    told == Ask::Done
}

fn refused(decision: &mut Decision, code: &str) {
    decision.need_operator(OperatorReason::Refused {
        step: Step::Compensating,
        code: code.to_owned(),
    });
}

//! Step 3: the holds are made to last, then the order is confirmed. A hold that ran out in the
//! meantime is made again, once per line.

use crate::{
    order::{ConfirmOrder, OrderCommand},
    stock::{ConfirmReservation, StockCommand},
};

use super::{
    CompensationReason, Step, TargetedCommand,
    ask::Ask,
    compensating::turn_back,
    decision::{Decision, for_stock},
    hold::Hold,
    reserving::reserve_command,
};

/// Reservations that a line may have.
const RESERVATIONS_PER_LINE: u32 = 2;

/// Makes the holds last, then confirms the order.
pub(super) fn confirm(decision: &mut Decision) {
    decision.send_again_later();
    let state = &decision.state;
    if state
        .current_holds()
        .any(|hold| hold.reserve.is_pending() || hold.confirm.is_pending())
    {
        return;
    }
    let given_up = |hold: &Hold| {
        hold.reserve == Ask::Refused || (hold.is_lost() && hold.attempt >= RESERVATIONS_PER_LINE)
    };
    if state.current_holds().any(given_up) {
        turn_back(decision, CompensationReason::ReservationLost);
        return;
    }
    let missing = replacements(decision);
    let commands = if missing.is_empty() {
        confirmations(decision)
    } else {
        missing
    };
    if commands.is_empty() {
        confirm_order(decision);
    } else {
        decision.issue(commands);
    }
}

fn replacements(decision: &Decision) -> Vec<TargetedCommand> {
    let order_id = decision.state.order_id();
    let reopened = decision
        .state
        .current_holds()
        .filter(|hold| hold.reserve == Ask::Open)
        .cloned();
    let lost = decision
        .state
        .current_holds()
        .filter(|hold| hold.is_lost())
        .map(|hold| hold.next(order_id));
    reopened
        .chain(lost)
        .map(|hold| reserve_command(decision, &hold))
        .collect()
}

fn confirmations(decision: &Decision) -> Vec<TargetedCommand> {
    let open = decision
        .state
        .current_holds()
        .filter(|hold| hold.confirm == Ask::Open);
    open.map(|hold| {
        let command = ConfirmReservation {
            reservation_id: hold.reservation_id,
        };
        for_stock(hold, StockCommand::ConfirmReservation(command))
    })
    .collect()
}

fn confirm_order(decision: &mut Decision) {
    match decision.state.milestones.confirm {
        Ask::Open => {
            let payment_id = decision
                .state
                .payments
                .last()
                .map(|account| account.payment_id);
            let command = decision.for_order(OrderCommand::Confirm(ConfirmOrder { payment_id }));
            decision.issue(vec![command]);
        }
        Ask::Done => decision.enter(Step::Preparing),
        // Refused: the order is being cancelled, and that fact is on its way.
        Ask::Asked | Ask::Later | Ask::Refused => {}
    }
}

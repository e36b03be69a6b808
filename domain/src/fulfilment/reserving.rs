//! Step 1: stock is held for every line, or the order is turned down with every line that is short.
//! There is one warehouse, so no other plan can be made.

use uuid::Uuid;

use crate::stock::{Reserve, StockCommand};

use super::{
    CompensationReason, OperatorReason, Step, TargetedCommand, TimerPurpose,
    ask::Ask,
    compensating::turn_back,
    decision::{Decision, for_stock},
    hold::Hold,
};

/// Holds what is not held yet.
pub(super) fn reserve(decision: &mut Decision) {
    let open: Vec<TargetedCommand> = decision
        .state
        .current_holds()
        .filter(|hold| hold.reserve == Ask::Open)
        .map(|hold| reserve_command(decision, hold))
        .collect();
    if let Some(issue_id) = decision.issue(open) {
        decision.schedule(
            TimerPurpose::Answer {
                issue_id,
                attempt: 1,
            },
            decision.state.timings.answer,
        );
    }
    decision.send_again_later();
    if decision
        .state
        .current_holds()
        .any(|hold| hold.reserve.is_pending())
    {
        return;
    }
    let short: Vec<_> = decision
        .state
        .current_holds()
        .filter(|hold| hold.reserve == Ask::Refused)
        .map(Hold::short_line)
        .collect();
    if short.is_empty() {
        decision.enter(Step::Authorizing);
    } else {
        turn_back(decision, CompensationReason::OutOfStock { lines: short });
    }
}

/// Sends commands that stay unanswered again, under their own ids: whatever became of them, they
/// are answered with it.
pub(super) fn send_again(decision: &mut Decision, issue_id: Uuid, attempt: u32) {
    let Some(issue) = decision
        .state
        .issues
        .iter()
        .find(|open| open.issue_id == issue_id)
    else {
        return;
    };
    let (commands, step) = (issue.commands.clone(), issue.step);
    if attempt >= decision.state.timings.answer_tries {
        decision.need_operator(OperatorReason::Unanswered { step });
        return;
    }
    if let Some(issue_id) = decision.send(commands) {
        decision.schedule(
            TimerPurpose::Answer {
                issue_id,
                attempt: attempt + 1,
            },
            decision.state.timings.answer,
        );
    }
}

/// Asks for a line's stock.
pub(super) fn reserve_command(decision: &Decision, hold: &Hold) -> TargetedCommand {
    let command = StockCommand::Reserve(Reserve {
        reservation_id: hold.reservation_id,
        order_id: decision.state.order_id(),
        quantity: hold.quantity,
        expires_at: decision.state.timings.reservation_ttl.after(decision.at),
    });
    for_stock(hold, command)
}

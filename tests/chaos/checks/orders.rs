//! Each order that was placed is there once, and in a legal final state: completed, rejected or
//! cancelled with its saga at its end, and in both cases with the money where it belongs; or confirmed
//! and waiting to be packed, if nobody was told to pack it.

use std::collections::BTreeMap;

use orderlog_domain::{
    fulfilment::{Fulfilment, Status, Step, WaitsFor},
    order::{Order, OrderStatus, RejectionReason},
};

use super::{Checked, money};
use crate::{finding::Finding, journey::Journey, story::Story, world::World};

pub(super) fn check(checked: &mut Checked, world: &World, journeys: &[Journey]) {
    let mut journeys: BTreeMap<String, &Journey> = journeys
        .iter()
        .map(|journey| (journey.key.to_string(), journey))
        .collect();
    for (id, order) in &world.orders {
        let reference = order
            .placed
            .as_ref()
            .and_then(|placed| placed.reference.clone());
        let Some(journey) = reference.and_then(|key| journeys.remove(&key)) else {
            let id = id.clone();
            checked.findings.push(Finding::Twice {
                kind: "the key of order",
                id,
            });
            continue;
        };
        let end = match &order.rejection {
            Some(reason) => format!("Rejected {}", name(reason)),
            None => order.status.name().to_owned(),
        };
        *checked.ends.entry(end).or_default() += 1;
        let payments = world.payments.get(id).map_or(&[][..], Vec::as_slice);
        checked.captured += payments
            .iter()
            .map(|paid| i128::from(paid.ledger.captured))
            .sum::<i128>();
        checked.refunded += payments
            .iter()
            .map(|paid| i128::from(paid.ledger.refunded))
            .sum::<i128>();
        let saga = world.sagas.get(id).cloned().unwrap_or_default();
        let wrong = end_is_legal(order, &saga, journey)
            .and_then(|()| money::is_where_it_belongs(order, payments, journey));
        if let Err(what) = wrong {
            checked.findings.push(Finding::Order {
                order: id.clone(),
                story: format!("{:?}", journey.story),
                what,
            });
        }
    }
    // What was never acknowledged may be missing.
    let missing = journeys
        .into_values()
        .filter(|journey| journey.order.is_some());
    checked
        .findings
        .extend(missing.map(|journey| Finding::Order {
            order: journey.order.unwrap_or_default().to_string(),
            story: format!("{:?}", journey.story),
            what: "it was acknowledged and is not in the log".to_owned(),
        }));
}

fn end_is_legal(order: &Order, saga: &Fulfilment, journey: &Journey) -> Result<(), String> {
    let is = format!(
        "{:?} with its saga {:?} in {:?}, waiting for {:?}",
        order.status,
        saga.status(),
        saga.step,
        saga.waits_for()
    );
    if journey.stuck {
        return Err(format!("nobody could get on with it; it is {is}"));
    }
    let is_legal = match order.status {
        OrderStatus::Completed => {
            journey.story.may_complete()
                && (saga.step, saga.status()) == (Step::Completed, Status::Completed)
        }
        OrderStatus::Rejected | OrderStatus::Cancelled => {
            (saga.step, saga.status()) == (Step::Compensated, Status::Compensated)
                && may_fail(order, journey.story)
        }
        OrderStatus::Confirmed => {
            let waits = matches!(saga.waits_for(), WaitsFor::Packing { .. });
            journey.story == Story::LeftUnpacked
                && !journey.packed
                && waits
                && saga.operator.is_none()
        }
        OrderStatus::New
        | OrderStatus::Placed
        | OrderStatus::AwaitingPayment
        | OrderStatus::PartiallyShipped
        | OrderStatus::Shipped
        | OrderStatus::Cancelling => false,
    };
    if is_legal {
        Ok(())
    } else {
        Err(format!("it ends {is}"))
    }
}

/// Whether the story, or the time that went by while servers were away, is a reason to end so.
fn may_fail(order: &Order, story: Story) -> bool {
    match &order.rejection {
        Some(RejectionReason::OutOfStock { .. }) => story == Story::OutOfStock,
        Some(RejectionReason::PaymentDeclined { .. }) => matches!(
            story,
            Story::Declined
                | Story::InsufficientFunds
                | Story::PartialAuthorization
                | Story::CaptureFails
        ),
        Some(RejectionReason::PaymentTimedOut) => {
            matches!(story, Story::ActionIgnored | Story::ActionCompleted)
        }
        Some(RejectionReason::ReservationLost | RejectionReason::PaymentUnresolved) => true,
        None => matches!(story, Story::Cancelled | Story::CaptureFails),
    }
}

fn name(reason: &RejectionReason) -> &'static str {
    match reason {
        RejectionReason::OutOfStock { .. } => "OutOfStock",
        RejectionReason::PaymentDeclined { .. } => "PaymentDeclined",
        RejectionReason::PaymentTimedOut => "PaymentTimedOut",
        RejectionReason::ReservationLost => "ReservationLost",
        RejectionReason::PaymentUnresolved => "PaymentUnresolved",
    }
}

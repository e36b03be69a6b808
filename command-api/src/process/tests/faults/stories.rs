//! The stories in which things go wrong: one for each branch of the saga that a shop can come by.
//! A story may be told again from the beginning after a crash; what was done is done.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use orderlog_domain::{
    ids::{OperationId, derive},
    order::{
        CancelledBy, DispatchShipment, MarkShipmentPacked, OrderCommand, RecordDelivery,
        RequestCancellation,
    },
    payment::{CompleteAction, PaymentCommand, Void},
};

use crate::process::tests::{clients::ORDER, world::World};

/// What people do, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Nobody does anything for so many minutes.
    Wait(i64),
    /// The customer does his part of the payment.
    Act,
    /// The customer cancels.
    Cancel,
    /// The warehouse packs.
    Pack,
    /// The carrier takes the goods.
    Dispatch,
    /// And delivers them.
    Deliver,
    /// Somebody lets go of the payment by hand.
    Void,
}

/// One branch of the saga.
#[derive(Clone, Copy, Debug)]
pub(super) struct Story {
    pub(super) name: &'static str,
    /// Pieces ordered; there are ten.
    pub(super) pieces: i64,
    /// What is paid with; nothing is to be paid without.
    pub(super) token: Option<&'static str>,
    pub(super) deeds: &'static [Deed],
    /// Whether it ends with a person who has to look.
    pub(super) needs_a_person: bool,
}

use Deed::{Act, Cancel, Deliver, Dispatch, Pack, Void as VoidByHand, Wait};

/// Longer than a lease of an earlier life lasts, and a retry takes.
const SOON: Deed = Wait(2);

const SHIPPED: &[Deed] = &[SOON, Pack, SOON, Dispatch, SOON, Deliver];

/// Every story.
pub(super) const STORIES: [Story; 19] = [
    story("delivered", Some("tok_ok"), SHIPPED),
    story("delivered for nothing", None, SHIPPED),
    story("declined", Some("tok_declined"), &[]),
    story(
        "the customer acts",
        Some("tok_3ds"),
        &[SOON, Act, SOON, Pack, SOON, Dispatch, SOON, Deliver],
    ),
    story("the customer never acts", Some("tok_3ds"), &[Wait(20)]),
    story("timeout, then reconciled", Some("tok_timeout"), SHIPPED),
    story("late success", Some("tok_late_success"), &[Wait(30)]),
    story("authorized for less", Some("tok_partial_auth"), &[]),
    story("capture fails", Some("tok_capture_fails"), &[SOON, Pack]),
    Story {
        needs_a_person: true,
        ..story(
            "refund fails",
            Some("tok_refund_fails"),
            &[SOON, Pack, SOON, Cancel],
        )
    },
    Story {
        needs_a_person: true,
        ..story("another amount", Some("tok_amount_conflict"), &[])
    },
    story(
        "another amount, let go by hand",
        Some("tok_amount_conflict"),
        &[SOON, VoidByHand],
    ),
    Story {
        pieces: 11,
        ..story("out of stock", Some("tok_ok"), &[])
    },
    story("cancelled at once", Some("tok_ok"), &[Cancel]),
    story(
        "cancelled while the gateway is silent",
        Some("tok_late_success"),
        &[SOON, Cancel, Wait(30)],
    ),
    story(
        "cancelled before it is packed",
        Some("tok_ok"),
        &[SOON, Cancel],
    ),
    story(
        "cancelled after the capture",
        Some("tok_ok"),
        &[SOON, Pack, SOON, Cancel],
    ),
    story(
        "cancelled while it is captured",
        Some("tok_ok"),
        &[SOON, Pack, Cancel],
    ),
    story(
        "cancelled after it has left",
        Some("tok_ok"),
        &[SOON, Pack, SOON, Dispatch, Cancel, SOON, Deliver],
    ),
];

/// The story of this name.
pub(super) fn story_of(name: &str) -> Story {
    let found = STORIES.into_iter().find(|story| story.name == name);
    found.expect("there is such a story")
}

const fn story(name: &'static str, token: Option<&'static str>, deeds: &'static [Deed]) -> Story {
    Story {
        name,
        pieces: 2,
        token,
        deeds,
        needs_a_person: false,
    }
}

/// Tells the story to its end. An order that is confirmed after all is shipped.
pub(super) async fn tell(world: &World, story: &Story) {
    world.place_pieces(story.pieces, story.token).await;
    for deed in story.deeds {
        world.happens(*deed).await;
    }
    // Longer than stock is held, and than everybody is asked.
    world.pass(TimeDelta::minutes(45)).await;
    if world.state().await.status.is_terminal() {
        return;
    }
    // What was refused before is asked for anew.
    world.round.fetch_add(1, Ordering::SeqCst);
    for deed in SHIPPED {
        world.happens(*deed).await;
    }
    world.settle().await;
}

impl World {
    async fn happens(&self, deed: Deed) {
        let shipment = self.state().await.shipments.first().cloned();
        let shipment_id = shipment.map(|shipment| shipment.shipment_id);
        match (deed, shipment_id) {
            (Deed::Wait(minutes), _) => self.pass(TimeDelta::minutes(minutes)).await,
            (Deed::Act, _) => {
                let operation_id = OperationId(derive(ORDER.0, "completed"));
                let act = CompleteAction { operation_id };
                self.pay(PaymentCommand::CompleteAction(act)).await;
            }
            (Deed::Void, _) => {
                let operation_id = OperationId(derive(ORDER.0, "voided"));
                self.pay(PaymentCommand::Void(Void { operation_id })).await;
            }
            (Deed::Cancel, _) => {
                let reason = "changed my mind".to_owned();
                let by = CancelledBy::Customer;
                let cancel = RequestCancellation { by, reason };
                self.order(OrderCommand::RequestCancellation(cancel)).await;
            }
            // There is nothing to be packed.
            (Deed::Pack | Deed::Dispatch | Deed::Deliver, None) => {}
            (Deed::Pack, Some(shipment_id)) => {
                let packed = MarkShipmentPacked { shipment_id };
                self.order(OrderCommand::MarkShipmentPacked(packed)).await;
            }
            (Deed::Dispatch, Some(shipment_id)) => {
                let (carrier, tracking) = ("Post".to_owned(), "P1".to_owned());
                let dispatch = DispatchShipment {
                    shipment_id,
                    carrier,
                    tracking,
                };
                self.order(OrderCommand::DispatchShipment(dispatch)).await;
            }
            (Deed::Deliver, Some(shipment_id)) => {
                let delivered = RecordDelivery { shipment_id };
                self.order(OrderCommand::RecordDelivery(delivered)).await;
            }
        }
    }

    async fn pay(&self, command: PaymentCommand) {
        if let Some((id, _)) = self.payments().await.pop() {
            self.send(&self.aggregates.payments, &id, command).await;
        }
    }
}

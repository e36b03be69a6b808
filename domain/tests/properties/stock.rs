//! Stock is never oversold, and a closed reservation stays closed.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta};
use orderlog_domain::{
    fact::Fact,
    ids::{OrderId, ReservationId, ShipmentId, Sku, WarehouseId},
    stock::{
        AdjustStock, BackorderPolicy, CommitReservation, ConfirmReservation, ExpireReservation,
        ReceiveStock, RegisterStockItem, ReleaseReason, ReleaseReservation, Reserve,
        SetStockPolicy, StockCommand, StockEvent, StockItem,
    },
};
use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use crate::live;

proptest! {
    /// A count may find less than was promised, and a stricter policy may come too late: both are
    /// left out here. Everything else keeps the promise.
    #[test]
    fn no_more_is_promised_than_there_is(
        register in register(),
        commands in vec((0_i64..2, movement()), 1..60),
    ) {
        let commands = [(0, register)].into_iter().chain(commands);
        live::<StockItem, _>(commands, StockItem::decide, of_stock, |step| {
            let item = step.after;
            let limit = match item.policy.as_ref().map(|policy| policy.backorder) {
                Some(BackorderPolicy::Allow { limit }) => i64::from(limit),
                Some(BackorderPolicy::Deny) | None => 0,
            };
            // With nothing on the shelf the safety stock alone makes it negative.
            if item.held() + item.confirmed() > 0 {
                assert!(item.available() >= -limit, "{} promised too many", -item.available() - limit);
            }
            assert!(item.on_hand >= 0, "{} on hand", item.on_hand);
        });
    }

    #[test]
    fn the_sums_are_those_of_the_reservations(
        register in register(),
        commands in vec((0_i64..2, prop_oneof![4 => movement(), 1 => correction()]), 1..60),
    ) {
        let commands = [(0, register)].into_iter().chain(commands);
        live::<StockItem, _>(commands, StockItem::decide, of_stock, |step| {
            let item = step.after;
            let safety = item.policy.as_ref().map_or(0, |policy| i64::from(policy.safety_stock));
            let promised = item.held() + item.confirmed();
            assert_eq!(item.available(), item.on_hand - promised - safety);
            let waiting = item.reservations.values().all(|held| held.backordered <= held.quantity);
            assert!(waiting, "more pieces wait than are promised");
        });
    }

    #[test]
    fn a_closed_reservation_stays_closed(
        register in register(),
        commands in vec((0_i64..2, prop_oneof![4 => movement(), 1 => correction()]), 1..60),
    ) {
        let mut closed = BTreeSet::new();
        let commands = [(0, register)].into_iter().chain(commands);
        live::<StockItem, _>(commands, StockItem::decide, of_stock, |step| {
            for event in step.events {
                assert!(!about(event).is_some_and(|id| closed.contains(&id)), "reopened: {event:?}");
            }
            closed.extend(step.after.closed.keys().copied());
            let both = step.after.reservations.keys().any(|id| closed.contains(id));
            assert!(!both, "a reservation is open and closed");
        });
    }
}

fn of_stock(fact: Fact) -> Option<StockEvent> {
    if let Fact::Stock(event) = fact {
        Some(event)
    } else {
        None
    }
}

fn about(event: &StockEvent) -> Option<ReservationId> {
    match event {
        StockEvent::StockReserved { reservation_id, .. }
        | StockEvent::StockReservationConfirmed { reservation_id, .. }
        | StockEvent::StockCommitted { reservation_id, .. }
        | StockEvent::StockReservationReleased { reservation_id, .. }
        | StockEvent::StockReservationExpired { reservation_id, .. }
        | StockEvent::ReservationTombstoned { reservation_id, .. }
        | StockEvent::BackorderFilled { reservation_id, .. } => Some(*reservation_id),
        StockEvent::StockItemRegistered { .. }
        | StockEvent::StockPolicyChanged { .. }
        | StockEvent::StockReceived { .. }
        | StockEvent::StockAdjusted { .. }
        | StockEvent::StockShortfallDetected { .. }
        | StockEvent::LowStockReached { .. } => None,
    }
}

fn register() -> impl Strategy<Value = StockCommand> {
    (0_u32..3, backorder()).prop_map(|(safety_stock, backorder)| {
        StockCommand::Register(RegisterStockItem {
            sku: Sku::parse("MUG-1").expect("a sku"),
            warehouse: WarehouseId::main(),
            safety_stock,
            low_stock_at: 2,
            backorder,
        })
    })
}

fn backorder() -> impl Strategy<Value = BackorderPolicy> {
    prop_oneof![
        Just(BackorderPolicy::Deny),
        (0_u32..10).prop_map(|limit| BackorderPolicy::Allow { limit }),
    ]
}

fn movement() -> impl Strategy<Value = StockCommand> {
    let reserve =
        (reservation(), 0_u32..6, 0_i64..60).prop_map(|(reservation_id, quantity, hour)| {
            let expires_at = DateTime::UNIX_EPOCH + TimeDelta::hours(hour);
            StockCommand::Reserve(Reserve {
                reservation_id,
                order_id: order(),
                quantity,
                expires_at,
            })
        });
    let commit = (reservation(), 0_u32..6).prop_map(|(reservation_id, quantity)| {
        let shipment_id = ShipmentId(Uuid::from_u128(8));
        StockCommand::CommitReservation(CommitReservation {
            reservation_id,
            shipment_id,
            quantity,
        })
    });
    let release = reservation().prop_map(|reservation_id| {
        let reason = ReleaseReason::OrderCancelled;
        let order_id = order();
        StockCommand::ReleaseReservation(ReleaseReservation {
            reservation_id,
            order_id,
            reason,
        })
    });
    let confirm = reservation().prop_map(|reservation_id| {
        StockCommand::ConfirmReservation(ConfirmReservation { reservation_id })
    });
    let expire = reservation().prop_map(|reservation_id| {
        StockCommand::ExpireReservation(ExpireReservation { reservation_id })
    });
    let receive = (0_u32..8).prop_map(|quantity| {
        StockCommand::Receive(ReceiveStock {
            receipt_id: "receipt".to_owned(),
            quantity,
        })
    });
    prop_oneof![4 => reserve, 2 => confirm, 2 => commit, 1 => release, 1 => expire, 2 => receive]
}

fn correction() -> impl Strategy<Value = StockCommand> {
    let adjust =
        (-6_i64..6, proptest::option::of(0_i64..10)).prop_map(|(delta, expected_on_hand)| {
            let (adjustment_id, reason) = ("count".to_owned(), "counted".to_owned());
            StockCommand::Adjust(AdjustStock {
                adjustment_id,
                delta,
                reason,
                expected_on_hand,
            })
        });
    let policy =
        (0_u32..5, 0_u32..5, backorder()).prop_map(|(safety_stock, low_stock_at, backorder)| {
            StockCommand::SetPolicy(SetStockPolicy {
                safety_stock,
                low_stock_at,
                backorder,
            })
        });
    prop_oneof![adjust, policy]
}

fn reservation() -> impl Strategy<Value = ReservationId> {
    (1_u128..6).prop_map(|id| ReservationId(Uuid::from_u128(id)))
}

fn order() -> OrderId {
    OrderId(Uuid::from_u128(9))
}

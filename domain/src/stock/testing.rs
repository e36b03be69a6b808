//! Mugs in the main warehouse, and what may have happened to them. Holds are made at [`at`]`(0)`
//! and run out at [`at`]`(30)`.

use chrono::{DateTime, TimeDelta};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use uuid::Uuid;

use crate::{
    DecidedAt,
    ids::{OrderId, ReservationId, ShipmentId, Sku, WarehouseId},
};

use super::{BackorderPolicy, ReleaseReason, StockEvent, StockItem};

/// The item after `history`, at [`at`]`(0)`.
pub(super) fn given(history: &[&[StockEvent]]) -> AggregateTestExecutor<StockItem> {
    given_at(0, history)
}

pub(super) fn given_at(minute: i64, history: &[&[StockEvent]]) -> AggregateTestExecutor<StockItem> {
    TestFramework::with(at(minute)).given(history.concat())
}

/// So many pieces on hand, none of them promised, low at 2.
pub(super) fn stocked(quantity: u32) -> Vec<StockEvent> {
    vec![
        registered(0, BackorderPolicy::Deny),
        received(quantity, i64::from(quantity)),
    ]
}

/// The same, but `limit` pieces may be promised beyond them.
pub(super) fn backordering(quantity: u32, limit: u32) -> Vec<StockEvent> {
    vec![
        registered(0, BackorderPolicy::Allow { limit }),
        received(quantity, i64::from(quantity)),
    ]
}

pub(super) fn registered(safety_stock: u32, backorder: BackorderPolicy) -> StockEvent {
    let warehouse = WarehouseId::main();
    StockEvent::StockItemRegistered {
        sku: sku(),
        warehouse,
        safety_stock,
        low_stock_at: 2,
        backorder,
    }
}

pub(super) fn received(quantity: u32, on_hand: i64) -> StockEvent {
    StockEvent::StockReceived {
        sku: sku(),
        receipt_id: "receipt".to_owned(),
        quantity,
        on_hand,
    }
}

pub(super) fn adjusted(delta: i64, on_hand: i64) -> StockEvent {
    let (adjustment_id, reason) = ("count".to_owned(), "counted".to_owned());
    StockEvent::StockAdjusted {
        sku: sku(),
        adjustment_id,
        delta,
        reason,
        on_hand,
    }
}

pub(super) fn reserved(hold: u128, quantity: u32, backordered: u32) -> StockEvent {
    StockEvent::StockReserved {
        sku: sku(),
        reservation_id: reservation(hold),
        order_id: order(),
        quantity,
        backordered,
        expires_at: at(30),
    }
}

pub(super) fn confirmed(hold: u128) -> StockEvent {
    let (reservation_id, order_id) = (reservation(hold), order());
    StockEvent::StockReservationConfirmed {
        sku: sku(),
        reservation_id,
        order_id,
    }
}

pub(super) fn committed(hold: u128, quantity: u32, on_hand: i64) -> StockEvent {
    StockEvent::StockCommitted {
        sku: sku(),
        reservation_id: reservation(hold),
        order_id: order(),
        shipment_id: shipment(),
        quantity,
        on_hand,
        committed_at: at(0),
    }
}

pub(super) fn released(hold: u128, quantity: u32) -> StockEvent {
    StockEvent::StockReservationReleased {
        sku: sku(),
        reservation_id: reservation(hold),
        order_id: order(),
        quantity,
        reason: ReleaseReason::OrderCancelled,
        released_at: at(0),
    }
}

pub(super) fn tombstoned(hold: u128, minute: i64) -> StockEvent {
    StockEvent::ReservationTombstoned {
        sku: sku(),
        reservation_id: reservation(hold),
        order_id: order(),
        released_at: at(minute),
    }
}

pub(super) fn expired(hold: u128, quantity: u32) -> StockEvent {
    StockEvent::StockReservationExpired {
        sku: sku(),
        reservation_id: reservation(hold),
        order_id: order(),
        quantity,
        expired_at: at(30),
    }
}

pub(super) fn filled(hold: u128, quantity: u32) -> StockEvent {
    let (reservation_id, order_id) = (reservation(hold), order());
    StockEvent::BackorderFilled {
        sku: sku(),
        reservation_id,
        order_id,
        quantity,
    }
}

pub(super) fn sku() -> Sku {
    Sku::parse("MUG-1").expect("a sku")
}

pub(super) fn reservation(hold: u128) -> ReservationId {
    ReservationId(Uuid::from_u128(hold))
}

pub(super) fn shipment() -> ShipmentId {
    ShipmentId(Uuid::from_u128(8))
}

pub(super) fn order() -> OrderId {
    OrderId(Uuid::from_u128(9))
}

pub(super) fn at(minute: i64) -> DecidedAt {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

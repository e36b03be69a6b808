//! The fold of stock levels.

use super::*;
use crate::testing::{
    Told, at, id, journey::Journey, journeys, order_id, row, rows, sku, stock as fact,
};

fn told(more: impl IntoIterator<Item = Told>) -> StockLevel {
    row(
        &StockLevels,
        journeys::catalogue()
            .into_iter()
            .filter(of_stock)
            .chain(more.into_iter().filter(of_stock)),
    )
}

fn of_stock(told: &Told) -> bool {
    told.stream.starts_with("stock-")
}

fn levels(level: &StockLevel) -> [i64; 4] {
    [
        level.on_hand,
        level.held,
        level.confirmed,
        level.available(),
    ]
}

#[test]
fn stock_is_held_then_confirmed_then_gone() {
    let mut journey = Journey::placed(1);
    assert_eq!(levels(&told(vec![])), [100, 0, 0, 95]);
    assert_eq!(levels(&told(journey.reserved().told())), [100, 2, 0, 93]);
    assert_eq!(
        levels(&told(journey.authorized().confirmed().told())),
        [100, 0, 2, 93]
    );
    let gone = told(journey.packed().captured().dispatched(98).told());
    assert_eq!(levels(&gone), [98, 0, 0, 93]);
    assert_eq!((gone.reservations, gone.holds.len()), (0, 0));
}

#[test]
fn a_reservation_is_released_from_where_it_was() {
    assert_eq!(levels(&told(journeys::declined(1))), [100, 0, 0, 95]);
    assert_eq!(levels(&told(journeys::cancelled(1))), [100, 0, 0, 95]);
}

#[test]
fn a_hold_that_runs_out_is_free_again() {
    let mut story = Journey::placed(1).reserved().told();
    story.push(fact(
        "TEA",
        StockEvent::StockReservationExpired {
            sku: sku("TEA"),
            reservation_id: ReservationId(id(0x60, 1)),
            order_id: order_id(1),
            quantity: 2,
            expired_at: at(1800),
        },
    ));
    let level = told(story);
    assert_eq!(levels(&level), [100, 0, 0, 95]);
    assert_eq!(level.reservations, 0);
}

#[test]
fn stock_is_low_at_its_mark_and_not_above() {
    let counted = |on_hand| StockEvent::StockAdjusted {
        sku: sku("TEA"),
        adjustment_id: "A1".to_owned(),
        delta: on_hand - 100,
        reason: "count".to_owned(),
        on_hand,
    };
    assert!(!told([fact("TEA", counted(16))]).is_low());
    assert!(told([fact("TEA", counted(15))]).is_low());
}

#[test]
fn a_count_below_what_is_promised_says_what_is_missing() {
    let short = StockEvent::StockShortfallDetected {
        sku: sku("TEA"),
        missing: 3,
        reservations: vec![],
    };
    assert_eq!(told([fact("TEA", short.clone())]).missing, 3);
    let received = StockEvent::StockReceived {
        sku: sku("TEA"),
        receipt_id: "R2".to_owned(),
        quantity: 10,
        on_hand: 110,
    };
    assert_eq!(told([fact("TEA", short), fact("TEA", received)]).missing, 0);
}

#[test]
fn a_tombstone_needs_no_stock_item() {
    let tombstone = StockEvent::ReservationTombstoned {
        sku: sku("NONE"),
        reservation_id: ReservationId(id(0x60, 1)),
        order_id: order_id(1),
        released_at: at(0),
    };
    assert!(rows(&StockLevels, [fact("NONE", tombstone)]).is_empty());
}

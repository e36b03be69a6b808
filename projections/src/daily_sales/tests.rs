//! The fold of daily sales.

use chrono_tz::{Europe::Berlin, UTC};

use super::*;
use crate::testing::{Told, journeys, rows};

/// Four orders, an hour and a half before Greenwich's New Year.
fn story() -> Vec<Told> {
    let orders = [
        journeys::completed(1, 98),
        journeys::half_refunded(2, 96),
        journeys::declined(3),
        journeys::cancelled(4),
    ];
    orders.into_iter().flatten().collect()
}

fn days(zone: Tz) -> BTreeMap<NaiveDate, DailySales> {
    let mut days = BTreeMap::new();
    for slice in rows(&Sales { zone }, story()).into_values() {
        days.entry(slice.date)
            .or_insert_with(|| DailySales::empty(slice.date))
            .add(&slice);
    }
    days
}

#[test]
fn a_day_counts_orders_and_money() {
    let days = days(UTC);
    assert_eq!(days.len(), 1);
    let day = days.values().next().expect("one day");
    assert_eq!(day.date.to_string(), "2025-12-31");
    let counts = [
        day.placed,
        day.confirmed,
        day.rejected,
        day.cancelled,
        day.completed,
    ];
    assert_eq!(counts, [4, 3, 1, 1, 2]);
    let euro = &day.amounts["EUR"];
    assert_eq!((euro.orders, euro.gross.0), (4, 10_000));
    assert_eq!((euro.captured.0, euro.refunded.0), (5_000, 1_250));
}

#[test]
fn a_day_begins_at_midnight_of_the_zone() {
    assert_eq!(
        days(Berlin)
            .into_keys()
            .map(|day| day.to_string())
            .collect::<Vec<_>>(),
        ["2025-12-31"]
    );
    let kiritimati = days(chrono_tz::Pacific::Kiritimati);
    assert_eq!(
        kiritimati.into_keys().next().expect("one day").to_string(),
        "2026-01-01"
    );
}

#[test]
fn another_zone_is_another_version() {
    let version = |zone| Sales { zone }.definition().version;
    assert_ne!(version(UTC), version(Berlin));
}

#[test]
fn no_flood_of_orders_stops_a_total() {
    let mut sum = Sum::default();
    for _ in 0..3 {
        sum += i64::MAX;
    }
    let text = serde_json::to_string(&sum).expect("JSON");
    assert_eq!(text, "\"27670116110564327421\"");
    assert_eq!(serde_json::from_str::<Sum>(&text).expect("a sum"), sum);
}

//! Stock adds up: what arrived and did not leave is on hand, what left is what was shipped, what is
//! reserved is what open orders wait for, and each delivery that was acknowledged arrived once.

use std::collections::BTreeMap;

use orderlog_domain::order::Order;

use super::Checked;
use crate::{client::Heard, finding::Finding, world::World};

pub(super) fn check(checked: &mut Checked, world: &World, heard: &Heard) {
    let shipped = pieces(world, |order| {
        order.shipments.iter().any(|one| one.has_left())
    });
    let open = pieces(world, |order| {
        !order.status.is_terminal() && order.shipments.iter().all(|one| !one.has_left())
    });
    for (id, shelf) in &world.stock {
        checked.received += shelf.received;
        checked.committed += shelf.committed;
        let sku = id.rsplit_once('-').map_or(id.as_str(), |(sku, _)| sku);
        let of = |pieces: &BTreeMap<String, i64>| pieces.get(sku).copied().unwrap_or_default();
        let reserved = shelf.item.held() + shelf.item.confirmed();
        for (what, expected, found) in [
            (
                "pieces on hand",
                shelf.received - shelf.committed,
                shelf.item.on_hand,
            ),
            ("pieces that left", of(&shipped), shelf.committed),
            ("pieces reserved", of(&open), reserved),
        ] {
            checked.findings.extend(sum(id, what, expected, found));
        }
        let mut receipts = shelf.receipts.clone();
        receipts.sort();
        let twice = receipts.windows(2).filter(|two| two[0] == two[1]);
        checked.findings.extend(twice.map(|two| Finding::Twice {
            kind: "receipt",
            id: two[0].clone(),
        }));
    }
    let acknowledged = heard
        .acknowledged
        .iter()
        .filter(|said| said.path.ends_with("/receipts"));
    let arrived: usize = world.stock.values().map(|shelf| shelf.receipts.len()).sum();
    let (expected, found) = (acknowledged.count() as i64, arrived as i64);
    checked
        .findings
        .extend(sum("the warehouse", "receipts", expected, found));
}

/// Pieces of each product in the orders chosen.
fn pieces(world: &World, chosen: impl Fn(&Order) -> bool) -> BTreeMap<String, i64> {
    let mut pieces = BTreeMap::new();
    for order in world.orders.values().filter(|order| chosen(order)) {
        for line in order.placed.iter().flat_map(|placed| &placed.lines) {
            *pieces.entry(line.sku.to_string()).or_default() += i64::from(line.quantity);
        }
    }
    pieces
}

fn sum(of: &str, what: &'static str, expected: i64, found: i64) -> Option<Finding> {
    (expected != found).then(|| Finding::Sum {
        of: of.to_owned(),
        what,
        expected: expected.into(),
        found: found.into(),
    })
}

//! The fold of the catalogue.

use super::*;
use crate::testing::{Told, at, euro, journeys, product, row, sku};

fn tea(more: impl IntoIterator<Item = ProductEvent>) -> Product {
    let begun = journeys::catalogue()
        .into_iter()
        .filter(|told: &Told| told.stream == "product-TEA");
    row(
        &Products,
        begun.chain(more.into_iter().map(|fact| product("TEA", fact))),
    )
}

#[test]
fn a_product_is_what_its_events_say() {
    let renamed = ProductEvent::ProductRenamed {
        sku: sku("TEA"),
        name: "Green tea".to_owned(),
    };
    let gone = ProductEvent::ProductDiscontinued { sku: sku("TEA") };
    let tea = tea([renamed, gone]);
    assert_eq!(
        (tea.name.as_str(), tea.discontinued, tea.version),
        ("Green tea", true, 3)
    );
    assert_eq!(tea.unit_price, euro(1000));
}

#[test]
fn an_announced_price_counts_from_its_time_on() {
    let (old, new) = (euro(1000), euro(1200));
    let effective_at = at(3600);
    let tea = tea([ProductEvent::ProductPriceChanged {
        sku: sku("TEA"),
        old,
        new,
        effective_at,
    }]);
    assert_eq!(tea.price_changes, 1);
    assert_eq!([tea.price_at(at(3599)), tea.price_at(at(3600))], [old, new]);
}

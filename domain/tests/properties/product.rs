//! Nothing happens to a product that was discontinued, and its currency never changes.

use chrono::{DateTime, TimeDelta};
use orderlog_domain::{
    fact::Fact,
    ids::Sku,
    money::{Currency, Money, TaxRate},
    product::{
        ChangePrice, DiscontinueProduct, Product, ProductCommand, RegisterProduct, RenameProduct,
    },
};
use proptest::{collection::vec, prelude::*};

use crate::live;

proptest! {
    #[test]
    fn nothing_follows_the_end_of_a_product(commands in vec((0_i64..5, command()), 1..20)) {
        live::<Product, _>(commands, Product::decide, of_product, |step| {
            let ended = matches!(step.before, Product::Discontinued(_));
            assert!(!ended || step.events.is_empty(), "after its end: {:?}", step.events);
            if let (Some(before), Some(after)) = (step.before.listing(), step.after.listing()) {
                assert_eq!(before.unit_price.currency, after.unit_price.currency);
            }
        });
    }
}

fn of_product(fact: Fact) -> Option<orderlog_domain::product::ProductEvent> {
    if let Fact::Product(event) = fact {
        Some(event)
    } else {
        None
    }
}

fn command() -> impl Strategy<Value = ProductCommand> {
    let register = price().prop_map(|unit_price| {
        ProductCommand::Register(RegisterProduct {
            sku: Sku::parse("MUG-1").expect("a sku"),
            name: "Mug".to_owned(),
            unit_price,
            tax: TaxRate {
                basis_points: 1_900,
                inclusive: true,
            },
        })
    });
    let change = (price(), proptest::option::of(0_i64..50)).prop_map(|(new, hour)| {
        let effective_at = hour.map(|hour| DateTime::UNIX_EPOCH + TimeDelta::hours(hour));
        ProductCommand::ChangePrice(ChangePrice { new, effective_at })
    });
    let rename = "[a-c ]{0,2}".prop_map(|name| ProductCommand::Rename(RenameProduct { name }));
    prop_oneof![
        3 => register,
        4 => change,
        2 => rename,
        1 => Just(ProductCommand::Discontinue(DiscontinueProduct {})),
    ]
}

fn price() -> impl Strategy<Value = Money> {
    (-1_i64..4, prop::sample::select(vec!["EUR", "EUR", "GBP"]))
        .prop_map(|(cents, code)| Money::new(cents, Currency::from_code(code).expect("a currency")))
}

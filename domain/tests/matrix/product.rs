//! The lives of a product, and the commands that may reach it.

use chrono::{DateTime, TimeDelta};
use orderlog_domain::{
    DecidedAt,
    ids::Sku,
    money::{Currency, Money, TaxRate},
    product::{
        ChangePrice, DiscontinueProduct, Product, ProductCommand, RegisterProduct, RenameProduct,
    },
};

use crate::{Asked, Life};

pub(crate) fn lives() -> Vec<Life<Product>> {
    vec![
        life("Never registered", 0, vec![]),
        life("Registered", 0, vec![register()]),
        life(
            "A dearer price announced for noon",
            11,
            vec![register(), announce()],
        ),
        life(
            "The dearer price counts since noon",
            13,
            vec![register(), announce()],
        ),
        life(
            "Discontinued",
            0,
            vec![
                register(),
                ProductCommand::Discontinue(DiscontinueProduct {}),
            ],
        ),
    ]
}

pub(crate) fn commands() -> Vec<Asked<ProductCommand>> {
    let change = |new| {
        ProductCommand::ChangePrice(ChangePrice {
            new,
            effective_at: None,
        })
    };
    let rename = |name: &str| {
        ProductCommand::Rename(RenameProduct {
            name: name.to_owned(),
        })
    };
    let registered = |edit: fn(&mut RegisterProduct)| {
        let mut new = new_product();
        edit(&mut new);
        ProductCommand::Register(new)
    };
    [
        ("RegisterProduct", "", register()),
        (
            "RegisterProduct",
            "free of charge",
            registered(|new| new.unit_price.amount_minor = 0),
        ),
        (
            "RegisterProduct",
            "without a name",
            registered(|new| new.name.clear()),
        ),
        (
            "RegisterProduct",
            "with a long name",
            registered(|new| new.name = "x".repeat(201)),
        ),
        (
            "RegisterProduct",
            "at a negative price",
            registered(|new| new.unit_price.amount_minor = -1),
        ),
        (
            "RegisterProduct",
            "taxed beyond reason",
            registered(|new| new.tax.basis_points = 10_001),
        ),
        ("ChangePrice", "", change(euro(1_499))),
        ("ChangePrice", "to what it was", change(euro(1_999))),
        ("ChangePrice", "to what is announced", change(euro(2_999))),
        (
            "ChangePrice",
            "for the afternoon",
            announced_for(euro(3_999), 15),
        ),
        (
            "ChangePrice",
            "to another currency",
            change(Money::new(1_499, currency("GBP"))),
        ),
        ("ChangePrice", "to less than nothing", change(euro(-1))),
        ("RenameProduct", "", rename("Blue mug")),
        ("RenameProduct", "to what it is called", rename("Red mug")),
        ("RenameProduct", "to nothing", rename(" ")),
        (
            "DiscontinueProduct",
            "",
            ProductCommand::Discontinue(DiscontinueProduct {}),
        ),
    ]
    .map(|(command, variant, says)| Asked {
        command,
        variant,
        says,
    })
    .into()
}

fn life(name: &'static str, hour: i64, commands: Vec<ProductCommand>) -> Life<Product> {
    let commands = commands
        .into_iter()
        .map(|command| (at(0), command))
        .collect();
    Life {
        name,
        commands,
        now: at(hour),
    }
}

fn register() -> ProductCommand {
    ProductCommand::Register(new_product())
}

fn new_product() -> RegisterProduct {
    RegisterProduct {
        sku: Sku::parse("MUG-1").expect("a sku"),
        name: "Red mug".to_owned(),
        unit_price: euro(1_999),
        tax: TaxRate {
            basis_points: 1_900,
            inclusive: true,
        },
    }
}

fn announce() -> ProductCommand {
    announced_for(euro(2_999), 12)
}

fn announced_for(new: Money, hour: i64) -> ProductCommand {
    ProductCommand::ChangePrice(ChangePrice {
        new,
        effective_at: Some(at(hour)),
    })
}

fn euro(cents: i64) -> Money {
    Money::new(cents, currency("EUR"))
}

fn currency(code: &str) -> Currency {
    Currency::from_code(code).expect("a currency")
}

fn at(hour: i64) -> DecidedAt {
    DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
}

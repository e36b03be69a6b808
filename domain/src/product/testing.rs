//! A red mug for 19.99 EUR, and what may have happened to it.

use chrono::{DateTime, TimeDelta};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};

use crate::{
    DecidedAt,
    ids::Sku,
    money::{Currency, Money, TaxRate},
};

use super::{Product, ProductEvent, RegisterProduct};

/// The product after `history`, at [`at`]`(0)`.
pub(super) fn given(history: &[ProductEvent]) -> AggregateTestExecutor<Product> {
    TestFramework::with(at(0)).given(history.to_vec())
}

pub(super) fn register() -> RegisterProduct {
    let tax = TaxRate {
        basis_points: 1_900,
        inclusive: true,
    };
    RegisterProduct {
        sku: sku(),
        name: "Red mug".to_owned(),
        unit_price: euro(1_999),
        tax,
    }
}

pub(super) fn registered() -> ProductEvent {
    let RegisterProduct {
        sku,
        name,
        unit_price,
        tax,
    } = register();
    ProductEvent::ProductRegistered {
        sku,
        name,
        unit_price,
        tax_rate: tax,
    }
}

pub(super) fn priced(old: i64, new: i64, hour: i64) -> ProductEvent {
    let effective_at = at(hour);
    ProductEvent::ProductPriceChanged {
        sku: sku(),
        old: euro(old),
        new: euro(new),
        effective_at,
    }
}

pub(super) fn discontinued() -> ProductEvent {
    ProductEvent::ProductDiscontinued { sku: sku() }
}

pub(super) fn sku() -> Sku {
    Sku::parse("MUG-1").expect("a sku")
}

pub(super) fn euro(cents: i64) -> Money {
    Money::new(cents, Currency::from_code("EUR").expect("a currency"))
}

pub(super) fn at(hour: i64) -> DecidedAt {
    DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
}

//! What can be asked for, by area. Something that does not exist is `null`; an argument that cannot
//! be right is refused.

mod audits;
mod catalogue;
mod operations;
mod orders;
mod sagas;

use async_graphql::{MergedObject, Result};

use crate::failure::bad_input;

/// What can be asked for.
#[derive(MergedObject, Default)]
pub struct Query(
    orders::Orders,
    catalogue::Catalogue,
    operations::Operations,
    sagas::Sagas,
    audits::Audits,
);

/// The argument `name` as what it should be.
fn argument<T, E: std::fmt::Display>(name: &str, parsed: Result<T, E>) -> Result<T> {
    parsed.map_err(|error| bad_input(format!("{name}: {error}")))
}

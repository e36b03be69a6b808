//! How long the texts of an order may be.

use super::OrderRefusal;

/// Short texts: names, tokens, references, carriers.
pub(super) const SHORT: usize = 200;
/// Texts that people write.
pub(super) const LONG: usize = 1000;

/// Refuses a text that is blank or longer than `limit` characters.
pub(super) fn check(field: &str, text: &str, limit: usize) -> Result<(), OrderRefusal> {
    if text.trim().is_empty() || text.chars().nth(limit).is_some() {
        return Err(OrderRefusal::TextOutOfRange {
            field: field.to_owned(),
            limit,
        });
    }
    Ok(())
}

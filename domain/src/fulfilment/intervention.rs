//! Who intervenes in a fulfilment and why, and what is taken as done by hand. An operator's verb is
//! an event like any other: nothing is decided that the log does not tell.

use serde::{Deserialize, Serialize};

use crate::{ids::PaymentId, money::Money, payment::Operation};

use super::FulfilmentRefusal;

/// Characters that an operator's name may have.
const LONGEST_NAME: usize = 128;
/// Characters that a reason may have.
const LONGEST_REASON: usize = 500;

/// Who intervenes, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intervention {
    /// Who.
    pub actor: String,
    /// Why, in their words.
    pub reason: String,
}

/// An operation of a payment that was done by hand, as an operator says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledByHand {
    /// The payment.
    pub payment_id: PaymentId,
    /// What would have been done.
    pub operation: Operation,
    /// With how much.
    pub amount: Money,
}

/// How a fulfilment ends that an operator ends by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resolution {
    /// The customer has the goods, the shop has the money.
    Completed,
    /// Nothing is left of it: no goods, no money.
    Compensated,
}

impl Intervention {
    /// Refuses a name or a reason that says nothing, or too much.
    pub(super) fn check(&self) -> Result<(), FulfilmentRefusal> {
        check("actor", &self.actor, LONGEST_NAME)?;
        check("reason", &self.reason, LONGEST_REASON)
    }
}

fn check(field: &str, text: &str, limit: usize) -> Result<(), FulfilmentRefusal> {
    if text.trim().is_empty() || text.chars().nth(limit).is_some() {
        return Err(FulfilmentRefusal::TextOutOfRange {
            field: field.to_owned(),
            limit,
        });
    }
    Ok(())
}

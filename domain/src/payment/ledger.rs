//! The sums of a payment, in minor units of its currency.
//! Always: captured + voided <= authorized, and refunded <= captured.

use serde::{Deserialize, Serialize};

/// What was authorized, captured, voided and refunded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Held by the gateway, over all authorizations.
    pub authorized: i64,
    /// Taken.
    pub captured: i64,
    /// Let go without having been taken, also by expiry.
    pub voided: i64,
    /// Given back.
    pub refunded: i64,
}

impl Ledger {
    /// More is held. Only a second authorization of an absurd amount could reach the end of `i64`.
    pub(super) fn hold(&mut self, amount: i64) {
        self.authorized = self.authorized.saturating_add(amount);
    }

    /// What is held and can still be taken or let go.
    pub fn held(self) -> i64 {
        self.authorized - self.captured - self.voided
    }

    /// What was taken and can be given back.
    pub fn refundable(self) -> i64 {
        self.captured - self.refunded
    }
}

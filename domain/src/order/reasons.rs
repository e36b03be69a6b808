//! Why orders end before delivery, and who wanted it.

use serde::{Deserialize, Serialize};

use crate::ids::Sku;

/// Who wanted an order stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CancelledBy {
    /// The customer.
    Customer,
    /// An operator of the shop.
    Operator,
    /// The platform, after confirmation.
    System,
}

/// Why the platform could not honour an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RejectionReason {
    /// Not enough stock.
    OutOfStock {
        /// Every line that is short.
        lines: Vec<ShortLine>,
    },
    /// The payment was declined.
    PaymentDeclined {
        /// The gateway's code, or the code of our own refusal.
        code: String,
    },
    /// The customer did not complete the payment in time.
    PaymentTimedOut,
    /// The stock that was held expired and could not be had again.
    ReservationLost,
    /// What became of the payment never became clear; whatever it held is released.
    PaymentUnresolved,
}

/// A line for which there is not enough stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortLine {
    /// The order's line.
    pub line: u32,
    /// The product.
    pub sku: Sku,
    /// Pieces wanted.
    pub requested: u32,
    /// Pieces there were.
    pub available: i64,
}

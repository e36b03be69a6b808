//! Why a stock item refuses a command.

use serde::{Deserialize, Serialize};

use crate::refusal::{Refusal, RefusalClass};

/// A refused command, with what the sender needs to know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum StockRefusal {
    /// The warehouse keeps the product already.
    #[error("the stock item is registered already")]
    AlreadyRegistered,
    /// The warehouse does not keep the product.
    #[error("the stock item is not registered")]
    NotRegistered,
    /// A limit beyond reason.
    #[error("a quantity of {found} is more than {limit}")]
    InvalidPolicy {
        /// The limit sent.
        found: u32,
        /// The most that is allowed.
        limit: u32,
    },
    /// A quantity that nobody can move.
    #[error("quantity {quantity} is not within 1..={limit}")]
    InvalidQuantity {
        /// The quantity sent.
        quantity: i64,
        /// The most that is allowed.
        limit: u32,
    },
    /// A text that is empty or too long.
    #[error("{field} has 1 to {limit} characters, this one has {characters}")]
    InvalidText {
        /// Which one.
        field: String,
        /// Characters sent.
        characters: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// A correction needs a reason.
    #[error("an adjustment needs a reason")]
    ReasonRequired,
    /// The sender counted on another level.
    #[error("{actual} pieces are on hand, not {expected}")]
    OnHandMismatch {
        /// The level sent.
        expected: i64,
        /// The level there is.
        actual: i64,
    },
    /// No warehouse holds less than nothing.
    #[error("{on_hand} pieces on hand and {delta} are less than nothing")]
    WouldGoNegative {
        /// The level there is.
        on_hand: i64,
        /// The correction sent.
        delta: i64,
    },
    /// More is wanted than can be promised.
    #[error("{requested} pieces wanted, {available} available")]
    InsufficientStock {
        /// How many are wanted.
        requested: u32,
        /// How many can be promised.
        available: i64,
    },
    /// The hold was released, has run out, or was called off before it was made.
    #[error("the reservation is closed")]
    ReservationClosed,
    /// The hold exists with another quantity or order.
    #[error("the reservation exists with other content")]
    ReservationExists,
    /// There is no such hold.
    #[error("there is no such reservation")]
    ReservationNotFound,
    /// The hold has run out.
    #[error("the reservation has expired")]
    ReservationExpired,
    /// The hold was not confirmed.
    #[error("the reservation is not confirmed")]
    NotConfirmed,
    /// More is taken than is held.
    #[error("{requested} pieces taken, {reserved} are reserved")]
    QuantityExceedsReserved {
        /// How many are taken.
        requested: u32,
        /// How many are held.
        reserved: u32,
    },
    /// Some of the pieces have not arrived.
    #[error("{backordered} pieces of the reservation are still to arrive")]
    StillBackordered {
        /// How many.
        backordered: u32,
    },
    /// The pieces have left the warehouse.
    #[error("the reserved pieces have left the warehouse")]
    AlreadyCommitted,
    /// The hold has not run out yet.
    #[error("the reservation has not expired yet")]
    NotDue,
    /// The hold is confirmed and does not run out.
    #[error("the reservation is confirmed and does not expire")]
    NotHeld,
}

impl Refusal for StockRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyRegistered => "stock.already_registered",
            Self::NotRegistered => "stock.not_registered",
            Self::InvalidPolicy { .. } => "stock.invalid_policy",
            Self::InvalidQuantity { .. } => "stock.invalid_quantity",
            Self::InvalidText { .. } => "stock.invalid_text",
            Self::ReasonRequired => "stock.reason_required",
            Self::OnHandMismatch { .. } => "stock.on_hand_mismatch",
            Self::WouldGoNegative { .. } => "stock.would_go_negative",
            Self::InsufficientStock { .. } => "stock.insufficient",
            Self::ReservationClosed => "stock.reservation_closed",
            Self::ReservationExists => "stock.reservation_exists",
            Self::ReservationNotFound => "stock.reservation_not_found",
            Self::ReservationExpired => "stock.reservation_expired",
            Self::NotConfirmed => "stock.not_confirmed",
            Self::QuantityExceedsReserved { .. } => "stock.quantity_exceeds_reserved",
            Self::StillBackordered { .. } => "stock.still_backordered",
            Self::AlreadyCommitted => "stock.already_committed",
            Self::NotDue => "stock.not_due",
            Self::NotHeld => "stock.not_held",
        }
    }

    fn class(&self) -> RefusalClass {
        match self {
            Self::NotRegistered | Self::ReservationNotFound => RefusalClass::NotFound,
            Self::AlreadyRegistered
            | Self::ReservationClosed
            | Self::ReservationExists
            | Self::ReservationExpired
            | Self::NotConfirmed
            | Self::StillBackordered { .. }
            | Self::AlreadyCommitted
            | Self::NotHeld => RefusalClass::State,
            Self::OnHandMismatch { .. }
            | Self::WouldGoNegative { .. }
            | Self::InsufficientStock { .. }
            | Self::QuantityExceedsReserved { .. } => RefusalClass::Rule,
            Self::InvalidPolicy { .. }
            | Self::InvalidQuantity { .. }
            | Self::InvalidText { .. }
            | Self::ReasonRequired => RefusalClass::Malformed,
            Self::NotDue => RefusalClass::NotYet,
        }
    }
}

//! What becomes of an order: which token pays it, and what its customer and the warehouse do.

/// Stories of orders; the tokens' names are those of the simulated gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Story {
    /// Paid, packed, dispatched and delivered.
    Paid,
    /// Costs nothing.
    Free,
    /// Delivered, then a quarter is given back.
    Refunded,
    /// Nobody ever packs it: it stays confirmed and waits for that.
    LeftUnpacked,
    /// The card is declined.
    Declined,
    /// The account is empty.
    InsufficientFunds,
    /// There is not enough stock.
    OutOfStock,
    /// The customer answers the bank's question.
    ActionCompleted,
    /// The customer does not.
    ActionIgnored,
    /// Cancelled once it is confirmed.
    Cancelled,
    /// The gateway's answer gets lost; asked, it says that the payment went through.
    Timeout,
    /// The gateway says only much later that the payment went through.
    LateSuccess,
    /// The gateway authorises half of the amount.
    PartialAuthorization,
    /// The authorised amount can't be captured.
    CaptureFails,
}

/// The stories in turn.
pub(crate) const STORIES: [Story; 18] = [
    Story::Paid,
    Story::Cancelled,
    Story::ActionCompleted,
    Story::Paid,
    Story::LeftUnpacked,
    Story::Timeout,
    Story::Refunded,
    Story::LateSuccess,
    Story::Paid,
    Story::OutOfStock,
    Story::Declined,
    Story::CaptureFails,
    Story::Paid,
    Story::ActionIgnored,
    Story::Free,
    Story::PartialAuthorization,
    Story::InsufficientFunds,
    Story::Paid,
];

impl Story {
    /// How it is paid.
    pub(crate) fn payment_method(self) -> Option<&'static str> {
        Some(match self {
            Self::Free => return None,
            Self::Paid
            | Self::Refunded
            | Self::LeftUnpacked
            | Self::OutOfStock
            | Self::Cancelled => "tok_ok",
            Self::Declined => "tok_declined",
            Self::InsufficientFunds => "tok_insufficient_funds",
            Self::ActionCompleted | Self::ActionIgnored => "tok_3ds",
            Self::Timeout => "tok_timeout",
            Self::LateSuccess => "tok_late_success",
            Self::PartialAuthorization => "tok_partial_auth",
            Self::CaptureFails => "tok_capture_fails",
        })
    }

    /// Whether anybody has anything to do once it is placed; else it ends by itself, or waits.
    pub(crate) fn is_attended(self) -> bool {
        self.may_complete() || matches!(self, Self::Cancelled | Self::CaptureFails)
    }

    /// Whether it may end with its delivery.
    pub(crate) fn may_complete(self) -> bool {
        match self {
            Self::Paid
            | Self::Free
            | Self::Refunded
            | Self::ActionCompleted
            | Self::Timeout
            | Self::LateSuccess => true,
            Self::LeftUnpacked
            | Self::Declined
            | Self::InsufficientFunds
            | Self::OutOfStock
            | Self::ActionIgnored
            | Self::Cancelled
            | Self::PartialAuthorization
            | Self::CaptureFails => false,
        }
    }
}

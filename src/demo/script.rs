//! What each demo order is, by its number alone: who buys what, with which token, and what the
//! customer does afterwards. Pure, so that a restarted demo places the same orders again and each
//! is there once.

use orderlog_domain::{
    ids::{OrderId, derive},
    money::Currency,
};
use uuid::Uuid;

use super::catalogue::{DemoProduct, FREE, PRODUCTS, SCARCE};

/// Orders that the demo places; then it stops by itself.
pub const ORDERS: u32 = 1_000;

/// Root of all ids of the demo.
pub const DEMO: Uuid = Uuid::from_u128(0x2f0a_6c1e_8d3b_4a57_b9c4_91e5_70d8_263f);

/// The currency of the demo.
pub fn euro() -> Currency {
    Currency::from_code("EUR").expect("the euro is a currency")
}

/// One order of the demo.
#[derive(Clone, Debug)]
pub struct DemoOrder {
    /// Its number, from 1.
    pub number: u32,
    /// What happens to it.
    pub story: Story,
    /// What it orders: a product and how many pieces.
    pub lines: Vec<(&'static DemoProduct, u32)>,
}

/// What happens to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// Paid, packed, dispatched and delivered.
    Paid,
    /// Costs nothing, and is delivered without a payment.
    Free,
    /// Delivered, then partly refunded.
    Refunded,
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
    /// Cancelled as soon as it is confirmed.
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
const STORIES: [Story; 20] = [
    Story::Paid,
    Story::Declined,
    Story::Paid,
    Story::ActionCompleted,
    Story::OutOfStock,
    Story::Paid,
    Story::Cancelled,
    Story::Timeout,
    Story::Paid,
    Story::Free,
    Story::InsufficientFunds,
    Story::Paid,
    Story::CaptureFails,
    Story::Refunded,
    Story::Paid,
    Story::ActionIgnored,
    Story::Paid,
    Story::PartialAuthorization,
    Story::LateSuccess,
    Story::Paid,
];

impl DemoOrder {
    /// The order of this number.
    pub fn numbered(number: u32) -> Self {
        let story = STORIES[(number as usize - 1) % STORIES.len()];
        let lines = match story {
            Story::OutOfStock => vec![(named(SCARCE), 5)],
            Story::Free => vec![(named(FREE), 1)],
            Story::Paid
            | Story::Refunded
            | Story::Declined
            | Story::InsufficientFunds
            | Story::ActionCompleted
            | Story::ActionIgnored
            | Story::Cancelled
            | Story::Timeout
            | Story::LateSuccess
            | Story::PartialAuthorization
            | Story::CaptureFails => basket(number),
        };
        Self {
            number,
            story,
            lines,
        }
    }

    /// Its id, derived from its number.
    pub fn id(&self) -> OrderId {
        OrderId(derive(DEMO, &format!("order/{}", self.number)))
    }

    /// Who orders; some of them order again and again.
    pub fn customer(&self) -> String {
        format!("customer-{:02}", self.number * 7 % 40)
    }

    /// How it is paid.
    pub fn payment_method(&self) -> Option<&'static str> {
        match self.story {
            Story::Free => None,
            Story::Paid | Story::Refunded | Story::OutOfStock | Story::Cancelled => Some("tok_ok"),
            Story::Declined => Some("tok_declined"),
            Story::InsufficientFunds => Some("tok_insufficient_funds"),
            Story::ActionCompleted | Story::ActionIgnored => Some("tok_3ds"),
            Story::Timeout => Some("tok_timeout"),
            Story::LateSuccess => Some("tok_late_success"),
            Story::PartialAuthorization => Some("tok_partial_auth"),
            Story::CaptureFails => Some("tok_capture_fails"),
        }
    }
}

/// One to three different products with a price.
fn basket(number: u32) -> Vec<(&'static DemoProduct, u32)> {
    let priced = PRODUCTS.len() - 2;
    let first = number as usize * 5 % priced;
    (0..=number % 3)
        .map(|line| {
            (
                &PRODUCTS[(first + line as usize * 7) % priced],
                1 + (number + line) % 4,
            )
        })
        .collect()
}

fn named(sku: &str) -> &'static DemoProduct {
    PRODUCTS
        .iter()
        .find(|product| product.sku == sku)
        .expect("the catalogue has the products that it names")
}

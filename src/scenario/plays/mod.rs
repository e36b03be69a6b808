//! The stories, in the order in which they are listed: the happy path first, then what can go wrong, in
//! the order in which an order meets it.

mod arriving_late;
mod poison;
mod refused;
mod shipped;
mod undone;

use super::Scenario;

/// Pieces that a story lays in where their number does not matter.
const PIECES: u32 = 10;
/// The same, as stock says it.
const STOCK: i64 = PIECES as i64;

/// What two pieces cost, in cents: most orders are of two.
const TOTAL: i64 = 2 * super::stage::PRICE;

/// Every story.
pub static ALL: [Scenario; 11] = [
    Scenario {
        name: "happy-path",
        about: "paid, packed, dispatched, delivered: completed",
        needs_database: false,
        takes: "seconds",
        play: |stage| Box::pin(shipped::happy_path(stage)),
    },
    Scenario {
        name: "three-d-secure",
        about: "the bank asks the customer, who answers: completed",
        needs_database: false,
        takes: "seconds",
        play: |stage| Box::pin(shipped::three_d_secure(stage)),
    },
    Scenario {
        name: "three-d-secure-timeout",
        about: "the bank asks the customer, who does not answer: rejected, stock freed",
        needs_database: false,
        takes: "15 min",
        play: |stage| Box::pin(refused::three_d_secure_timeout(stage)),
    },
    Scenario {
        name: "declined",
        about: "the card is declined: rejected, stock freed",
        needs_database: false,
        takes: "seconds",
        play: |stage| Box::pin(refused::declined(stage)),
    },
    Scenario {
        name: "oversell-race",
        about: "eight orders at once for five pieces: five confirmed, three rejected, none oversold",
        needs_database: false,
        takes: "seconds",
        play: |stage| Box::pin(refused::oversell_race(stage)),
    },
    Scenario {
        name: "gateway-down",
        about: "the gateway is down for a minute: the order waits, the gateway is asked, confirmed",
        needs_database: false,
        takes: "2 min",
        play: |stage| Box::pin(arriving_late::gateway_down(stage)),
    },
    Scenario {
        name: "late-authorization",
        about: "money is held long after anybody asked: let go at once, rejected, stock freed",
        needs_database: false,
        takes: "20 to 25 min",
        play: |stage| Box::pin(arriving_late::late_authorization(stage)),
    },
    Scenario {
        name: "capture-fails",
        about: "the money of a confirmed order can't be taken: cancelled, money let go, stock freed",
        needs_database: false,
        takes: "seconds",
        play: |stage| Box::pin(undone::capture_fails(stage)),
    },
    Scenario {
        name: "cancelled-during-capture",
        about: "cancelled while nobody knows whether the money was taken: waits, refunds, cancelled",
        needs_database: false,
        takes: "seconds",
        play: |stage| Box::pin(undone::cancelled_during_capture(stage)),
    },
    Scenario {
        name: "refund-fails",
        about: "cancelled after the money was taken, and the refund fails: an operator has to look",
        needs_database: false,
        takes: "seconds",
        play: |stage| Box::pin(undone::refund_fails(stage)),
    },
    Scenario {
        name: "poison-event",
        about: "an event that nobody can read: its order waits, others go on; discarded, it goes on, too",
        needs_database: true,
        takes: "seconds",
        play: |stage| Box::pin(poison::poison_event(stage)),
    },
];

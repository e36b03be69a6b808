//! What holds whatever happens in whatever order: arbitrary commands, sensible or not, are sent to
//! an aggregate; those that it refuses change nothing, those that it accepts keep its promises.
//! Also that reading the stored events back leads to the very same state.

#[path = "properties/money.rs"]
mod money;
#[path = "properties/notification.rs"]
mod notification;
#[path = "properties/order.rs"]
mod order;
#[path = "properties/payment.rs"]
mod payment;
#[path = "properties/product.rs"]
mod product;
#[path = "properties/stock.rs"]
mod stock;

use std::fmt::Debug;

use chrono::{DateTime, TimeDelta};
use cqrs_es::{Aggregate, DomainEvent};
use orderlog_domain::{DecidedAt, fact::Fact};

/// What a command led to.
pub(crate) struct Step<'a, A: Aggregate> {
    /// The state that it was decided on.
    pub(crate) before: &'a A,
    /// What was decided; empty where it was refused or nothing was to do.
    pub(crate) events: &'a [A::Event],
    /// The state after it.
    pub(crate) after: &'a A,
}

/// Sends `commands` one after the other, `hours` apart each, and has `holds` judge every step.
/// Each state must equal that of a reader who knows the stored events alone.
pub(crate) fn live<A, R>(
    commands: impl IntoIterator<Item = (i64, A::Command)>,
    decide: impl Fn(&A, A::Command, DecidedAt) -> Result<Vec<A::Event>, R>,
    event: impl Fn(Fact) -> Option<A::Event>,
    mut holds: impl FnMut(Step<'_, A>),
) where
    A: Aggregate + Clone + PartialEq + Debug,
{
    let (mut state, mut read) = (A::default(), A::default());
    let mut at = DateTime::UNIX_EPOCH;
    for (hours, command) in commands {
        at += TimeDelta::hours(hours);
        let events = decide(&state, command, at).unwrap_or_default();
        let before = state.clone();
        for new in &events {
            state.apply(new.clone());
            let stored = serde_json::to_string(new).expect("events can be written");
            let (stream, kind) = (format!("{}-1", A::TYPE), new.event_type());
            let version = new.event_version().parse().expect("a version");
            let facts = Fact::decode(&stream, &kind, version, &stored);
            for fact in facts.expect("what is stored can be read") {
                read.apply(event(fact).expect("it is of the same aggregate"));
            }
        }
        assert_eq!(read, state, "what was read back differs");
        holds(Step {
            before: &before,
            events: &events,
            after: &state,
        });
    }
    let snapshot = serde_json::to_string(&state).expect("a state can be written");
    assert_eq!(
        serde_json::from_str::<A>(&snapshot).expect("and read"),
        state
    );
}

//! Stripe's adapter before a server that behaves as Stripe's documentation says: orders carried through
//! by it, silence and crashes of every kind, answers that are none, and webhooks. What the official
//! stripe-mock can tell is told by `tests/stripe_mock`.

mod abuse;
mod account;
mod calls;
mod journeys;
mod server;
mod silence;
mod webhooks;

use std::time::Duration;

use tempfile::TempDir;

use super::{
    fuse::Fuse,
    world::{Time, World},
};
use server::Stripe;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// As long as an answer is waited for that does not come.
const SHORT: Duration = Duration::from_secs(2);

/// A shop that is paid through `stripe`, where an order was placed and all was done that is due.
async fn placed(stripe: &Stripe, method: &str, timeout: Duration) -> (TempDir, Time, World) {
    let (directory, time, world) = shop(stripe, timeout).await;
    world.place(method).await;
    world.settle().await;
    (directory, time, world)
}

/// A shop that is paid through `stripe`, behind the guard.
async fn shop(stripe: &Stripe, timeout: Duration) -> (TempDir, Time, World) {
    let (directory, time) = (tempfile::tempdir().unwrap(), Time::new());
    let world = World::open(directory.path(), &time, &Fuse::endless(), false).await;
    let world = world
        .with_gateway(stripe.guarded(timeout))
        .with_timeout(2 * PATIENCE);
    (directory, time, world)
}

/// How many events of this type there are.
async fn count(world: &World, event_type: &str) -> usize {
    let events = world.events().await;
    let of_type = |event: &&orderlog_log::event::RecordedEvent| event.event_type == event_type;
    events.iter().filter(of_type).count()
}

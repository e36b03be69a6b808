//! Notifications over channels that work and that fail.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use chrono::TimeDelta;

use super::{
    fuse::Fuse,
    world::{Time, World},
};
use crate::process::notifications::{ChannelError, Message, NotificationChannel};

/// Fails so many times, then works.
struct Failing(AtomicU32);

#[async_trait]
impl NotificationChannel for Failing {
    fn name(&self) -> &'static str {
        "pigeon"
    }

    async fn send(&self, _: &Message) -> Result<(), ChannelError> {
        let fails = |left: u32| left.checked_sub(1);
        match self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails)
        {
            Ok(_) => Err(ChannelError("lost".into())),
            Err(_) => Ok(()),
        }
    }
}

/// How often the confirmation of an order failed and how often it was sent.
async fn tries(failures: u32) -> (usize, usize) {
    let directory = tempfile::tempdir().unwrap();
    let world = World::open(directory.path(), &Time::new(), &Fuse::endless(), false).await;
    let world = world.with_channel(Arc::new(Failing(AtomicU32::new(failures))));
    world.place("tok_ok").await;
    world.pass(TimeDelta::hours(1)).await;
    let events = world.events().await;
    let count = |name: &str| {
        events
            .iter()
            .filter(|event| event.event_type == name)
            .count()
    };
    (count("NotificationFailed"), count("NotificationSent"))
}

#[tokio::test]
async fn a_notification_is_sent_once() {
    assert_eq!(tries(0).await, (0, 1));
}

#[tokio::test]
async fn a_notification_that_fails_is_tried_again_until_it_is_given_up() {
    assert_eq!(tries(3).await, (3, 1));
    assert_eq!(tries(100).await, (8, 0));
}

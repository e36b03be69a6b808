//! The load: customers who order again and again until told to stop, and see each order through.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    chance::Chance,
    client::Client,
    journey::{self, Journey},
    story::STORIES,
};

/// How many order at the same time.
const CUSTOMERS: usize = 24;

pub(crate) struct Customers(JoinSet<Vec<Journey>>);

impl Customers {
    pub(crate) fn start(
        client: &Arc<Client>,
        chance: &mut Chance,
        stop: &CancellationToken,
    ) -> Self {
        let stories = Arc::new(AtomicUsize::new(0));
        let mut customers = JoinSet::new();
        for _ in 0..CUSTOMERS {
            let customer = order_until_told(
                Arc::clone(client),
                chance.fork(),
                Arc::clone(&stories),
                stop.clone(),
            );
            customers.spawn(customer);
        }
        Self(customers)
    }

    /// Waits until each has seen the last order through; what was ordered.
    pub(crate) async fn ended(self) -> Vec<Journey> {
        self.0.join_all().await.concat()
    }
}

async fn order_until_told(
    client: Arc<Client>,
    mut chance: Chance,
    stories: Arc<AtomicUsize>,
    stop: CancellationToken,
) -> Vec<Journey> {
    let mut journeys = Vec::new();
    while !stop.is_cancelled() {
        let number = stories.fetch_add(1, Ordering::Relaxed);
        let story = STORIES[number % STORIES.len()];
        journeys.push(journey::carried_through(&client, &mut chance, story).await);
        tokio::time::sleep(chance.millis(100..700)).await;
    }
    journeys
}

//! The demo's shop over a real log, its process included.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use orderlog_command_api::{
    aggregates::Aggregates,
    process::{
        gateway::Gateway,
        handler::ProcessHandler,
        notifications::{LogChannel, Notifications},
        simulated_gateway::SimulatedGateway,
        timers::Timers,
    },
};
use orderlog_domain::{fulfilment::Timings, order::OrderStatus};
use orderlog_log::{
    clock::Clock, event_reader::EventReader, event_store::EventStore, sqlite::SqliteEventStore,
};
use orderlog_runtime::{
    process::{ProcessRuntime, ProcessSettings},
    source::TailFanOut,
    sqlite::{SqliteProcessStore, SqliteWorkStore},
    work::{WorkLoop, WorkSettings},
};
use tokio_util::sync::CancellationToken;

use super::{
    Pace, run,
    script::{DemoOrder, Story},
};

/// One order of each story, and some more.
const ORDERS: u32 = 20;

const PACE: Pace = Pace {
    orders: ORDERS,
    between_orders: Duration::from_millis(1),
    each_step: Duration::ZERO,
};

/// A running shop with its process; half a minute takes three seconds.
struct Shop {
    store: Arc<dyn EventStore>,
    aggregates: Aggregates,
    stop: CancellationToken,
}

impl Shop {
    async fn open(log: &SqliteEventStore) -> Self {
        let clock = Clock::system();
        let timings = Timings::standard().scaled(0.1);
        let stop = CancellationToken::new();
        let store: Arc<dyn EventStore> = Arc::new(log.clone());
        let aggregates = Aggregates::new(Arc::clone(&store), clock.clone());
        let work = SqliteWorkStore::open(log.clone()).await.unwrap();
        let state = SqliteProcessStore::open(log.clone(), work.clone())
            .await
            .unwrap();
        let gateway = Arc::new(SimulatedGateway::new(&timings));
        let gateway = Gateway::new(
            aggregates.clone(),
            Arc::clone(&store),
            gateway,
            clock.clone(),
        );
        let notifications =
            Notifications::new(aggregates.clone(), Arc::new(LogChannel), clock.clone());
        let handler = ProcessHandler::new(aggregates.clone(), Arc::clone(&store), timings);
        let process = ProcessRuntime::new(
            "fulfilment",
            Arc::clone(&store),
            Arc::new(state),
            Arc::new(handler),
            clock.clone(),
            ProcessSettings::default(),
        );
        let work = WorkLoop::new(Arc::new(work), clock.clone(), WorkSettings::default())
            .handle(
                "timer",
                Arc::new(Timers::new(aggregates.clone(), clock.clone())),
            )
            .handle("gateway", Arc::new(gateway))
            .handle("notification", Arc::new(notifications));
        let (process_stop, work_stop) = (stop.clone(), stop.clone());
        let fan_out = TailFanOut::new(Arc::clone(&store));
        tokio::spawn(async move { process.run(fan_out, process_stop).await });
        tokio::spawn(async move { work.run(work_stop).await });
        tokio::spawn(run(
            aggregates.clone(),
            Arc::clone(&store),
            clock,
            PACE,
            stop.clone(),
        ));
        Self {
            store,
            aggregates,
            stop,
        }
    }

    async fn status(&self, number: u32) -> OrderStatus {
        let id = DemoOrder::numbered(number).id().to_string();
        self.aggregates.orders.load(&id).await.unwrap().state.status
    }

    /// Waits until every order is as far as its story takes it before long.
    async fn all_told(&self) {
        let mut head = self.store.watch_head();
        for number in 1..=ORDERS {
            let end = soon(DemoOrder::numbered(number).story);
            while self.status(number).await != end {
                eprintln!(
                    "{number} {:?} {:?} {:?}",
                    DemoOrder::numbered(number).story,
                    self.status(number).await,
                    end
                );
                head.changed().await.unwrap();
            }
        }
    }
}

/// How far an order with this story comes before long.
fn soon(story: Story) -> OrderStatus {
    match story {
        Story::Paid | Story::Free | Story::Refunded | Story::ActionCompleted | Story::Timeout => {
            OrderStatus::Completed
        }
        Story::Declined
        | Story::InsufficientFunds
        | Story::OutOfStock
        | Story::PartialAuthorization => OrderStatus::Rejected,
        Story::Cancelled | Story::CaptureFails => OrderStatus::Cancelled,
        Story::ActionIgnored | Story::LateSuccess => OrderStatus::AwaitingPayment,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_the_demo_goes_the_way_of_its_story_and_a_restart_adds_none() {
    let directory = tempfile::tempdir().unwrap();
    let log = SqliteEventStore::open(directory.path()).unwrap();
    let shop = Shop::open(&log).await;
    shop.all_told().await;
    shop.stop.cancel();

    let again = Shop::open(&log).await;
    again.all_told().await;
    again.stop.cancel();
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for event in log.read_all(0, 100_000).await.unwrap() {
        *counts.entry(event.event_type).or_default() += 1;
    }
    assert_eq!(
        (counts["OrderPlaced"], counts["StockReceived"]),
        (ORDERS, 20)
    );
}

#[test]
fn the_script_tells_every_story_and_repeats_itself() {
    let stories: Vec<Story> = (1..=20)
        .map(|number| DemoOrder::numbered(number).story)
        .collect();
    let again: Vec<Story> = (21..=40)
        .map(|number| DemoOrder::numbered(number).story)
        .collect();
    assert_eq!(stories, again);
    for story in [
        Story::Free,
        Story::Refunded,
        Story::LateSuccess,
        Story::CaptureFails,
    ] {
        assert!(stories.contains(&story), "{story:?}");
    }
}

#[test]
fn an_order_has_different_products_and_only_the_free_one_needs_no_payment() {
    for number in 1..=60 {
        let order = DemoOrder::numbered(number);
        let mut skus: Vec<_> = order.lines.iter().map(|(product, _)| product.sku).collect();
        skus.sort_unstable();
        skus.dedup();
        assert_eq!(skus.len(), order.lines.len());
        let costs: i64 = order
            .lines
            .iter()
            .map(|(p, quantity)| p.cents * i64::from(*quantity))
            .sum();
        assert_eq!(costs == 0, order.payment_method().is_none());
    }
}

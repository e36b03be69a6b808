//! A shop with one product, the process, and a clock that is moved by hand.

use std::{path::Path, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use orderlog_domain::{
    fulfilment::{Fulfilment, Timings},
    ids::WarehouseId,
    notification::Available,
    order::Order,
    payment::Payment,
    stock::StockItem,
};
use orderlog_log::{
    clock::{Clock, ManualClock},
    event::RecordedEvent,
    event_store::EventStore,
    sqlite::SqliteEventStore,
};
use orderlog_runtime::{
    process::{EventHandler, ProcessRuntime, ProcessSettings, ProcessStore, until_quiet},
    source::TailFanOut,
    sqlite::{SqliteProcessStore, SqliteWorkStore},
    work::{WorkHandler, WorkLoop, WorkSettings, WorkStore},
};
use tokio_util::sync::CancellationToken;

use super::{
    clients::{ORDER, sku},
    doors::{AttemptedTwice, HandledTwice},
    fuse::{Fuse, Fused},
};
use crate::{
    aggregates::{Aggregates, saga_id, stock_id},
    process::{
        gateway::{Gateway, GatewaySettings, PaymentGateway},
        handler::ProcessHandler,
        notifications::{
            LOG, LogChannel, MAIL, NotConfigured, NotificationChannel, Notifications, WEBHOOK,
        },
        simulated_gateway::SimulatedGateway,
        timers::Timers,
    },
};

const KINDS: [&str; 5] = ["timer", "gateway", LOG, MAIL, WEBHOOK];

/// Time in a test; it outlives every crash.
#[derive(Clone)]
pub(super) struct Time {
    pub(super) clock: Clock,
    hands: ManualClock,
}

impl Time {
    pub(super) fn new() -> Self {
        let start = DateTime::<Utc>::from_timestamp(1_800_000_000, 0).unwrap();
        let (clock, hands) = Clock::manual(start);
        Self { clock, hands }
    }

    pub(super) fn advance(&self, by: TimeDelta) {
        self.hands.advance(by);
    }
}

/// One life of the system over a data directory.
pub(super) struct World {
    time: Time,
    store: Arc<dyn EventStore>,
    process: Arc<dyn ProcessStore>,
    work: Arc<dyn WorkStore>,
    twice: bool,
    gateway: Arc<dyn PaymentGateway>,
    settings: GatewaySettings,
    log: Arc<dyn NotificationChannel>,
    mail: Arc<dyn NotificationChannel>,
    webhook: Arc<dyn NotificationChannel>,
    available: Available,
    pub(super) aggregates: Aggregates,
}

impl World {
    /// Opens the data directory; with `twice`, everything is done twice.
    pub(super) async fn open(directory: &Path, time: &Time, fuse: &Fuse, twice: bool) -> Self {
        let log = SqliteEventStore::open(directory).unwrap();
        let work = SqliteWorkStore::open(log.clone()).await.unwrap();
        let process = SqliteProcessStore::open(log.clone(), work.clone())
            .await
            .unwrap();
        let store: Arc<dyn EventStore> = Arc::new(Fused {
            inner: log,
            fuse: fuse.clone(),
        });
        Self {
            time: time.clone(),
            aggregates: Aggregates::new(Arc::clone(&store), time.clock.clone()),
            store,
            process: Arc::new(Fused {
                inner: process,
                fuse: fuse.clone(),
            }),
            work: Arc::new(Fused {
                inner: work,
                fuse: fuse.clone(),
            }),
            twice,
            gateway: Arc::new(SimulatedGateway::new(&Timings::standard())),
            settings: GatewaySettings::default(),
            log: Arc::new(LogChannel),
            mail: Arc::new(NotConfigured),
            webhook: Arc::new(NotConfigured),
            available: Available::default(),
        }
    }

    /// The same world with another gateway.
    pub(super) fn with_gateway(self, gateway: Arc<dyn PaymentGateway>) -> Self {
        Self { gateway, ..self }
    }

    /// The same world with less patience with its gateway.
    pub(super) fn with_timeout(self, timeout: std::time::Duration) -> Self {
        Self {
            settings: GatewaySettings {
                timeout,
                ..self.settings
            },
            ..self
        }
    }

    /// The same world with another channel in the log's place.
    pub(super) fn with_log(self, log: Arc<dyn NotificationChannel>) -> Self {
        Self { log, ..self }
    }

    /// The same world with mails.
    pub(super) fn with_mail(mut self, mail: Arc<dyn NotificationChannel>) -> Self {
        self.available.email = true;
        Self { mail, ..self }
    }

    /// The same world with webhooks.
    pub(super) fn with_webhook(mut self, webhook: Arc<dyn NotificationChannel>) -> Self {
        self.available.webhook = true;
        Self { webhook, ..self }
    }

    /// Lets the process do all that is due, then stops it.
    pub(super) async fn settle(&self) {
        let now = self.time.clock.now();
        if self.work.counts(now).await.unwrap().leased > 0 {
            // Nobody runs: these were leased in an earlier life.
            let lease = WorkSettings::default().lease + std::time::Duration::from_secs(1);
            self.time.hands.advance(TimeDelta::from_std(lease).unwrap());
        }
        let process = self.process();
        let work = self.work_loop();
        let mut passed = process.passed();
        let (cancel, stop) = (CancellationToken::new(), CancellationToken::new());
        let ended = (cancel.clone(), stop.clone());
        let fan_out = TailFanOut::new(Arc::clone(&self.store));
        let process = tokio::spawn(async move { process.run(fan_out, ended.0).await });
        let worker = tokio::spawn(async move { work.run(ended.1).await });
        until_quiet(
            self.store.as_ref(),
            &mut passed,
            self.work.as_ref(),
            &self.time.clock,
        )
        .await
        .unwrap();
        cancel.cancel();
        stop.cancel();
        process.await.unwrap().unwrap();
        worker.await.unwrap().unwrap();
    }

    /// Lets the process handle the whole log, and does none of the work that it asks for.
    pub(super) async fn settle_without_work(&self) {
        let process = self.process();
        let mut passed = process.passed();
        let cancel = CancellationToken::new();
        let ended = cancel.clone();
        let fan_out = TailFanOut::new(Arc::clone(&self.store));
        let process = tokio::spawn(async move { process.run(fan_out, ended).await });
        let mut head = 0;
        while self.store.head().await.unwrap().position > head {
            head = self.store.head().await.unwrap().position;
            passed.wait_for(|passed| *passed >= head).await.unwrap();
        }
        cancel.cancel();
        process.await.unwrap().unwrap();
    }

    /// Lets time pass, stopping at every instant for which something was set.
    pub(super) async fn pass(&self, duration: TimeDelta) {
        let until = self.time.clock.now() + duration;
        loop {
            self.settle().await;
            let now = self.time.clock.now();
            let due = self.work.next_due(&KINDS.map(str::to_owned)).await.unwrap();
            match due.filter(|due| *due <= until) {
                Some(due) => self.time.hands.advance((due - now).max(TimeDelta::zero())),
                None if now >= until => return,
                None => self.time.hands.advance(until - now),
            }
        }
    }

    /// The order.
    pub(super) async fn state(&self) -> Arc<Order> {
        self.aggregates
            .orders
            .load(&ORDER.to_string())
            .await
            .unwrap()
            .state
    }

    /// Its saga.
    pub(super) async fn saga(&self) -> Arc<Fulfilment> {
        self.aggregates
            .fulfilments
            .load(&saga_id(ORDER))
            .await
            .unwrap()
            .state
    }

    /// The product's stock.
    pub(super) async fn stock(&self) -> Arc<StockItem> {
        let id = stock_id(&sku(), &WarehouseId::main());
        self.aggregates.stock.load(&id).await.unwrap().state
    }

    /// Its payment and the payment's id.
    pub(super) async fn payment(&self) -> (String, Arc<Payment>) {
        let events = self.events().await;
        let initiated = events
            .iter()
            .find(|event| event.event_type == "PaymentInitiated");
        let id = initiated
            .unwrap()
            .stream
            .strip_prefix("payment-")
            .unwrap()
            .to_owned();
        let payment = self.aggregates.payments.load(&id).await.unwrap().state;
        (id, payment)
    }

    /// How many events of a type there are.
    pub(super) async fn count(&self, event_type: &str) -> usize {
        let events = self.events().await;
        let of_type = events.iter().filter(|event| event.event_type == event_type);
        of_type.count()
    }

    /// The whole log.
    pub(super) async fn events(&self) -> Vec<RecordedEvent> {
        self.store.read_all(0, 100_000).await.unwrap()
    }

    fn process(&self) -> ProcessRuntime {
        ProcessRuntime::new(
            "fulfilment",
            Arc::clone(&self.store),
            Arc::clone(&self.process),
            self.handler(),
            self.time.clock.clone(),
            ProcessSettings::default(),
        )
    }

    fn handler(&self) -> Arc<dyn EventHandler> {
        let timings = Timings::standard();
        let handler =
            ProcessHandler::new(self.aggregates.clone(), Arc::clone(&self.store), timings)
                .with_channels(self.available);
        if self.twice {
            Arc::new(HandledTwice(Arc::new(handler)))
        } else {
            Arc::new(handler)
        }
    }

    fn work_loop(&self) -> WorkLoop {
        let (aggregates, clock) = (&self.aggregates, &self.time.clock);
        let (store, gateway) = (Arc::clone(&self.store), Arc::clone(&self.gateway));
        let gateway = Gateway::new(aggregates.clone(), store, gateway, clock.clone())
            .with_settings(self.settings);
        let told = |channel: &Arc<dyn NotificationChannel>| {
            let channel = Arc::clone(channel);
            self.door(Notifications::new(
                aggregates.clone(),
                channel,
                clock.clone(),
            ))
        };
        WorkLoop::new(
            Arc::clone(&self.work),
            clock.clone(),
            WorkSettings::default(),
        )
        .handle(
            "timer",
            self.door(Timers::new(aggregates.clone(), clock.clone())),
        )
        .handle("gateway", self.door(gateway))
        .handle(LOG, told(&self.log))
        .handle(MAIL, told(&self.mail))
        .handle(WEBHOOK, told(&self.webhook))
    }

    fn door(&self, handler: impl WorkHandler) -> Arc<dyn WorkHandler> {
        if self.twice {
            Arc::new(AttemptedTwice(Arc::new(handler)))
        } else {
            Arc::new(handler)
        }
    }
}

//! A shop with one product, the process, and a clock that is moved by hand.

use std::{
    path::Path,
    sync::{Arc, Mutex, atomic::AtomicU32},
};

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
};
use orderlog_runtime::{
    process::{EventHandler, ProcessRuntime, ProcessSettings, until_quiet},
    work::{WorkHandler, WorkLoop, WorkSettings},
};
use tokio_util::sync::CancellationToken;

use super::{
    clients::{ORDER, sku},
    doors::{EventDoor, Meantime, WorkDoor},
    fuse::Fuse,
    fused::Fused,
    ground::Engines,
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

    /// Lets `by` pass at once.
    pub(super) fn advance(&self, by: TimeDelta) {
        self.hands.advance(by);
    }
}

/// One life of the system.
pub(super) struct World {
    time: Time,
    fuse: Fuse,
    engines: Engines,
    twice: bool,
    held: Arc<Mutex<Option<RecordedEvent>>>,
    gateway: Arc<dyn PaymentGateway>,
    settings: GatewaySettings,
    log: Arc<dyn NotificationChannel>,
    mail: Arc<dyn NotificationChannel>,
    webhook: Arc<dyn NotificationChannel>,
    available: Available,
    /// How often people have begun to do things anew.
    pub(super) round: AtomicU32,
    pub(super) aggregates: Aggregates,
}

impl World {
    /// Opens the data directory; with `twice`, everything is done twice.
    pub(super) async fn open(directory: &Path, time: &Time, fuse: &Fuse, twice: bool) -> Self {
        let world = Self::over(Engines::embedded(directory).await, time, fuse);
        Self { twice, ..world }
    }

    /// A life over these engines.
    pub(super) fn over(engines: Engines, time: &Time, fuse: &Fuse) -> Self {
        let log: Arc<dyn EventStore> = Arc::new(fused(&engines.log, time, fuse));
        let engines = Engines {
            process: Arc::new(fused(&engines.process, time, fuse)),
            work: Arc::new(fused(&engines.work, time, fuse)),
            log: Arc::clone(&log),
            ..engines
        };
        Self {
            time: time.clone(),
            fuse: fuse.clone(),
            aggregates: Aggregates::new(log, time.clock.clone()),
            engines,
            twice: false,
            held: Arc::default(),
            gateway: Arc::new(SimulatedGateway::new(&Timings::standard())),
            settings: GatewaySettings::default(),
            log: Arc::new(LogChannel),
            mail: Arc::new(NotConfigured),
            webhook: Arc::new(NotConfigured),
            available: Available::default(),
            round: AtomicU32::new(0),
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
        if self.engines.work.counts(now).await.unwrap().leased > 0 {
            // Nobody runs: these were leased in an earlier life.
            let lease = WorkSettings::default().lease + std::time::Duration::from_secs(1);
            self.time.hands.advance(TimeDelta::from_std(lease).unwrap());
        }
        let process = self.process();
        let work = self.work_loop();
        let mut passed = process.passed();
        let (cancel, stop) = (CancellationToken::new(), CancellationToken::new());
        let ended = (cancel.clone(), stop.clone());
        let fan_out = self.engines.fan_out().await;
        let process = tokio::spawn(async move { process.run(fan_out, ended.0).await });
        let worker = tokio::spawn(async move { work.run(ended.1).await });
        loop {
            let Engines { log, work, .. } = &self.engines;
            let clock = &self.time.clock;
            until_quiet(log.as_ref(), &mut passed, work.as_ref(), clock)
                .await
                .unwrap();
            if !self.handle_held().await {
                break;
            }
        }
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
        let fan_out = self.engines.fan_out().await;
        let process = tokio::spawn(async move { process.run(fan_out, ended).await });
        let mut head = 0;
        while self.engines.log.head().await.unwrap().position > head {
            head = self.engines.log.head().await.unwrap().position;
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
            let due = self
                .engines
                .work
                .next_due(&KINDS.map(str::to_owned))
                .await
                .unwrap();
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
        self.payments().await.swap_remove(0)
    }

    /// All its payments with their ids, the first first.
    pub(super) async fn payments(&self) -> Vec<(String, Arc<Payment>)> {
        let mut payments = Vec::new();
        let events = self.events().await;
        let initiated = |event: &&RecordedEvent| event.event_type == "PaymentInitiated";
        for event in events.iter().filter(initiated) {
            let id = event.stream.strip_prefix("payment-").unwrap();
            let loaded = self.aggregates.payments.load(id).await.unwrap();
            payments.push((id.to_owned(), loaded.state));
        }
        payments
    }

    /// How many events of a type there are.
    pub(super) async fn count(&self, event_type: &str) -> usize {
        let events = self.events().await;
        let of_type = events.iter().filter(|event| event.event_type == event_type);
        of_type.count()
    }

    /// The whole log.
    pub(super) async fn events(&self) -> Vec<RecordedEvent> {
        self.engines.log.read_all(0, 100_000).await.unwrap()
    }

    /// Handles an event again, long after.
    pub(super) async fn handle_again(&self, event: &RecordedEvent) {
        self.door().handle(event).await.unwrap();
    }

    /// Time that passes while something is under way.
    pub(super) fn meantime(&self) -> Meantime {
        Meantime {
            time: self.time.clone(),
            work: Arc::clone(&self.engines.work),
        }
    }

    /// Handles an event that nothing has overtaken; whether there was one.
    async fn handle_held(&self) -> bool {
        let Some(held) = self.held.lock().unwrap().take() else {
            return false;
        };
        let rows = self.door().inner.handle(&held).await.unwrap();
        let now = self.time.clock.now();
        self.engines.work.insert(rows, now).await.unwrap();
        true
    }

    fn process(&self) -> ProcessRuntime {
        ProcessRuntime::new(
            "fulfilment",
            Arc::clone(&self.engines.log),
            Arc::clone(&self.engines.process),
            Arc::new(self.door()),
            self.time.clock.clone(),
            ProcessSettings::default(),
        )
    }

    fn door(&self) -> EventDoor {
        let log = Arc::clone(&self.engines.log);
        let handler = ProcessHandler::new(self.aggregates.clone(), log, Timings::standard())
            .with_channels(self.available);
        EventDoor {
            inner: Arc::new(handler),
            fuse: self.fuse.clone(),
            meantime: self.meantime(),
            twice: self.twice,
            held: Arc::clone(&self.held),
        }
    }

    fn work_loop(&self) -> WorkLoop {
        let (aggregates, clock) = (&self.aggregates, &self.time.clock);
        let (log, gateway) = (Arc::clone(&self.engines.log), Arc::clone(&self.gateway));
        let gateway = Gateway::new(aggregates.clone(), log, gateway, clock.clone())
            .with_settings(self.settings);
        let told = |channel: &Arc<dyn NotificationChannel>| {
            let (aggregates, channel) = (aggregates.clone(), Arc::clone(channel));
            self.work_door(Notifications::new(aggregates, channel, clock.clone()))
        };
        let timers = Timers::new(aggregates.clone(), clock.clone());
        let work = Arc::clone(&self.engines.work);
        let settings = WorkSettings {
            pace: std::time::Duration::ZERO,
            ..WorkSettings::default()
        };
        WorkLoop::new(work, clock.clone(), settings)
            .handle("timer", self.work_door(timers))
            .handle("gateway", self.work_door(gateway))
            .handle(LOG, told(&self.log))
            .handle(MAIL, told(&self.mail))
            .handle(WEBHOOK, told(&self.webhook))
    }

    fn work_door(&self, inner: impl WorkHandler) -> Arc<dyn WorkHandler> {
        Arc::new(WorkDoor {
            inner,
            fuse: self.fuse.clone(),
            meantime: self.meantime(),
            twice: self.twice,
        })
    }
}

fn fused<T: ?Sized>(inner: &Arc<T>, time: &Time, fuse: &Fuse) -> Fused<T> {
    Fused {
        fuse: fuse.clone(),
        time: time.clone(),
        inner: Arc::clone(inner),
    }
}

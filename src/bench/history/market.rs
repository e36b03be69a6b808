//! A shop at work in a time of its own: customers come, the process of the real system answers every
//! event, its work rows fall due, people do their part, and everything is recorded. One thing happens
//! at a time, so the same seed makes the same history.

use std::{collections::HashSet, sync::Arc};

use anyhow::{Context, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use orderlog_command_api::{
    aggregates::{Aggregates, stock_id},
    process::{
        gateway::Gateway,
        handler::ProcessHandler,
        notifications::{LOG, LogChannel, Notifications},
        simulated_gateway::SimulatedGateway,
        timers::Timers,
    },
};
use orderlog_domain::{
    fact::Fact,
    fulfilment::Timings,
    ids::{CustomerId, OrderId, Sku, WarehouseId},
    money::Money,
    order::{OrderCommand, PlaceOrder, RequestedLine},
    product::ProductCommand,
    refusal::Refusal,
    stock::StockCommand,
};
use orderlog_log::{
    clock::{Clock, ManualClock},
    event_store::EventStore,
    executor::{CommandContext, Decides, ExecuteError, Executor},
};
use orderlog_runtime::{
    process::EventHandler,
    work::{LeasedWork, NewWork, WorkHandler, WorkOutcome},
};

use super::{
    ORDERS_A_DAY,
    agenda::{Agenda, Due},
    catalogue::{Offer, TAX, catalogue, pounds},
    chance::Chance,
    ledger::Ledger,
    people::{Deed, deed, refund},
};

/// When the shop opens: as the invoices do.
const OPENING: DateTime<Utc> = DateTime::from_timestamp(1_291_190_760, 0).expect("a valid instant");

/// The shop, its process and its people.
pub(super) struct Market {
    ledger: Arc<Ledger>,
    clock: Clock,
    hand: ManualClock,
    chance: Chance,
    aggregates: Aggregates,
    handler: ProcessHandler,
    workers: Vec<(&'static str, Arc<dyn WorkHandler>)>,
    offers: Vec<Offer>,
    agenda: Agenda,
}

impl Market {
    /// A shop before its opening, whose history goes to the empty `log`.
    pub(super) async fn new(log: Arc<dyn EventStore>, seed: u64) -> anyhow::Result<Self> {
        let (clock, hand) = Clock::manual(OPENING);
        let ledger = Ledger::open(log, clock.clone(), Chance::new(!seed)).await?;
        let ledger = Arc::new(ledger);
        let store: Arc<dyn EventStore> = Arc::clone(&ledger) as _;
        let aggregates = Aggregates::new(Arc::clone(&store), clock.clone());
        let timings = Timings::standard();
        let gateway = Arc::new(SimulatedGateway::new(&timings));
        let gateway = Gateway::new(
            aggregates.clone(),
            Arc::clone(&store),
            gateway,
            clock.clone(),
        );
        let notifications =
            Notifications::new(aggregates.clone(), Arc::new(LogChannel), clock.clone());
        let workers: Vec<(_, Arc<dyn WorkHandler>)> = vec![
            (
                "timer",
                Arc::new(Timers::new(aggregates.clone(), clock.clone())),
            ),
            ("gateway", Arc::new(gateway)),
            (LOG, Arc::new(notifications)),
        ];
        let mut chance = Chance::new(seed);
        Ok(Self {
            handler: ProcessHandler::new(aggregates.clone(), store, timings),
            offers: catalogue(&mut chance),
            ledger,
            clock,
            hand,
            chance,
            aggregates,
            workers,
            agenda: Agenda::default(),
        })
    }

    /// Registers all products and receives their stock; then customers come.
    pub(super) async fn open(&mut self) -> anyhow::Result<()> {
        for rank in 0..self.offers.len() {
            let offer = &mut self.offers[rank];
            let (product, stock, receive) = (offer.register(), offer.stock(), offer.receive());
            let sku = offer.sku.clone();
            let id = stock_id(&sku, &WarehouseId::main());
            let context = self.context("buyer");
            self.send(
                &self.aggregates.products,
                sku.as_str(),
                ProductCommand::Register(product),
                context,
            )
            .await?;
            for command in [
                StockCommand::Register(stock),
                StockCommand::Receive(receive),
            ] {
                let context = self.context("buyer");
                self.send(&self.aggregates.stock, &id, command, context)
                    .await?;
            }
        }
        self.agenda.enter(self.clock.now(), Due::Customer);
        Ok(())
    }

    /// Lets time pass until the history has so many events, and says after each step how many.
    pub(super) async fn run(&mut self, events: u64, progress: impl Fn(u64)) -> anyhow::Result<()> {
        while self.ledger.position() < events {
            self.take_note().await?;
            let (at, due) = self.agenda.next().context("customers never stop coming")?;
            self.hand
                .advance((at - self.clock.now()).max(TimeDelta::zero()));
            match due {
                Due::Customer => self.serve().await?,
                Due::Work(row) => self.attempt(row).await?,
                Due::Deed(deed) => self.act(deed).await?,
            }
            self.ledger.hand_on().await?;
            progress(self.ledger.position().min(events));
        }
        Ok(self.ledger.flush().await?)
    }

    /// The process handles all that has happened, in its order.
    async fn take_note(&mut self) -> anyhow::Result<()> {
        while let Some(event) = self.ledger.news() {
            self.hand.advance(
                self.chance
                    .between(TimeDelta::microseconds(300), TimeDelta::milliseconds(4)),
            );
            let rows = self.handler.handle(&event).await;
            for row in rows.map_err(|error| anyhow!("{error:?}"))? {
                self.enter(row);
            }
            let (kind, version) = (&event.event_type, event.schema_version);
            for fact in Fact::decode(&event.stream, kind, version, &event.data)? {
                if let Some((at, deed)) = deed(&mut self.chance, &event, &fact) {
                    self.agenda.enter(at, Due::Deed(deed));
                }
            }
        }
        Ok(())
    }

    /// Puts down a row of work; what goes outside takes a while.
    fn enter(&mut self, row: NewWork) {
        let now = self.clock.now();
        let takes = match row.kind {
            "gateway" => self
                .chance
                .between(TimeDelta::milliseconds(80), TimeDelta::milliseconds(900)),
            _ => self
                .chance
                .between(TimeDelta::milliseconds(2), TimeDelta::milliseconds(20)),
        };
        let leased = LeasedWork {
            id: row.id,
            kind: row.kind.to_owned(),
            payload: row.payload,
            event_id: row.event_id,
            correlation_id: row.correlation_id,
            earlier_attempts: 0,
            created_at: now,
        };
        self.agenda
            .enter(row.due_at.max(now) + takes, Due::Work(leased));
    }

    async fn attempt(&mut self, row: LeasedWork) -> anyhow::Result<()> {
        let worker = self.workers.iter().find(|(kind, _)| *kind == row.kind);
        let (_, worker) = worker.with_context(|| format!("nobody does {}", row.kind))?;
        match worker.attempt(&row).await {
            WorkOutcome::Done => {}
            WorkOutcome::Again { at, .. } => {
                let earlier_attempts = row.earlier_attempts + 1;
                self.agenda.enter(
                    at,
                    Due::Work(LeasedWork {
                        earlier_attempts,
                        ..row
                    }),
                );
            }
            WorkOutcome::Postponed { at, .. } => self.agenda.enter(at, Due::Work(row)),
        }
        Ok(())
    }

    /// A customer orders, and the next one comes.
    async fn serve(&mut self) -> anyhow::Result<()> {
        let now = self.clock.now();
        let place = self.order(now).await?;
        let (id, context) = (place.order_id.to_string(), self.context("customer"));
        self.send(
            &self.aggregates.orders,
            &id,
            OrderCommand::Place(place),
            context,
        )
        .await?;
        let pause = TimeDelta::days(1) / ORDERS_A_DAY;
        let pause = self.chance.between(TimeDelta::zero(), pause * 2);
        self.agenda.enter(now + pause, Due::Customer);
        Ok(())
    }

    async fn order(&mut self, now: DateTime<Utc>) -> anyhow::Result<PlaceOrder> {
        let wanted = self.chance.lines();
        let (mut lines, mut taken) = (Vec::with_capacity(wanted), HashSet::new());
        while lines.len() < wanted {
            let rank = self.chance.product();
            if !taken.insert(rank) {
                continue;
            }
            let offer = &self.offers[rank];
            let version = self
                .aggregates
                .products
                .recent(offer.sku.as_str())
                .await?
                .version;
            lines.push(RequestedLine {
                sku: offer.sku.clone(),
                name: offer.name.clone(),
                quantity: i64::from(self.chance.quantity()),
                unit_price: offer.price,
                discount: Money::zero(pounds()),
                tax: TAX,
                product_version: Some(version),
            });
        }
        Ok(PlaceOrder {
            order_id: OrderId(self.chance.id(now)),
            customer_id: CustomerId::parse((12_346 + self.chance.customer()).to_string())?,
            currency: pounds(),
            lines,
            shipping: Money::zero(pounds()),
            expected_total: None,
            payment_method: Some(self.chance.token().to_owned()),
            reference: None,
        })
    }

    async fn act(&mut self, deed: Deed) -> anyhow::Result<()> {
        match deed {
            Deed::Order(order_id, actor, command) => {
                let context = self.context(actor);
                self.send(
                    &self.aggregates.orders,
                    &order_id.to_string(),
                    command,
                    context,
                )
                .await
            }
            Deed::Payment(payment_id, command) => {
                let context = self.context("customer");
                self.send(
                    &self.aggregates.payments,
                    &payment_id.to_string(),
                    command,
                    context,
                )
                .await
            }
            Deed::GiveBack(order_id) => {
                let order = self.aggregates.orders.load(&order_id.to_string()).await?;
                let now = self.clock.now();
                if let Some(refund) = refund(&mut self.chance, &order.state, now) {
                    self.agenda.enter(now, Due::Deed(refund));
                }
                Ok(())
            }
            Deed::Restock(sku) => self.restock(&sku).await,
        }
    }

    async fn restock(&mut self, sku: &Sku) -> anyhow::Result<()> {
        let offer = self.offers.iter_mut().find(|offer| offer.sku == *sku);
        let receive = offer.context("only what is offered runs low")?.receive();
        let (id, context) = (stock_id(sku, &WarehouseId::main()), self.context("buyer"));
        self.send(
            &self.aggregates.stock,
            &id,
            StockCommand::Receive(receive),
            context,
        )
        .await
    }

    /// Sends what somebody outside asks for; that a rule refuses it is a part of history, too.
    async fn send<A>(
        &self,
        executor: &Executor<A>,
        id: &str,
        command: A::Command,
        context: CommandContext,
    ) -> anyhow::Result<()>
    where
        A: Decides,
        A::Error: Refusal,
    {
        match executor.execute(id, command, context).await {
            Ok(_) | Err(ExecuteError::Refused { .. }) => Ok(()),
            Err(error) => Err(anyhow!("{id}: {error}")),
        }
    }

    fn context(&mut self, actor: &str) -> CommandContext {
        let command_id = self.chance.id(self.clock.now());
        CommandContext {
            command_id,
            correlation_id: self.chance.id(self.clock.now()),
            causation_id: command_id,
            actor: actor.to_owned(),
            traceparent: None,
            expected_version: None,
            fingerprint: None,
        }
    }
}

//! All events and silent commands that belong to an order. Its saga and it name its payments, its saga the
//! stock that it asked for; a notification's id derives from the event that it tells of; the rest is found under the
//! names of the streams. So no index is needed, and what is read does not grow with the log.

use std::collections::{BTreeMap, BTreeSet};

use orderlog_domain::{
    fact::Fact,
    fulfilment::{FulfilmentEvent, TargetedCommand},
    ids::{CustomerId, OrderId},
    notification,
    order::OrderEvent,
};
use orderlog_log::{
    event::{Position, RecordedEvent},
    event_reader::{EventReader, SilentOf},
    event_store::{CommandRecord, StoreError},
};
use uuid::Uuid;

use crate::{
    folding::facts,
    order_timeline::order_of,
    saga_story::{Call, Story},
};

/// Events and commands that are read at once.
const PAGE: usize = 1_000;

/// What belongs to some orders.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) orders: Vec<OrderId>,
    pub(super) events: BTreeMap<Position, RecordedEvent>,
    pub(super) silent: BTreeMap<Uuid, CommandRecord>,
}

impl Gathered {
    /// All that belongs to the order.
    pub(super) async fn order(
        &mut self,
        log: &dyn EventReader,
        order_id: OrderId,
    ) -> Result<(), StoreError> {
        let own = format!("order-{order_id}");
        let saga = stream(log, &format!("saga-order-{order_id}")).await?;
        let (mut payments, stock) = addressed(&saga);
        let mut events = stream(log, &own).await?;
        payments.extend(paid_by(&events));
        let mut streams = BTreeSet::from([own, format!("saga-order-{order_id}")]);
        events.extend(saga);
        for payment in payments {
            events.extend(stream(log, &payment).await?);
            streams.insert(payment);
        }
        for told in events
            .iter()
            .map(|event| event.event_id)
            .collect::<Vec<_>>()
        {
            let name = format!("notification-{}", notification::about(told));
            events.extend(stream(log, &name).await?);
            streams.insert(name);
        }
        let chains: BTreeSet<_> = events.iter().map(|event| event.correlation_id).collect();
        for name in stock {
            let held = stream(log, &name).await?;
            events.extend(held.into_iter().filter(|event| {
                let facts = facts(event).unwrap_or_default();
                facts
                    .iter()
                    .any(|fact| order_of(event, fact) == Some(order_id))
            }));
        }
        for name in &streams {
            self.silent(log, SilentOf::Stream(name), |_| true).await?;
        }
        for chain in chains {
            // A chain may be shared with other orders; what addressed them is theirs.
            let of = SilentOf::Correlation(chain);
            self.silent(log, of, |record| {
                matches!(category(&record.command.stream), "stock" | "product")
            })
            .await?;
        }
        self.orders.push(order_id);
        self.events
            .extend(events.into_iter().map(|event| (event.position, event)));
        Ok(())
    }

    /// How the customer wants to be told.
    pub(super) async fn contact(
        &mut self,
        log: &dyn EventReader,
        customer: &CustomerId,
    ) -> Result<(), StoreError> {
        let name = format!("contact-{customer}");
        let events = stream(log, &name).await?;
        self.events
            .extend(events.into_iter().map(|event| (event.position, event)));
        self.silent(log, SilentOf::Stream(&name), |_| true).await
    }

    /// The operations at the payment gateway, order by order.
    pub(super) fn calls(&self) -> Vec<Call> {
        let of = |order_id: &OrderId| {
            let key = order_id.to_string();
            let own = self
                .events
                .values()
                .filter(|event| event.partition_key == key);
            let told: Vec<_> = own
                .flat_map(|event| {
                    let facts = facts(event).unwrap_or_default();
                    facts.into_iter().map(|fact| (event.clone(), fact))
                })
                .collect();
            Story::of(*order_id, &told).map_or_else(|_| Vec::new(), |story| story.calls)
        };
        self.orders.iter().flat_map(of).collect()
    }

    async fn silent(
        &mut self,
        log: &dyn EventReader,
        of: SilentOf<'_>,
        belongs: impl Fn(&CommandRecord) -> bool,
    ) -> Result<(), StoreError> {
        let mut after = Uuid::nil();
        loop {
            let page = log.silent_commands(of, after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.command.command_id;
            let own = page.into_iter().filter(|record| belongs(record));
            self.silent
                .extend(own.map(|record| (record.command.command_id, record)));
        }
    }
}

/// The orders of a customer, oldest first.
pub(super) async fn orders(
    log: &dyn EventReader,
    customer: &CustomerId,
) -> Result<Vec<OrderId>, StoreError> {
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = log.read_all(after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        after = last.position;
        let orders = page
            .iter()
            .filter(|event| category(&event.stream) == "order");
        // Looking is cheaper than parsing.
        for event in orders.filter(|event| event.data.contains(customer.as_str())) {
            for fact in facts(event).unwrap_or_default() {
                if let Fact::Order(OrderEvent::OrderPlaced {
                    order_id,
                    customer_id,
                    ..
                }) = fact
                    && customer_id == *customer
                {
                    found.push(order_id);
                }
            }
        }
    }
}

/// The streams of the payments and of the stock that a saga has sent commands to.
fn addressed(saga: &[RecordedEvent]) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut payments, mut stock) = (BTreeSet::new(), BTreeSet::new());
    let facts = saga
        .iter()
        .flat_map(|event| facts(event).unwrap_or_default());
    for fact in facts {
        let Fact::Fulfilment(FulfilmentEvent::CommandsIssued { commands, .. }) = fact else {
            continue;
        };
        for issued in commands {
            match issued.command {
                TargetedCommand::Payment { payment_id, .. } => {
                    payments.insert(format!("payment-{payment_id}"));
                }
                TargetedCommand::Stock { sku, warehouse, .. } => {
                    stock.insert(format!("stock-{sku}-{warehouse}"));
                }
                TargetedCommand::Order { .. } => {}
            }
        }
    }
    (payments, stock)
}

/// The streams of the payments that an order says it was paid by.
fn paid_by(order: &[RecordedEvent]) -> BTreeSet<String> {
    let facts = order
        .iter()
        .flat_map(|event| facts(event).unwrap_or_default());
    let mut paid = BTreeSet::new();
    for fact in facts {
        if let Fact::Order(OrderEvent::OrderConfirmed {
            payment_id: Some(id),
            ..
        }) = fact
        {
            paid.insert(format!("payment-{id}"));
        }
    }
    paid
}

/// Every event of a stream.
async fn stream(log: &dyn EventReader, name: &str) -> Result<Vec<RecordedEvent>, StoreError> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event.version);
        let page = log.read_stream(name, after, PAGE).await?;
        let is_last = page.len() < PAGE;
        events.extend(page);
        if is_last {
            return Ok(events);
        }
    }
}

fn category(stream: &str) -> &str {
    stream
        .split_once('-')
        .map_or(stream, |(category, _)| category)
}

//! What happens when an event has been recorded. Four reactions, in this order: the order's saga
//! observes it; the commands that a saga has issued are sent and their replies recorded; what the
//! customer should be told is requested; what has to be done later or outside becomes work rows.
//! Every command id derives from the event. Next: `fulfilment` in the domain decides what follows.

use std::sync::Arc;

use async_trait::async_trait;
use orderlog_domain::{
    fact::Fact,
    fulfilment::{FulfilmentCommand, FulfilmentEvent, Observe, RecordReplies, Timings, observed},
    ids::{CustomerId, derive},
    notification::{self, Available, NotificationCommand, Routes, Wanted, route, wanted},
};
use orderlog_log::{
    event::RecordedEvent,
    event_store::{EventStore, StoreError},
};
use orderlog_runtime::{
    process::{EventHandler, HandleError},
    work::NewWork,
};

use crate::aggregates::{Aggregates, ENDPOINTS, saga_id};

use super::{
    cause::{Cause, SAGA, SYSTEM},
    issuing::{issue, settle},
    rows::rows,
};

/// Reacts to every event of the log.
pub struct ProcessHandler {
    aggregates: Aggregates,
    store: Arc<dyn EventStore>,
    timings: Timings,
    channels: Available,
}

impl ProcessHandler {
    /// A handler whose new sagas wait as `timings` says; running ones keep theirs.
    pub fn new(aggregates: Aggregates, store: Arc<dyn EventStore>, timings: Timings) -> Self {
        Self {
            aggregates,
            store,
            timings,
            channels: Available::default(),
        }
    }

    /// The same, in a system that can also tell customers through these channels.
    #[must_use]
    pub fn with_channels(self, channels: Available) -> Self {
        Self { channels, ..self }
    }
}

#[async_trait]
impl EventHandler for ProcessHandler {
    async fn handle(&self, event: &RecordedEvent) -> Result<Vec<NewWork>, HandleError> {
        let (kind, version) = (&event.event_type, event.schema_version);
        let facts = Fact::decode(&event.stream, kind, version, &event.data);
        let facts = facts.map_err(|error| match error.is_newer() {
            true => HandleError::Newer(error.to_string()),
            false => HandleError::Poison(error.to_string()),
        })?;
        let mut work = Vec::new();
        for (part, fact) in facts.iter().enumerate() {
            work.extend(self.react(event, &Cause::of(event, part), fact).await?);
        }
        Ok(work)
    }
}

impl ProcessHandler {
    async fn react(
        &self,
        event: &RecordedEvent,
        cause: &Cause,
        fact: &Fact,
    ) -> Result<Vec<NewWork>, HandleError> {
        self.tell_saga(fact, cause).await?;
        if let Fact::Fulfilment(issued) = fact {
            self.carry_out(issued, cause).await?;
        }
        self.notify(fact, cause).await?;
        rows(event, cause, fact).map_err(|error| HandleError::Poison(error.to_string()))
    }

    async fn tell_saga(&self, fact: &Fact, cause: &Cause) -> Result<(), HandleError> {
        let Some((order_id, fact)) = observed(fact) else {
            return Ok(());
        };
        let fact = fact.with_timings(&self.timings);
        let observe = Observe {
            event_id: cause.seed(),
            fact,
        };
        let context = cause.derived(derive(cause.seed(), "observe"), SAGA);
        let command = FulfilmentCommand::Observe(observe);
        settle(
            &self.aggregates.fulfilments,
            &saga_id(order_id),
            command,
            context,
        )
        .await
    }

    /// Sends what a saga has issued. Once its replies are recorded nothing is sent again: by then
    /// a command whose refusal is not remembered might be accepted behind the saga's back.
    async fn carry_out(&self, event: &FulfilmentEvent, cause: &Cause) -> Result<(), HandleError> {
        let FulfilmentEvent::CommandsIssued {
            order_id,
            issue_id,
            commands,
            ..
        } = event
        else {
            return Ok(());
        };
        let recording = derive(*issue_id, "replies");
        let recorded = self.store.command(recording).await;
        if recorded
            .map_err(|error| HandleError::Infrastructure(error.to_string()))?
            .is_some()
        {
            return Ok(());
        }
        let replies = issue(&self.aggregates, commands.clone(), cause).await?;
        let record = RecordReplies {
            issue: *issue_id,
            replies,
        };
        let context = cause.derived(recording, SAGA);
        let command = FulfilmentCommand::RecordReplies(record);
        settle(
            &self.aggregates.fulfilments,
            &saga_id(*order_id),
            command,
            context,
        )
        .await
    }

    async fn notify(&self, fact: &Fact, cause: &Cause) -> Result<(), HandleError> {
        let Some(wanted) = wanted(fact) else {
            return Ok(());
        };
        // Whose order it is never changes, so it does not matter how old this is.
        let orders = &self.aggregates.orders;
        let order = orders.recent(&wanted.order_id.to_string()).await;
        let order = order.map_err(|error| HandleError::Infrastructure(error.to_string()))?;
        let Some(placed) = &order.state.placed else {
            return Ok(());
        };
        let id = notification::about(cause.seed());
        let customer = &placed.customer_id;
        let routes = self.routes(customer, &wanted).await?;
        let request = wanted.request(id, customer.clone(), routes);
        let context = cause.derived(derive(cause.seed(), "notify"), SYSTEM);
        let command = NotificationCommand::Request(request);
        settle(
            &self.aggregates.notifications,
            &id.to_string(),
            command,
            context,
        )
        .await
    }

    /// The channels that the customer is told through.
    async fn routes(&self, customer: &CustomerId, wanted: &Wanted) -> Result<Routes, HandleError> {
        let unread = |error: StoreError| HandleError::Infrastructure(error.to_string());
        let (contact, webhooks) = tokio::join!(
            self.aggregates.contacts.load(customer.as_str()),
            self.aggregates.webhooks.load(ENDPOINTS),
        );
        Ok(route(
            customer,
            wanted.kind,
            contact.map_err(unread)?.state.preferences.as_ref(),
            &webhooks.map_err(unread)?.state,
            self.channels,
        ))
    }
}

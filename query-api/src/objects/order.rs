//! An order and what hangs on it. Its own fields come from one row; each field that reads another
//! read model waits for that one alone. Which commands it allows now is asked of REST.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use chrono::{DateTime, Utc};
use orderlog_log::event_store::EventStore;
use orderlog_projections::{
    notifications, order_summary::OrderSummary, order_timeline, payments, sagas,
};
use uuid::Uuid;

use super::{
    customer::Customer,
    money::{Long, Money},
    notification::Notification,
    order_parts::{Cancellation, OrderLine, Rejection, Shipment},
    order_states::{FulfillmentStatus, OrderStatus, PaymentStatus},
    payment::Payment,
    saga::Saga,
    timeline::TimelineEntry,
};
use crate::{
    failure::{unread, untold},
    freshness::fresh,
    paging::{Rows, connection, paging, weight},
};

/// An order as it stands.
pub struct Order(pub(crate) OrderSummary);

/// An order as it stands.
#[Object]
impl Order {
    /// Its id.
    async fn id(&self) -> Uuid {
        self.0.order_id.0
    }

    /// The sender's own name for it.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// Who ordered.
    async fn customer(&self) -> Customer {
        Customer(self.0.customer_id.clone())
    }

    /// Where it stands by its own account.
    async fn status(&self) -> OrderStatus {
        self.0.status.into()
    }

    /// How far it is paid.
    async fn payment_status(&self) -> PaymentStatus {
        self.0.payment_status.into()
    }

    /// How far it is fulfilled.
    async fn fulfillment_status(&self) -> FulfillmentStatus {
        self.0.fulfillment_status.into()
    }

    /// What was ordered.
    async fn lines(&self) -> Vec<OrderLine<'_>> {
        self.0.lines.iter().map(OrderLine).collect()
    }

    /// What shipping costs.
    async fn shipping(&self) -> Money {
        self.0.shipping.into()
    }

    /// What the customer pays in all: lines and shipping.
    async fn total(&self) -> Money {
        self.0.total.into()
    }

    /// What was taken of it.
    async fn captured(&self) -> Money {
        self.0.captured.into()
    }

    /// What was given back of that.
    async fn refunded(&self) -> Money {
        self.0.refunded.into()
    }

    /// Its shipments, oldest first.
    async fn shipments(&self) -> Vec<Shipment<'_>> {
        self.0.shipments.iter().map(Shipment).collect()
    }

    /// Why the shop could not honour it.
    async fn rejection(&self) -> Option<Rejection<'_>> {
        self.0.rejection.as_ref().map(Rejection)
    }

    /// Who wanted it stopped, and why.
    async fn cancellation(&self) -> Option<Cancellation> {
        self.0.cancellation.as_ref().map(Cancellation::of)
    }

    /// When it was placed.
    async fn placed_at(&self) -> DateTime<Utc> {
        self.0.placed_at
    }

    /// When it, or a payment of it, last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Its version, as REST's `ETag` has it.
    async fn version(&self) -> Long {
        self.0.version.into()
    }

    /// Its latest payment.
    async fn payment(&self, context: &Context<'_>) -> Result<Option<Payment>> {
        let Some(id) = self.0.payments.last() else {
            return Ok(None);
        };
        let rows = fresh(context, payments::rows).await?;
        Ok(payments::by_id(&rows, *id)
            .await
            .map_err(unread)?
            .map(Payment))
    }

    /// All of its payments, oldest first.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn payments(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<Payment>> {
        let paging = paging(first, after)?;
        let rows = fresh(context, payments::rows).await?;
        let page = payments::of_order(&rows, self.0.order_id, paging)
            .await
            .map_err(unread)?;
        Ok(connection(page, Payment))
    }

    /// The process that carries it through.
    async fn saga(&self, context: &Context<'_>) -> Result<Option<Saga>> {
        let rows = fresh(context, sagas::rows).await?;
        Ok(sagas::of_order(&rows, self.0.order_id)
            .await
            .map_err(unread)?
            .map(Saga))
    }

    /// Everything that happened to it, oldest first.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn timeline(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<TimelineEntry>> {
        let paging = paging(first, after)?;
        let rows = fresh(context, order_timeline::rows).await?;
        let log = context.data::<Arc<dyn EventStore>>()?.as_ref();
        let page = order_timeline::of_order(&rows, log, self.0.order_id, paging)
            .await
            .map_err(untold)?;
        Ok(connection(page, TimelineEntry))
    }

    /// What its customer was told about it, newest first.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn notifications(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<Notification>> {
        let paging = paging(first, after)?;
        let rows = fresh(context, notifications::rows).await?;
        let filter = notifications::NotificationFilter {
            order_id: Some(self.0.order_id),
            ..Default::default()
        };
        let page = notifications::page(&rows, &filter, paging)
            .await
            .map_err(unread)?;
        Ok(connection(page, Notification))
    }
}

//! Orders, and whose they are.

use async_graphql::{Context, InputObject, Object, Result};
use chrono::{DateTime, Utc};
use orderlog_domain::ids::{CustomerId, OrderId, PaymentId, Sku};
use orderlog_projections::{
    customers,
    notifications::{self, NotificationFilter},
    order_summary, payments,
};
use uuid::Uuid;

use super::argument;
use crate::{
    failure::unread,
    freshness::fresh,
    objects::{
        customer::Customer,
        notification::Notification,
        notification_states::NotificationStatus,
        order::Order,
        order_states::{FulfillmentStatus, OrderStatus, PaymentStatus},
        payment::Payment,
        payment_states::PaymentState,
    },
    paging::{Rows, connection, paging, weight},
};

#[derive(Default)]
pub(super) struct Orders;

/// Which orders are wanted; all of what is said must hold.
#[derive(InputObject, Default)]
struct OrderFilter {
    /// Of this customer.
    customer: Option<String>,
    /// With one of these statuses.
    #[graphql(default)]
    status: Vec<OrderStatus>,
    /// Paid as far as one of these.
    #[graphql(default)]
    payment_status: Vec<PaymentStatus>,
    /// Fulfilled as far as one of these.
    #[graphql(default)]
    fulfillment_status: Vec<FulfillmentStatus>,
    /// Placed then or later.
    placed_from: Option<DateTime<Utc>>,
    /// Placed earlier than this.
    placed_before: Option<DateTime<Utc>>,
    /// With a line of this product.
    sku: Option<String>,
    /// Under this name of the sender's own.
    reference: Option<String>,
}

#[Object]
impl Orders {
    /// The order with this id.
    async fn order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its id.")] id: Uuid,
    ) -> Result<Option<Order>> {
        let rows = fresh(context, order_summary::rows).await?;
        Ok(order_summary::by_id(&rows, OrderId(id))
            .await
            .map_err(unread)?
            .map(Order))
    }

    /// Orders, newest first.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn orders(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Which ones; all unless said.")] filter: Option<OrderFilter>,
    ) -> Result<Rows<Order>> {
        let paging = paging(first, after)?;
        let filter = filter.unwrap_or_default().parsed()?;
        let rows = fresh(context, order_summary::rows).await?;
        let page = order_summary::page(&rows, &filter, paging)
            .await
            .map_err(unread)?;
        Ok(connection(page, Order))
    }

    /// The payment with this id.
    async fn payment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its id.")] id: Uuid,
    ) -> Result<Option<Payment>> {
        let rows = fresh(context, payments::rows).await?;
        Ok(payments::by_id(&rows, PaymentId(id))
            .await
            .map_err(unread)?
            .map(Payment))
    }

    /// Payments, newest first. Those of one order are at the order.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn payments(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "In one of these states; in any unless said.", default)] state: Vec<
            PaymentState,
        >,
    ) -> Result<Rows<Payment>> {
        let paging = paging(first, after)?;
        let states: Vec<_> = state.into_iter().map(Into::into).collect();
        let rows = fresh(context, payments::rows).await?;
        let page = payments::page(&rows, &states, paging)
            .await
            .map_err(unread)?;
        Ok(connection(page, Payment))
    }

    /// The customer with this id, if there ever was an order of theirs.
    async fn customer(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The shop's own id of the customer.")] id: String,
    ) -> Result<Option<Customer>> {
        let id = argument("id", CustomerId::parse(id))?;
        let rows = fresh(context, customers::rows).await?;
        let found = customers::by_id(&rows, &id).await.map_err(unread)?;
        Ok(found.map(|customer| Customer(customer.customer_id)))
    }

    /// What customers were told, newest first.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn notifications(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "About this order.")] order_id: Option<Uuid>,
        #[graphql(desc = "To this customer.")] customer_id: Option<String>,
        #[graphql(desc = "With one of these statuses; with any unless said.", default)] status: Vec<
            NotificationStatus,
        >,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<Notification>> {
        let paging = paging(first, after)?;
        let customer_id = customer_id.map(CustomerId::parse).transpose();
        let filter = NotificationFilter {
            order_id: order_id.map(OrderId),
            customer_id: argument("customerId", customer_id)?,
            status: status.into_iter().map(Into::into).collect(),
        };
        let rows = fresh(context, notifications::rows).await?;
        let page = notifications::page(&rows, &filter, paging)
            .await
            .map_err(unread)?;
        Ok(connection(page, Notification))
    }
}

impl OrderFilter {
    fn parsed(self) -> Result<order_summary::OrderFilter> {
        let customer_id = self.customer.map(CustomerId::parse).transpose();
        Ok(order_summary::OrderFilter {
            customer_id: argument("filter.customer", customer_id)?,
            status: self.status.into_iter().map(Into::into).collect(),
            payment_status: self.payment_status.into_iter().map(Into::into).collect(),
            fulfillment_status: self
                .fulfillment_status
                .into_iter()
                .map(Into::into)
                .collect(),
            placed_from: self.placed_from,
            placed_before: self.placed_before,
            sku: argument("filter.sku", self.sku.map(Sku::parse).transpose())?,
            reference: self.reference,
        })
    }
}

//! A customer, as far as orders know one. Nothing personal is stored here.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use orderlog_domain::ids::CustomerId;
use orderlog_projections::{
    customers,
    notifications::{self, NotificationFilter},
    order_summary::{self, OrderFilter},
};

use super::{
    money::{Long, Money},
    notification::Notification,
    order::Order,
};
use crate::{
    failure::unread,
    freshness::fresh,
    paging::{Rows, connection, paging, weight},
};

/// A customer, as far as orders know one.
pub struct Customer(pub(crate) CustomerId);

/// A customer, as far as orders know one.
#[Object]
impl Customer {
    /// The shop's own id of the customer.
    async fn id(&self) -> &str {
        self.0.as_str()
    }

    /// What was ordered in all; absent where nothing ever was.
    async fn totals(&self, context: &Context<'_>) -> Result<Option<CustomerTotals>> {
        let rows = fresh(context, customers::rows).await?;
        let customer = customers::by_id(&rows, &self.0).await.map_err(unread)?;
        Ok(customer.as_ref().map(CustomerTotals::of))
    }

    /// The customer's orders, newest first.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn orders(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<Order>> {
        let paging = paging(first, after)?;
        let rows = fresh(context, order_summary::rows).await?;
        let filter = OrderFilter {
            customer_id: Some(self.0.clone()),
            ..Default::default()
        };
        let page = order_summary::page(&rows, &filter, paging)
            .await
            .map_err(unread)?;
        Ok(connection(page, Order))
    }

    /// What the customer was told, newest first.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn notifications(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<Notification>> {
        let paging = paging(first, after)?;
        let rows = fresh(context, notifications::rows).await?;
        let filter = NotificationFilter {
            customer_id: Some(self.0.clone()),
            ..Default::default()
        };
        let page = notifications::page(&rows, &filter, paging)
            .await
            .map_err(unread)?;
        Ok(connection(page, Notification))
    }
}

/// What a customer has ordered in all.
#[derive(SimpleObject)]
pub struct CustomerTotals {
    /// Orders placed.
    pub orders: Long,
    /// What was ordered, by currency.
    pub ordered: Vec<OrderedInCurrency>,
    /// When the first order was placed.
    pub first_order_at: DateTime<Utc>,
    /// When the latest order was placed.
    pub last_order_at: DateTime<Utc>,
}

/// What was ordered in one currency.
#[derive(SimpleObject)]
pub struct OrderedInCurrency {
    /// ISO 4217 code.
    pub currency: String,
    /// Orders placed.
    pub orders: Long,
    /// Their totals.
    pub total: Money,
}

impl CustomerTotals {
    fn of(customer: &customers::Customer) -> Self {
        let ordered = customer
            .ordered
            .iter()
            .map(|(code, ordered)| OrderedInCurrency {
                currency: code.clone(),
                orders: ordered.orders.into(),
                total: Money::sum(ordered.total, code),
            });
        Self {
            orders: customer.orders.into(),
            ordered: ordered.collect(),
            first_order_at: customer.first_order_at,
            last_order_at: customer.last_order_at,
        }
    }
}

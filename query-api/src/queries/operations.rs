//! What those ask who run the shop: sagas, sales, and how far the read models are.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, Result};
use chrono::{DateTime, NaiveDate, Utc};
use orderlog_domain::{ids::OrderId, money::Currency};
use orderlog_projections::{daily_sales, sagas};
use orderlog_runtime::read_store::ReadStore;
use uuid::Uuid;

use super::argument;
use crate::{
    Head,
    failure::{bad_input, unread},
    freshness::fresh,
    objects::{
        projection::Projection,
        saga::Saga,
        saga_states::{SagaStatus, Step},
        sales::DailySales,
    },
    paging::{Rows, connection, paging, weight},
};

/// The most days of one answer.
const DAYS: i64 = 366;

#[derive(Default)]
pub(super) struct Operations;

/// Which sagas are wanted; all of what is said must hold.
#[derive(InputObject, Default)]
struct SagaFilter {
    /// At one of these steps.
    #[graphql(default)]
    step: Vec<Step>,
    /// Doing one of these.
    #[graphql(default)]
    status: Vec<SagaStatus>,
    /// Only those that need an operator, or only those that do not.
    needs_operator: Option<bool>,
    /// Unchanged since then.
    updated_before: Option<DateTime<Utc>>,
}

#[Object]
impl Operations {
    /// The process that carries an order through.
    async fn saga(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The order.")] order_id: Uuid,
    ) -> Result<Option<Saga>> {
        let rows = fresh(context, sagas::rows).await?;
        Ok(sagas::of_order(&rows, OrderId(order_id))
            .await
            .map_err(unread)?
            .map(Saga))
    }

    /// Sagas; those that changed least recently first, as they may be stuck.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn sagas(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
        #[graphql(desc = "Which ones; all unless said.")] filter: Option<SagaFilter>,
    ) -> Result<Rows<Saga>> {
        let paging = paging(first, after)?;
        let filter = filter.unwrap_or_default();
        let filter = sagas::SagaFilter {
            step: filter.step.into_iter().map(Into::into).collect(),
            status: filter.status.into_iter().map(Into::into).collect(),
            needs_operator: filter.needs_operator,
            updated_before: filter.updated_before,
        };
        let rows = fresh(context, sagas::rows).await?;
        let page = sagas::page(&rows, &filter, paging).await.map_err(unread)?;
        Ok(connection(page, Saga))
    }

    /// What was sold each day, oldest first; days without sales are left out.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn daily_sales(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first day, in the shop's time zone.")] from: NaiveDate,
        #[graphql(desc = "The last day; 366 days at most.")] to: NaiveDate,
        #[graphql(desc = "Money of this currency alone: an ISO 4217 code.")] currency: Option<
            String,
        >,
    ) -> Result<Vec<DailySales>> {
        let currency = currency.as_deref().map(Currency::from_code).transpose();
        let currency = argument("currency", currency)?.map(Currency::code);
        let days = to.signed_duration_since(from).num_days() + 1;
        if !(1..=DAYS).contains(&days) {
            let message = format!("from, to: {days} days; between 1 and {DAYS} can be asked for");
            return Err(bad_input(message));
        }
        let rows = fresh(context, daily_sales::rows).await?;
        let days = daily_sales::between(&rows, from, to)
            .await
            .map_err(unread)?;
        Ok(days
            .iter()
            .map(|day| DailySales::of(day, currency))
            .collect())
    }

    /// How far each read model is.
    #[graphql(complexity = "50 + child_complexity")]
    async fn projections(&self, context: &Context<'_>) -> Result<Vec<Projection>> {
        let store = context.data::<Arc<dyn ReadStore>>()?;
        let head = *context.data::<Head>()?.borrow();
        let stored = store.stored().await.map_err(unread)?;
        let standing = |name: &str| store.progress().of(name);
        let shown = stored.into_iter().map(|stored| {
            let standing = standing(&stored.name);
            Projection::of(stored, &standing, head)
        });
        Ok(shown.collect())
    }
}

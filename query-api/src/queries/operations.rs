//! What those ask who run the shop: sales, and how far the read models are.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use chrono::NaiveDate;
use orderlog_domain::money::Currency;
use orderlog_projections::daily_sales;
use orderlog_runtime::read_store::ReadStore;

use super::argument;
use crate::{
    Head,
    failure::{bad_input, unread},
    freshness::fresh,
    objects::{projection::Projection, sales::DailySales},
};

/// The most days of one answer.
const DAYS: i64 = 366;

#[derive(Default)]
pub(super) struct Operations;

#[Object]
impl Operations {
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

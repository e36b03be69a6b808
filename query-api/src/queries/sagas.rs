//! What those ask who look after sagas: which there are, which stand still, and what led to what.

use async_graphql::{Context, InputObject, Object, Result};
use chrono::{DateTime, Utc};
use orderlog_domain::ids::OrderId;
use orderlog_projections::sagas;
use uuid::Uuid;

use crate::{
    failure::unread,
    freshness::fresh,
    objects::{
        causation::CausationGraph,
        money::Long,
        saga::Saga,
        saga_states::{SagaStatus, Step},
    },
    paging::{Rows, connection, paging, weight},
};

#[derive(Default)]
pub(super) struct Sagas;

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
    /// With a timer that runs and was due before then.
    due_before: Option<DateTime<Utc>>,
}

#[Object]
impl Sagas {
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
        page(context, first, after, filter.unwrap_or_default().into()).await
    }

    /// The sagas that a person has to look at.
    async fn needs_operator(&self) -> NeedsOperator {
        NeedsOperator
    }

    /// What one request led to: the commands and events with its correlation id.
    #[graphql(complexity = "50 + child_complexity")]
    async fn causation_graph(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The id that the chain shares.")] correlation_id: Uuid,
    ) -> Result<Option<CausationGraph>> {
        CausationGraph::read(context, correlation_id).await
    }
}

/// The sagas that a person has to look at.
pub(super) struct NeedsOperator;

/// The sagas that a person has to look at.
#[Object]
impl NeedsOperator {
    /// How many there are.
    async fn count(&self, context: &Context<'_>) -> Result<Long> {
        let rows = fresh(context, sagas::rows).await?;
        let count = sagas::count(&rows, &needing()).await.map_err(unread)?;
        Ok(count.into())
    }

    /// They; those that changed least recently first.
    #[graphql(complexity = "1 + weight(first) * child_complexity")]
    async fn sagas(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most so many; 20 unless said, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Rows<Saga>> {
        page(context, first, after, needing()).await
    }
}

fn needing() -> sagas::SagaFilter {
    sagas::SagaFilter {
        needs_operator: Some(true),
        ..sagas::SagaFilter::default()
    }
}

async fn page(
    context: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    filter: sagas::SagaFilter,
) -> Result<Rows<Saga>> {
    let paging = paging(first, after)?;
    let rows = fresh(context, sagas::rows).await?;
    let page = sagas::page(&rows, &filter, paging).await.map_err(unread)?;
    Ok(connection(page, Saga))
}

impl From<SagaFilter> for sagas::SagaFilter {
    fn from(filter: SagaFilter) -> Self {
        Self {
            step: filter.step.into_iter().map(Into::into).collect(),
            status: filter.status.into_iter().map(Into::into).collect(),
            needs_operator: filter.needs_operator,
            updated_before: filter.updated_before,
            due_before: filter.due_before,
        }
    }
}

//! What can be followed. A subscription begins with the present state, so whoever lost the
//! connection subscribes again and has missed nothing that still matters.

use std::sync::Arc;

use async_graphql::{Context, Result, Subscription};
use futures::{Stream, stream};
use orderlog_domain::ids::OrderId;
use orderlog_projections::order_summary::{self, OrderRows, OrderSummary};
use orderlog_runtime::read_store::{self, ReadError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::{
    failure::{bad_input, unread},
    freshness::fresh,
    objects::order::Order,
};

/// Subscriptions that one connection may hold.
const HELD: usize = 50;

/// What a connection may still subscribe to.
#[derive(Clone)]
pub(crate) struct Slots(Arc<Semaphore>);

impl Default for Slots {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(HELD)))
    }
}

/// What can be followed.
pub struct Subscription;

/// What can be followed.
#[Subscription]
impl Subscription {
    /// The order as it is now, then again after each change; null while it does not exist.
    async fn order_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The order.")] id: Uuid,
    ) -> Result<impl Stream<Item = Result<Option<Order>>>> {
        let slots = context.data_opt::<Slots>().cloned().unwrap_or_default();
        let slot = slots
            .0
            .try_acquire_owned()
            .map_err(|_| bad_input(format!("a connection holds {HELD} subscriptions at most")))?;
        let rows = fresh(context, order_summary::rows).await?;
        let following = Following {
            order_id: OrderId(id),
            // From before the first read, so that no change falls between the two.
            changes: rows.follow(&id.to_string()),
            rows,
            shown: None,
            _slot: slot,
        };
        Ok(stream::unfold(Some(following), |following| async {
            let mut following = following?;
            match following.next().await? {
                Ok(row) => Some((Ok(row.map(Order)), Some(following))),
                Err(error) => Some((Err(unread(error)), None)),
            }
        }))
    }
}

struct Following {
    order_id: OrderId,
    rows: OrderRows,
    changes: read_store::Subscription,
    /// What was shown last; `None` before the first.
    shown: Option<Option<OrderSummary>>,
    _slot: OwnedSemaphorePermit,
}

impl Following {
    /// The next state that differs from the one shown last; `None` when nothing changes any more.
    async fn next(&mut self) -> Option<Result<Option<OrderSummary>, ReadError>> {
        loop {
            if self.shown.is_some() {
                self.changes.next().await?;
            }
            let row = match order_summary::by_id(&self.rows, self.order_id).await {
                Ok(row) => row,
                Err(error) => return Some(Err(error)),
            };
            if self.shown.as_ref() != Some(&row) {
                self.shown = Some(row.clone());
                return Some(Ok(row));
            }
        }
    }
}

//! What auditors ask of the log itself: how something was.

use async_graphql::{Context, Object, Result};
use uuid::Uuid;

use crate::objects::as_of::{OrderAsOf, PointOfHistory};

#[derive(Default)]
pub(super) struct Audits;

#[Object]
impl Audits {
    /// The order as it was: its stream, folded up to a point by the rules' own fold. Nothing where it did
    /// not exist then.
    #[graphql(complexity = "50 + child_complexity")]
    async fn order_as_of(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its id.")] id: Uuid,
        #[graphql(desc = "Up to where its history counts.")] at: PointOfHistory,
    ) -> Result<Option<OrderAsOf>> {
        OrderAsOf::read(context, id, at).await
    }
}

//! What the log itself has: the whole story of a saga, and what led to what in a chain. For audits of
//! one thing at a time; what is listed and searched is in the read models. Streams are read whole, and
//! a chain by its index, so the cost does not grow with the log.

use std::sync::Arc;

use async_graphql::{Context, Result};
use orderlog_domain::{fact::Fact, ids::OrderId};
use orderlog_log::{
    event::{Position, RecordedEvent},
    event_store::{CommandRecord, EventStore},
};
use orderlog_projections::saga_story::{self, Story};
use orderlog_runtime::read_store::{IndexedBy, ReadStore};
use uuid::Uuid;

use crate::failure::{lost, undecoded, unread};

/// Events of a stream that are read at once.
const AT_ONCE: usize = 500;
/// Events of a chain that are shown; a saga has some dozens.
pub(crate) const CHAIN: usize = 5_000;

/// The story of an order's saga up to a position, or as far as it has come.
pub(crate) async fn story(
    context: &Context<'_>,
    order_id: OrderId,
    up_to: Option<Position>,
) -> Result<Option<Story>> {
    let log = context.data::<Arc<dyn EventStore>>()?.as_ref();
    let end = up_to.unwrap_or(Position::MAX);
    let saga = whole(log, &format!("saga-order-{order_id}"), end).await?;
    let payments = saga_story::payments(saga.iter().map(|(_, fact)| fact));
    let mut events = saga;
    events.extend(whole(log, &format!("order-{order_id}"), end).await?);
    for payment in payments {
        events.extend(whole(log, &format!("payment-{payment}"), end).await?);
    }
    events.sort_by_key(|(recorded, _)| recorded.position);
    Ok(Story::of(order_id, &events).ok())
}

/// The events of a chain, oldest first, and whether it has more than are read.
pub(crate) async fn chain(
    context: &Context<'_>,
    correlation_id: Uuid,
) -> Result<(Vec<RecordedEvent>, bool)> {
    let (log, rows) = (
        context.data::<Arc<dyn EventStore>>()?,
        context.data::<Arc<dyn ReadStore>>()?,
    );
    let of = IndexedBy::Correlation(correlation_id);
    let mut positions = rows.positions(of, 0, CHAIN + 1).await.map_err(unread)?;
    let more = positions.len() > CHAIN;
    positions.truncate(CHAIN);
    let mut events = Vec::with_capacity(positions.len());
    for some in positions.chunks(AT_ONCE) {
        events.extend(log.read_at(some).await.map_err(lost)?);
    }
    Ok((events, more))
}

/// What became of a command.
pub(crate) async fn command(
    context: &Context<'_>,
    command_id: Uuid,
) -> Result<Option<CommandRecord>> {
    let log = context.data::<Arc<dyn EventStore>>()?;
    log.command(command_id).await.map_err(lost)
}

/// Every event of a stream up to a position.
async fn whole(
    log: &dyn EventStore,
    stream: &str,
    up_to: Position,
) -> Result<Vec<(RecordedEvent, Fact)>> {
    let (mut events, mut after) = (Vec::new(), 0);
    loop {
        let some = log
            .read_stream(stream, after, AT_ONCE)
            .await
            .map_err(lost)?;
        let is_last = some.len() < AT_ONCE;
        for recorded in some {
            after = recorded.version;
            if recorded.position > up_to {
                return Ok(events);
            }
            let (kind, version) = (&recorded.event_type, recorded.schema_version);
            let facts = Fact::decode(&recorded.stream, kind, version, &recorded.data);
            let facts = facts.map_err(undecoded)?.into_iter();
            events.extend(facts.map(|fact| (recorded.clone(), fact)));
        }
        if is_last {
            return Ok(events);
        }
    }
}

//! The demo's warehouse and customers follow the log and do their part some time after each event
//! of one of the demo's orders. They begin at the start of the log each time: what was done
//! before is answered by its command's id, so nothing has to be remembered.

use std::{collections::HashMap, time::Duration};

use futures::{TryStreamExt, stream};
use orderlog_command_api::aggregates::Aggregates;
use orderlog_domain::{
    fact::Fact,
    ids::{OperationId, OrderId, RefundId, derive},
    payment::{PaymentCommand, Refund},
};
use orderlog_log::{clock::Clock, event::RecordedEvent, event_store::EventStore};
use orderlog_runtime::dead_letter;

use super::{
    DemoError, Pace,
    deeds::{Deed, deed},
    script::DemoOrder,
    sending::send,
};

/// Deeds that may be waiting for their time.
const WAITING: usize = 512;

/// Events that are read at once.
const PAGE: usize = 1_000;

/// Follows the log and never ends by itself.
pub(super) async fn follow(
    aggregates: &Aggregates,
    store: &dyn EventStore,
    clock: &Clock,
    pace: Pace,
) -> Result<(), DemoError> {
    let orders: HashMap<String, DemoOrder> = (1..=pace.orders)
        .map(DemoOrder::numbered)
        .map(|order| (order.id().to_string(), order))
        .collect();
    events(store)
        .try_filter_map(async |event| {
            let Some(order) = orders.get(&event.partition_key) else {
                return Ok(None);
            };
            if event.category() == dead_letter::CATEGORY {
                return Ok(None);
            }
            let (kind, version) = (&event.event_type, event.schema_version);
            let facts = Fact::decode(&event.stream, kind, version, &event.data)?;
            // What the demo answers never was in another form: it says one thing.
            let deed = facts
                .iter()
                .find_map(|fact| deed(order.story, &event, fact));
            Ok(deed.map(|deed| (order.id(), event, deed)))
        })
        .try_for_each_concurrent(WAITING, |(order_id, event, deed)| async move {
            let age = (clock.now() - event.occurred_at)
                .to_std()
                .unwrap_or(Duration::ZERO);
            tokio::time::sleep(pace.each_step.saturating_sub(age)).await;
            act(aggregates, order_id, &event, deed).await
        })
        .await
}

/// All events of the log, and those to come.
fn events(store: &dyn EventStore) -> impl futures::Stream<Item = Result<RecordedEvent, DemoError>> {
    let head = store.watch_head();
    stream::try_unfold((head, 0), async move |(mut head, after)| {
        loop {
            head.borrow_and_update();
            let page = store.read_all(after, PAGE).await?;
            if let Some(last) = page.last() {
                let after = last.position;
                let page = stream::iter(page.into_iter().map(Ok));
                return Ok::<_, DemoError>(Some((page, (head, after))));
            }
            if head.changed().await.is_err() {
                return Ok(None);
            }
        }
    })
    .try_flatten()
}

async fn act(
    aggregates: &Aggregates,
    order_id: OrderId,
    event: &RecordedEvent,
    deed: Deed,
) -> Result<(), DemoError> {
    let command_id = derive(event.event_id, "demo");
    let order = order_id.to_string();
    match deed {
        Deed::Order(command) => send(&aggregates.orders, &order, command, command_id).await?,
        Deed::Payment(payment_id, command) => {
            send(
                &aggregates.payments,
                &payment_id.to_string(),
                command,
                command_id,
            )
            .await?
        }
        Deed::RefundQuarter => {
            let order = aggregates.orders.load(&order).await?;
            let (Some(placed), Some(payment_id)) = (&order.state.placed, order.state.payment_id)
            else {
                return Ok(());
            };
            let mut amount = placed.total;
            amount.amount_minor /= 4;
            let refund = PaymentCommand::Refund(Refund {
                operation_id: OperationId(derive(event.event_id, "refund operation")),
                refund_id: RefundId(derive(event.event_id, "refund")),
                amount,
                reason: "one piece was chipped".to_owned(),
            });
            send(
                &aggregates.payments,
                &payment_id.to_string(),
                refund,
                command_id,
            )
            .await?
        }
    };
    Ok(())
}

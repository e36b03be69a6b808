//! The invoices that earlier imports have placed, read from the log itself, so that no read model
//! has to be up to date. An order is an invoice's when its id is the one derived from its
//! reference. Next: `matching` looks among them for what a cancelling invoice takes back.

use std::collections::HashMap;

use orderlog_domain::{
    fact::{Fact, Facts},
    ids::OrderId,
    order::{OrderEvent, OrderLine},
};
use orderlog_log::event::RecordedEvent;
use orderlog_log::event_store::{EventStore, StoreError};

use super::{
    ids::{cancelling_invoice, order_of},
    matching::{Closed, Lines, PastSale},
};

/// Events that are read at once.
const PAGE: usize = 2_000;

/// All sales that earlier imports have placed, oldest first.
pub(super) async fn placed_sales(store: &dyn EventStore) -> Result<Vec<PastSale>, StoreError> {
    let mut sales: Vec<PastSale> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut after = 0;
    loop {
        let page = store.read_all(after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(sales);
        };
        after = last.position;
        for event in page.iter().filter(|event| event.category() == "order") {
            for fact in facts(event)? {
                let Fact::Order(fact) = fact else { continue };
                let sale = places.get(&event.stream);
                if let Some(sale) = placed(&fact) {
                    places.insert(event.stream.clone(), sales.len());
                    sales.push(sale);
                } else if let (Some(index), Some(closed)) = (sale, closed(&fact)) {
                    sales[*index].closed.get_or_insert(closed);
                }
            }
        }
    }
}

fn facts(event: &RecordedEvent) -> Result<Facts, StoreError> {
    let (kind, version) = (&event.event_type, event.schema_version);
    let facts = Fact::decode(&event.stream, kind, version, &event.data);
    facts.map_err(|error| match error.is_newer() {
        true => StoreError::NewerEvent {
            position: event.position,
            detail: error.to_string(),
        },
        false => StoreError::Corrupt {
            detail: error.to_string(),
        },
    })
}

fn placed(fact: &OrderEvent) -> Option<PastSale> {
    let OrderEvent::OrderPlaced {
        order_id,
        customer_id,
        lines,
        reference,
        ..
    } = fact
    else {
        return None;
    };
    let number = reference
        .as_ref()
        .filter(|number| is_of(*order_id, number))?;
    Some(PastSale {
        number: number.clone(),
        customer: customer_id.clone(),
        lines: lines_of(lines),
        closed: None,
    })
}

fn is_of(order: OrderId, number: &str) -> bool {
    order == order_of(number)
}

fn lines_of(lines: &[OrderLine]) -> Lines {
    lines
        .iter()
        .map(|line| ((line.sku.clone(), line.unit_price), line.quantity))
        .collect()
}

fn closed(fact: &OrderEvent) -> Option<Closed> {
    match fact {
        OrderEvent::OrderCancellationRequested { reason, .. } => Some(
            cancelling_invoice(reason).map_or(Closed::Otherwise, |by| Closed::By(by.to_owned())),
        ),
        OrderEvent::OrderRejected { .. } => Some(Closed::Otherwise),
        OrderEvent::OrderPlaced { .. }
        | OrderEvent::OrderStockReserved { .. }
        | OrderEvent::OrderConfirmed { .. }
        | OrderEvent::OrderCancelled { .. }
        | OrderEvent::OrderRemainderCancelled { .. }
        | OrderEvent::ShipmentCreated { .. }
        | OrderEvent::ShipmentPacked { .. }
        | OrderEvent::ShipmentReleased { .. }
        | OrderEvent::ShipmentDispatched { .. }
        | OrderEvent::ShipmentDelivered { .. }
        | OrderEvent::ShipmentCancelled { .. }
        | OrderEvent::OrderCompleted { .. } => None,
    }
}

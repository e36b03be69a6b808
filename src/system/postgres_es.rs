//! The kinds of streams that are written through postgres-es. It knows a kind by the type of an
//! aggregate alone, so each has one here, be it only for its name.

use std::convert::Infallible;

use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
use orderlog_domain::{
    contact::Contact, fulfilment::Fulfilment, notification::Notification, order::Order,
    payment::Payment, product::Product, stock::StockItem, webhook::Webhooks,
};
use orderlog_log::postgres::AggregateTypes;
use orderlog_runtime::dead_letter;
use serde::{Deserialize, Serialize};

/// Every kind of stream that this build writes.
pub(super) fn types() -> AggregateTypes {
    AggregateTypes::default()
        .with::<Product>()
        .with::<StockItem>()
        .with::<Payment>()
        .with::<Order>()
        .with::<Fulfilment>()
        .with::<Notification>()
        .with::<Contact>()
        .with::<Webhooks>()
        .with::<Rulings>()
}

/// What operators decide about parked events; no aggregate of the domain.
#[derive(Default, Serialize, Deserialize)]
struct Rulings;

/// Its events are not made here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Never {}

impl Aggregate for Rulings {
    const TYPE: &'static str = dead_letter::CATEGORY;
    type Command = Never;
    type Event = Never;
    type Error = Infallible;
    type Services = ();

    async fn handle(
        &mut self,
        command: Never,
        (): &(),
        _: &EventSink<Self>,
    ) -> Result<(), Infallible> {
        match command {}
    }

    fn apply(&mut self, event: Never) {
        match event {}
    }
}

impl DomainEvent for Never {
    fn event_type(&self) -> String {
        match *self {}
    }

    fn event_version(&self) -> String {
        match *self {}
    }
}

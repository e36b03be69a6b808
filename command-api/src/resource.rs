//! An aggregate as clients see it: where it is, what state it is in, and which of the commands
//! that clients may send it takes now. Commands of the process are nobody else's and not shown.

use std::collections::BTreeMap;

use orderlog_domain::{
    DecidedAt, contact::Contact, fulfilment::Fulfilment, notification::Notification, order::Order,
    payment::Payment, product::Product, refusal::Refusal, stock::StockItem, webhook::Webhooks,
};
use orderlog_log::executor::{Decides, Executor};

use crate::{
    aggregates::{self, Aggregates},
    rest::BASE,
};

/// What REST needs to know of an aggregate.
pub(crate) trait Resource: Decides<Error: Refusal> {
    /// What clients may ask of it: the domain's name of a command, and the last part of its path.
    const COMMANDS: &'static [(&'static str, &'static str)];

    /// Its executor.
    fn executor(aggregates: &Aggregates) -> &Executor<Self>;

    /// Where the resource is, or one of its parts.
    fn href(id: &str, part: &str) -> String;

    /// The id that clients know it by.
    fn public_id(id: &str) -> &str {
        id
    }

    /// The name of its state.
    fn state(&self) -> &'static str;

    /// The domain's names of the commands that it takes at an instant.
    fn takes(&self, at: DecidedAt) -> Vec<&'static str>;

    /// What clients may ask of it now.
    fn allowed(&self, at: DecidedAt) -> Vec<&'static str> {
        let takes = self.takes(at);
        Self::COMMANDS
            .iter()
            .filter(|(command, _)| takes.contains(command))
            .map(|(_, part)| *part)
            .collect()
    }

    /// Where it is, and where what it takes now is sent.
    fn links(&self, id: &str, at: DecidedAt) -> BTreeMap<&'static str, String> {
        let allowed = self
            .allowed(at)
            .into_iter()
            .map(|part| (part, Self::href(id, part)));
        allowed.chain([("self", Self::href(id, ""))]).collect()
    }
}

/// The parts of [`Resource`] that read alike for every aggregate.
macro_rules! as_the_domain_says {
    ($executors:ident) => {
        fn executor(aggregates: &Aggregates) -> &Executor<Self> {
            &aggregates.$executors
        }

        fn state(&self) -> &'static str {
            self.state_name()
        }

        fn takes(&self, at: DecidedAt) -> Vec<&'static str> {
            self.allowed_commands(at)
        }
    };
}

impl Resource for Product {
    const COMMANDS: &'static [(&'static str, &'static str)] = &[
        ("ChangePrice", "price"),
        ("RenameProduct", "rename"),
        ("DiscontinueProduct", "discontinue"),
    ];

    as_the_domain_says!(products);

    fn href(id: &str, part: &str) -> String {
        below("products", id, part)
    }
}

impl Resource for StockItem {
    const COMMANDS: &'static [(&'static str, &'static str)] = &[
        ("SetStockPolicy", "policy"),
        ("ReceiveStock", "receipts"),
        ("AdjustStock", "adjustments"),
    ];

    as_the_domain_says!(stock);

    /// Addressed by product; the warehouse is a parameter of reading and a field of commands.
    fn href(id: &str, part: &str) -> String {
        let (sku, warehouse) = id.rsplit_once('-').unwrap_or((id, ""));
        match part {
            "" => format!("{}?warehouse={warehouse}", below("stock", sku, "")),
            part => below("stock", sku, part),
        }
    }
}

impl Resource for Payment {
    const COMMANDS: &'static [(&'static str, &'static str)] = &[
        ("CompleteAction", "complete-action"),
        ("Refund", "refund"),
        ("Reconcile", "reconcile"),
    ];

    as_the_domain_says!(payments);

    fn href(id: &str, part: &str) -> String {
        below("payments", id, part)
    }
}

impl Resource for Order {
    const COMMANDS: &'static [(&'static str, &'static str)] = &[
        ("RequestCancellation", "cancel"),
        ("MarkShipmentPacked", "pack"),
        ("DispatchShipment", "dispatch"),
        ("RecordDelivery", "deliver"),
    ];

    as_the_domain_says!(orders);

    fn href(id: &str, part: &str) -> String {
        below("orders", id, part)
    }
}

impl Resource for Notification {
    const COMMANDS: &'static [(&'static str, &'static str)] = &[("ReplayNotification", "replay")];

    as_the_domain_says!(notifications);

    fn href(id: &str, part: &str) -> String {
        below("notifications", id, part)
    }
}

impl Resource for Contact {
    const COMMANDS: &'static [(&'static str, &'static str)] = &[];

    as_the_domain_says!(contacts);

    /// A contact is the notification preferences of a customer.
    fn href(id: &str, _: &str) -> String {
        below("customers", id, "notification-preferences")
    }
}

impl Resource for Webhooks {
    const COMMANDS: &'static [(&'static str, &'static str)] = &[];

    as_the_domain_says!(webhooks);

    /// All endpoints are one aggregate.
    fn href(_: &str, _: &str) -> String {
        format!("{BASE}/webhook-endpoints")
    }
}

impl Resource for Fulfilment {
    const COMMANDS: &'static [(&'static str, &'static str)] = &[
        ("RetryStep", "retry"),
        ("SkipStep", "skip"),
        ("CompensateNow", "compensate"),
        ("ResumeFulfilment", "resume"),
        ("ResolveFulfilment", "resolve"),
    ];

    as_the_domain_says!(fulfilments);

    /// Addressed by the order.
    fn href(id: &str, part: &str) -> String {
        below("sagas", Self::public_id(id), part)
    }

    fn public_id(id: &str) -> &str {
        aggregates::order_of_saga(id)
    }
}

/// Of the characters that ids may have, only the space needs escaping in a path.
fn below(collection: &str, id: &str, part: &str) -> String {
    let id = id.replace(' ', "%20");
    match part {
        "" => format!("{BASE}/{collection}/{id}"),
        part => format!("{BASE}/{collection}/{id}/{part}"),
    }
}

//! Any recorded event of the domain, decoded by the kind of its stream and brought to today's form. What
//! can't be decoded is an error that says why: a reader never skips an event in silence.
//! Next: `evolution` knows what became of older forms.

use cqrs_es::DomainEvent;
use smallvec::smallvec;

use crate::{
    contact::ContactEvent,
    evolution::{Evolving, Today, Unread, decode},
    fulfilment::FulfilmentEvent,
    notification::NotificationEvent,
    order::OrderEvent,
    payment::PaymentEvent,
    product::ProductEvent,
    stock::StockEvent,
    webhook::WebhookEvent,
};

/// What one recorded event says: nearly always one fact; none or several where its form has changed so.
/// They happened at once, in this order, and share position and version.
pub type Facts = Today<Fact>;

/// An event of one of the aggregates.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// Of a product.
    Product(ProductEvent),
    /// Of a stock item.
    Stock(StockEvent),
    /// Of a payment.
    Payment(PaymentEvent),
    /// Of an order.
    Order(OrderEvent),
    /// Of a fulfilment saga.
    Fulfilment(FulfilmentEvent),
    /// Of a notification.
    Notification(NotificationEvent),
    /// Of how a customer wants to be told.
    Contact(ContactEvent),
    /// Of the endpoints to which webhooks go.
    Webhook(WebhookEvent),
}

/// Why a recorded event is not a fact of this build.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// No aggregate of this build has such streams.
    #[error("no aggregate of this build has the stream {stream}")]
    UnknownStream {
        /// The stream.
        stream: String,
    },
    /// The aggregate does not know the event.
    #[error("this build does not know {event_type} in {stream}")]
    UnknownType {
        /// The stream.
        stream: String,
        /// The event's type.
        event_type: String,
    },
    /// The aggregate knows the event, and not this version of its form.
    #[error(
        "this build knows {event_type} in {stream} up to version {known}, not version {version}"
    )]
    UnknownVersion {
        /// The stream.
        stream: String,
        /// The event's type.
        event_type: String,
        /// The version found.
        version: u16,
        /// The newest version known.
        known: u16,
    },
    /// The event has not the form that its type and version say.
    #[error("{event_type} in {stream} can't be read: {reason}")]
    Unreadable {
        /// The stream.
        stream: String,
        /// The event's type.
        event_type: String,
        /// What does not fit.
        reason: String,
    },
}

impl FactError {
    /// Whether a newer build may know what this one does not; else the event is damaged.
    pub fn is_newer(&self) -> bool {
        match self {
            Self::UnknownStream { .. } | Self::UnknownType { .. } | Self::UnknownVersion { .. } => {
                true
            }
            Self::Unreadable { .. } => false,
        }
    }

    fn of(stream: &str, unread: Unread) -> Self {
        let stream = stream.to_owned();
        match unread {
            Unread::UnknownType { event_type } => Self::UnknownType { stream, event_type },
            Unread::UnknownVersion {
                event_type,
                version,
                known,
            } => Self::UnknownVersion {
                stream,
                event_type,
                version,
                known,
            },
            Unread::Damaged { event_type, reason } => Self::Unreadable {
                stream,
                event_type,
                reason,
            },
        }
    }
}

impl Fact {
    /// What was recorded in `stream` as version `version` of `event_type` with the payload `data`.
    pub fn decode(
        stream: &str,
        event_type: &str,
        version: u16,
        data: &str,
    ) -> Result<Facts, FactError> {
        let category = stream
            .split_once('-')
            .map_or(stream, |(category, _)| category);
        let read = match category {
            "order" => read(event_type, version, data, Self::Order),
            "payment" => read(event_type, version, data, Self::Payment),
            "stock" => read(event_type, version, data, Self::Stock),
            "saga" => read(event_type, version, data, Self::Fulfilment),
            "product" => read(event_type, version, data, Self::Product),
            "notification" => read(event_type, version, data, Self::Notification),
            "contact" => read(event_type, version, data, Self::Contact),
            "webhook" => read(event_type, version, data, Self::Webhook),
            _ => {
                return Err(FactError::UnknownStream {
                    stream: stream.to_owned(),
                });
            }
        };
        read.map_err(|unread| FactError::of(stream, unread))
    }

    /// Type of the event, as it is called today.
    pub fn event_type(&self) -> String {
        self.event().event_type()
    }

    /// The event as it would be recorded today: type, version and payload.
    pub fn recorded(&self) -> Result<(String, u16, String), serde_json::Error> {
        let (event_type, data) = (self.event_type(), self.event().json()?);
        Ok((event_type, self.event().version(), data))
    }

    fn event(&self) -> &dyn Written {
        match self {
            Self::Product(event) => event,
            Self::Stock(event) => event,
            Self::Payment(event) => event,
            Self::Order(event) => event,
            Self::Fulfilment(event) => event,
            Self::Notification(event) => event,
            Self::Contact(event) => event,
            Self::Webhook(event) => event,
        }
    }
}

/// An event of any aggregate, as it is written.
trait Written {
    fn event_type(&self) -> String;
    fn version(&self) -> u16;
    fn json(&self) -> Result<String, serde_json::Error>;
}

impl<E: Evolving> Written for E {
    fn event_type(&self) -> String {
        DomainEvent::event_type(self)
    }

    fn version(&self) -> u16 {
        crate::evolution::version_today::<E>(&DomainEvent::event_type(self))
    }

    fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

fn read<E: Evolving>(
    event_type: &str,
    version: u16,
    data: &str,
    fact: fn(E) -> Fact,
) -> Result<Facts, Unread> {
    let mut events = decode(event_type, version, data)?;
    match (events.pop(), events.is_empty()) {
        (Some(only), true) => Ok(smallvec![fact(only)]),
        (last, _) => Ok(events.into_iter().chain(last).map(fact).collect()),
    }
}

#[cfg(test)]
mod tests {
    use crate::{ids::Sku, product::ProductEvent};

    use super::{Fact, FactError};

    const DISCONTINUED: &str = r#"{"ProductDiscontinued":{"sku":"MUG-1"}}"#;

    fn decode(stream: &str, event_type: &str, data: &str) -> Result<Fact, FactError> {
        let mut facts = Fact::decode(stream, event_type, 1, data)?;
        assert_eq!(facts.len(), 1);
        Ok(facts.remove(0))
    }

    #[test]
    fn the_stream_says_of_what_kind_a_fact_is() {
        let sku = Sku::parse("MUG-1").expect("a sku");
        let fact = Fact::Product(ProductEvent::ProductDiscontinued { sku });
        assert_eq!(
            decode("product-MUG-1", "ProductDiscontinued", DISCONTINUED),
            Ok(fact)
        );
        let other = decode("order-1", "ProductDiscontinued", DISCONTINUED);
        assert!(
            matches!(other, Err(FactError::UnknownType { .. })),
            "{other:?}"
        );
    }

    #[test]
    fn a_stream_of_no_aggregate_is_unknown() {
        for stream in ["customer-1", "products-1", "", "-", "Product-MUG-1"] {
            let error = FactError::UnknownStream {
                stream: stream.to_owned(),
            };
            assert_eq!(
                decode(stream, "ProductDiscontinued", DISCONTINUED),
                Err(error)
            );
        }
    }

    #[test]
    fn an_event_of_a_newer_build_is_told_from_a_damaged_one() {
        let newer = decode(
            "product-MUG-1",
            "ProductPainted",
            r#"{"ProductPainted":{}}"#,
        );
        assert!(
            matches!(newer, Err(FactError::UnknownType { .. })),
            "{newer:?}"
        );
        for data in [
            "",
            "{",
            "null",
            r#"{"ProductDiscontinued":{}}"#,
            r#"{"ProductDiscontinued":{"sku":" "}}"#,
        ] {
            let damaged = decode("product-MUG-1", "ProductDiscontinued", data);
            assert!(
                matches!(damaged, Err(FactError::Unreadable { .. })),
                "{data}: {damaged:?}"
            );
        }
    }

    #[test]
    fn a_payload_of_another_type_is_not_taken_for_this_one() {
        for event_type in ["ProductRenamed", "Product", ""] {
            let fact = decode("product-MUG-1", event_type, DISCONTINUED);
            assert!(
                matches!(fact, Err(FactError::Unreadable { .. })),
                "{event_type}: {fact:?}"
            );
        }
    }
}

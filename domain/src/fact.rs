//! Any recorded event of the domain, decoded by the kind of its stream. What can't be decoded is
//! an error that says why: a reader never skips an event in silence.

use cqrs_es::DomainEvent;
use serde::de::DeserializeOwned;

use crate::{
    contact::ContactEvent, fulfilment::FulfilmentEvent, notification::NotificationEvent,
    order::OrderEvent, payment::PaymentEvent, product::ProductEvent, stock::StockEvent,
    webhook::WebhookEvent,
};

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
    /// The aggregate does not know the event in this form.
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

impl Fact {
    /// The fact that was recorded in `stream` as `event_type` with the payload `data`.
    pub fn decode(stream: &str, event_type: &str, data: &str) -> Result<Self, FactError> {
        let category = stream
            .split_once('-')
            .map_or(stream, |(category, _)| category);
        let read = match category {
            "order" => read(data, event_type).map(Self::Order),
            "payment" => read(data, event_type).map(Self::Payment),
            "stock" => read(data, event_type).map(Self::Stock),
            "saga" => read(data, event_type).map(Self::Fulfilment),
            "product" => read(data, event_type).map(Self::Product),
            "notification" => read(data, event_type).map(Self::Notification),
            "contact" => read(data, event_type).map(Self::Contact),
            "webhook" => read(data, event_type).map(Self::Webhook),
            _ => {
                return Err(FactError::UnknownStream {
                    stream: stream.to_owned(),
                });
            }
        };
        read.map_err(|reason| {
            let (stream, event_type) = (stream.to_owned(), event_type.to_owned());
            match reason.starts_with(UNKNOWN_VARIANT) {
                true => FactError::UnknownType { stream, event_type },
                false => FactError::Unreadable {
                    stream,
                    event_type,
                    reason,
                },
            }
        })
    }
}

/// How serde begins to say that an enum has no such variant; its errors carry no kind.
const UNKNOWN_VARIANT: &str = "unknown variant";

fn read<E: DomainEvent + DeserializeOwned>(data: &str, event_type: &str) -> Result<E, String> {
    if !data.strip_prefix("{\"").is_some_and(|rest| {
        rest.strip_prefix(event_type)
            .is_some_and(|rest| rest.starts_with("\":"))
    }) {
        return Err("the payload is of another type".to_owned());
    }
    serde_json::from_str(data).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use crate::{ids::Sku, product::ProductEvent};

    use super::{Fact, FactError};

    const DISCONTINUED: &str = r#"{"ProductDiscontinued":{"sku":"MUG-1"}}"#;

    fn decode(stream: &str, event_type: &str, data: &str) -> Result<Fact, FactError> {
        Fact::decode(stream, event_type, data)
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

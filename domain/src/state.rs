//! The state of any aggregate, folded from its facts by the aggregate's own `apply`: so what is shown of
//! some earlier instant is what the rules decided on then. Pure; who reads the facts says where to stop.

use cqrs_es::Aggregate;
use serde::Serialize;

use crate::{
    contact::Contact, fact::Fact, fulfilment::Fulfilment, notification::Notification, order::Order,
    payment::Payment, product::Product, stock::StockItem, webhook::Webhooks,
};

macro_rules! states {
    ($($(#[$doc:meta])* $kind:ident($aggregate:ty),)*) => {
        /// The state of one of the aggregates; as JSON, its fields alone.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum State {
            $($(#[$doc])* $kind(Box<$aggregate>),)*
        }

        impl State {
            /// The state before the first fact of a stream; none where no aggregate has such streams.
            pub fn unbegun(stream: &str) -> Option<Self> {
                let category = stream.split_once('-')?.0;
                $(if category == <$aggregate>::TYPE {
                    return Some(Self::$kind(Box::default()));
                })*
                None
            }

            /// Folds in the next fact of the stream.
            pub fn apply(&mut self, fact: Fact) -> Result<(), OtherAggregate> {
                match fact {
                    $(Fact::$kind(event) => match self {
                        Self::$kind(state) => state.apply(event),
                        _ => return Err(OtherAggregate),
                    },)*
                }
                Ok(())
            }

            /// The aggregate's kind: what its streams' names begin with.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => <$aggregate>::TYPE,)*
                }
            }

            /// The state's name.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$kind(state) => state.state_name(),)*
                }
            }
        }
    };
}

states! {
    /// Of a product.
    Product(Product),
    /// Of a stock item.
    Stock(StockItem),
    /// Of a payment.
    Payment(Payment),
    /// Of an order.
    Order(Order),
    /// Of a fulfilment saga.
    Fulfilment(Fulfilment),
    /// Of a notification.
    Notification(Notification),
    /// Of how a customer wants to be told.
    Contact(Contact),
    /// Of the endpoints to which webhooks go.
    Webhook(Webhooks),
}

/// The fact is of another kind of aggregate than the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fact is of another aggregate")]
pub struct OtherAggregate;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{OtherAggregate, State};
    use crate::{fact::Fact, ids::Sku, product::ProductEvent};

    fn discontinued() -> Fact {
        let sku = Sku::parse("MUG-1").expect("a sku");
        Fact::Product(ProductEvent::ProductDiscontinued { sku })
    }

    #[test]
    fn each_aggregate_has_a_state_before_its_first_fact() {
        for kind in [
            "product",
            "stock",
            "payment",
            "order",
            "saga",
            "notification",
            "contact",
            "webhook",
        ] {
            let state = State::unbegun(&format!("{kind}-1")).expect(kind);
            assert_eq!(state.kind(), kind);
        }
        for stream in ["customer-1", "order", "", "Order-1"] {
            assert_eq!(State::unbegun(stream), None, "{stream}");
        }
    }

    #[test]
    fn a_fact_is_folded_by_its_own_aggregate_alone() {
        let mut stock = State::unbegun("stock-MUG-1-main").expect("a state");
        assert_eq!(stock.apply(discontinued()), Err(OtherAggregate));
        let mut contact = State::unbegun("contact-c1").expect("a state");
        let data = r#"{"PreferencesSet":{"customer_id":"c1","email":null,"by_email":false,"by_webhook":true}}"#;
        for fact in Fact::decode("contact-c1", "PreferencesSet", 1, data).expect("a fact") {
            contact.apply(fact).expect("its own");
        }
        assert_eq!(contact.name(), "Said");
        let state = serde_json::to_value(&contact).expect("JSON");
        let wants = json!({ "email": null, "by_email": false, "by_webhook": true });
        assert_eq!(state, json!({ "preferences": wants }));
    }
}

//! Ids of what the domain speaks of. Text ids are parsed once and valid ever after; ids that
//! belong to another one are derived from it, so that a repeat after a crash finds the same ids.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};
use uuid::{Builder, Uuid, Version};

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

uuid_id!(
    /// An order.
    OrderId
);
uuid_id!(
    /// A payment of an order.
    PaymentId
);
uuid_id!(
    /// Stock held for one line of an order.
    ReservationId
);
uuid_id!(
    /// A shipment of an order.
    ShipmentId
);
uuid_id!(
    /// One call to the payment gateway, and its idempotency key there.
    OperationId
);
uuid_id!(
    /// A refund of a payment.
    RefundId
);
uuid_id!(
    /// A message to a customer.
    NotificationId
);

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $valid:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text as an id, if it is one.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                if $valid(&text) {
                    Ok(Self(text))
                } else {
                    Err(InvalidId { what: $what, found: text.chars().take(80).collect() })
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

text_id!(
    /// A product's number: 1 to 64 letters, digits, `.`, `_`, `-` and inner spaces; begins with a
    /// letter or digit.
    Sku, "a sku (1 to 64 letters, digits, '.', '_', '-' or inner spaces)", is_sku
);
text_id!(
    /// A customer, opaque: 1 to 64 letters, digits, `.`, `_`, `-`.
    CustomerId, "a customer id (1 to 64 letters, digits, '.', '_' or '-')", is_customer_id
);
text_id!(
    /// A warehouse: 1 to 32 small letters and digits.
    WarehouseId, "a warehouse (1 to 32 small letters or digits)", is_warehouse_id
);

impl WarehouseId {
    /// The one warehouse of a shop that has one.
    pub fn main() -> Self {
        Self("main".to_owned())
    }
}

/// A text that is not an id of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{found:?} is not {what}")]
pub struct InvalidId {
    #[serde(skip)]
    what: &'static str,
    found: String,
}

/// The id that `name` has under `parent`: UUIDv5, so that it is the same at every try; and where
/// the parent carries a time, with the parent's time in front, so that an index finds both in the
/// same place as it does with UUIDv7.
pub fn derive(parent: Uuid, name: &str) -> Uuid {
    let hashed = Uuid::new_v5(&parent, name.as_bytes());
    match parent.get_version() {
        Some(Version::SortRand | Version::Custom) => {
            let mut bytes = *hashed.as_bytes();
            bytes[..6].copy_from_slice(&parent.as_bytes()[..6]);
            Builder::from_custom_bytes(bytes).into_uuid()
        }
        _ => hashed,
    }
}

fn is_sku(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b' ');
    (1..=64).contains(&text.len())
        && text.bytes().all(inner)
        && text.as_bytes()[0].is_ascii_alphanumeric()
        && !text.ends_with(' ')
}

fn is_customer_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn is_warehouse_id(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

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
uuid_id!(
    /// An address to which webhooks go.
    EndpointId
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
    let inner =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b' ');
    (1..=64).contains(&text.len())
        && text.bytes().all(inner)
        && text.as_bytes()[0].is_ascii_alphanumeric()
        && !text.ends_with(' ')
}

fn is_customer_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn is_warehouse_id(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use uuid::{Uuid, Version};

    use super::{CustomerId, OrderId, Sku, WarehouseId, derive};

    const V7: Uuid = Uuid::from_u128(0x0190_6f3e_1c2d_7abc_8def_0123_4567_89ab);

    #[test]
    fn a_sku_is_what_shops_print_on_boxes() {
        let longest = "9".repeat(64);
        for sku in [
            "85123A",
            "BANK CHARGES",
            "gift_0001-b.2",
            "1",
            longest.as_str(),
        ] {
            assert!(Sku::parse(sku).is_ok(), "{sku:?}");
        }
        let too_long = "9".repeat(65);
        for sku in [
            "",
            " A",
            "A ",
            "-A",
            ".A",
            "A/B",
            "A\nB",
            "Größe",
            too_long.as_str(),
        ] {
            assert!(Sku::parse(sku).is_err(), "{sku:?}");
        }
    }

    #[test]
    fn customers_and_warehouses_have_plain_names() {
        assert!(CustomerId::parse("17850").is_ok() && CustomerId::parse("a.B_c-1").is_ok());
        assert!(CustomerId::parse("").is_err() && CustomerId::parse("a b").is_err());
        assert!(WarehouseId::parse("main").is_ok_and(|id| id == WarehouseId::main()));
        assert!(WarehouseId::parse("north-1").is_err() && WarehouseId::parse("Main").is_err());
    }

    #[test]
    fn what_is_read_is_parsed() {
        assert_eq!(
            serde_json::from_str(r#""85123A""#).ok(),
            Sku::parse("85123A").ok()
        );
        assert!(serde_json::from_str::<Sku>(r#"" 85123A""#).is_err());
        assert!(serde_json::from_str::<WarehouseId>(r#""-""#).is_err());
        assert!(serde_json::from_str::<OrderId>(r#""85123A""#).is_err());
    }

    #[test]
    fn an_invalid_id_is_named_but_not_in_full() {
        let error = Sku::parse("?".repeat(1_000)).map_err(|error| error.to_string());
        assert!(error.is_err_and(|text| text.contains("a sku") && text.len() < 200));
    }

    #[test]
    fn the_same_name_derives_the_same_id() {
        assert_eq!(derive(V7, "observe"), derive(V7, "observe"));
        assert_ne!(derive(V7, "observe"), derive(V7, "notify"));
        assert_ne!(derive(V7, "observe"), derive(Uuid::nil(), "observe"));
    }

    #[test]
    fn a_derived_id_keeps_its_parent_s_time_through_generations() {
        let child = derive(V7, "child");
        let grandchild = derive(child, "grandchild");
        for id in [child, grandchild] {
            assert_eq!(id.as_bytes()[..6], V7.as_bytes()[..6]);
            assert_eq!(id.get_version(), Some(Version::Custom));
        }
    }

    #[test]
    fn a_parent_without_a_time_derives_plain_version_5() {
        let parent = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"shop");
        assert_eq!(derive(parent, "order"), Uuid::new_v5(&parent, b"order"));
    }
}

//! What a webhook says: the type, when it was decided, and the message. The same bytes at every
//! attempt, so that a receiver who got it twice got the same thing.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use orderlog_domain::ids::{CustomerId, NotificationId, OrderId};
use serde::Serialize;

use crate::process::notifications::Outgoing;

#[derive(Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Option<DateTime<Utc>>,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    notification_id: NotificationId,
    order_id: OrderId,
    customer_id: &'a CustomerId,
    text: &'a str,
    details: &'a BTreeMap<String, String>,
}

/// The body of a webhook.
pub(super) fn payload(outgoing: &Outgoing<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let message = outgoing.message;
    serde_json::to_vec(&Payload {
        kind: message.kind.public_name(),
        timestamp: message.routed_at,
        data: Data {
            notification_id: message.notification_id,
            order_id: message.order_id,
            customer_id: &message.customer_id,
            text: &message.text,
            details: &message.details,
        },
    })
}

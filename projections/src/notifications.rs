//! What customers were told: one row per notification, with what became of it on each channel and the
//! latest attempts there. Next: `deliveries` folds those.

mod deliveries;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use orderlog_domain::{
    fact::Fact,
    ids::{CustomerId, NotificationId, OrderId},
    notification::{Channel, NotificationEvent, NotificationKind},
};
use orderlog_runtime::{
    projection::{Arity, Column, ColumnValue, Definition, FoldError, Occurred, Projection},
    read_model::{Page, ReadModel},
    read_store::{ReadError, ReadStore},
};
use serde::{Deserialize, Serialize};

use crate::{
    folding::{existing, instant, name, stream_id, text},
    paging::{Filter, Paging},
};

pub use deliveries::{Attempt, Deliveries, Delivery, DeliveryStatus};

/// Name of the projection.
pub const NAME: &str = "notifications";

/// How far a notification came: of its deliveries' that which needs attention first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotificationStatus {
    /// To be sent.
    Requested,
    /// Handed to every channel.
    Sent,
    /// An attempt failed, and another one is made.
    Failed,
    /// A channel has given it up.
    GivenUp,
    /// It goes through no channel.
    Withheld,
}

/// Something that a customer is to be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// Its id.
    pub notification_id: NotificationId,
    /// The order that it is about.
    pub order_id: OrderId,
    /// Who is told.
    pub customer_id: CustomerId,
    /// What it is about.
    pub kind: NotificationKind,
    /// What it says.
    pub text: String,
    /// How far it came.
    pub status: NotificationStatus,
    /// The channel that was tried last.
    pub channel: Option<Channel>,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub failure: Option<String>,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// What became of it, by channel.
    pub deliveries: Deliveries,
}

/// The fold of [`Notification`] rows, keyed by notification id.
pub struct Notifications;

impl Projection<Fact> for Notifications {
    type Row = Notification;

    fn definition(&self) -> Definition {
        Definition {
            name: NAME,
            version: "2".to_owned(),
            columns: COLUMNS,
        }
    }

    fn keys(&self, event: &Occurred<'_, Fact>) -> Vec<String> {
        match event.fact {
            Fact::Notification(_) => vec![stream_id(event.recorded).to_owned()],
            Fact::Product(_)
            | Fact::Stock(_)
            | Fact::Payment(_)
            | Fact::Order(_)
            | Fact::Fulfilment(_)
            | Fact::Contact(_)
            | Fact::Webhook(_) => vec![],
        }
    }

    fn begins(&self, _key: &str, event: &Occurred<'_, Fact>) -> bool {
        event.recorded.version == 1
    }

    fn apply(
        &self,
        _key: &str,
        row: &mut Option<Notification>,
        event: &Occurred<'_, Fact>,
    ) -> Result<(), FoldError> {
        let Fact::Notification(fact) = event.fact else {
            return Ok(());
        };
        let at = event.recorded.occurred_at;
        if let NotificationEvent::NotificationRequested {
            notification_id,
            order_id,
            customer_id,
            kind,
            text,
            ..
        } = fact
        {
            *row = Some(Notification {
                notification_id: *notification_id,
                order_id: *order_id,
                customer_id: customer_id.clone(),
                kind: *kind,
                text: text.clone(),
                status: NotificationStatus::Requested,
                channel: None,
                attempts: 0,
                failure: None,
                requested_at: at,
                sent_at: None,
                deliveries: Deliveries::through(&[Channel::Log]),
            });
            return Ok(());
        }
        existing(NAME, row, event.recorded)?.take(fact, at);
        Ok(())
    }

    fn columns(&self, row: &Notification) -> Vec<ColumnValue> {
        vec![
            text(row.order_id),
            text(&row.customer_id),
            name(&row.status),
            instant(row.requested_at),
        ]
    }
}

const COLUMNS: &[Column] = &[
    Column {
        name: "order_id",
        arity: Arity::One,
    },
    Column {
        name: "customer_id",
        arity: Arity::One,
    },
    Column {
        name: "status",
        arity: Arity::One,
    },
    Column {
        name: "requested_at",
        arity: Arity::One,
    },
];

impl Notification {
    fn take(&mut self, fact: &NotificationEvent, at: DateTime<Utc>) {
        match fact {
            NotificationEvent::NotificationSent { channel, .. } => {
                self.tried(*channel, None);
                self.sent_at = Some(at);
            }
            NotificationEvent::NotificationFailed {
                channel, reason, ..
            } => self.tried(*channel, Some(reason.clone())),
            NotificationEvent::NotificationRequested { .. }
            | NotificationEvent::NotificationRouted { .. }
            | NotificationEvent::NotificationGivenUp { .. }
            | NotificationEvent::NotificationWithheld { .. }
            | NotificationEvent::NotificationReplayed { .. } => {}
        }
        self.deliveries.take(fact, at);
        self.status = self.deliveries.status();
    }

    fn tried(&mut self, channel: Channel, failure: Option<String>) {
        self.channel = Some(channel);
        self.attempts += 1;
        self.failure = failure;
    }
}

/// Finds [`Notification`] rows.
pub type NotificationRows = ReadModel<Notification>;

/// The rows in `store`.
pub fn rows(store: Arc<dyn ReadStore>) -> NotificationRows {
    ReadModel::new(store, NAME)
}

/// Which notifications are wanted; what is empty does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NotificationFilter {
    /// About this order.
    pub order_id: Option<OrderId>,
    /// To this customer.
    pub customer_id: Option<CustomerId>,
    /// With one of these statuses.
    pub status: Vec<NotificationStatus>,
}

/// The notifications that match, newest first.
pub async fn page(
    rows: &NotificationRows,
    filter: &NotificationFilter,
    paging: Paging,
) -> Result<Page<Notification>, ReadError> {
    let conditions = Filter::default()
        .is("order_id", filter.order_id.map(text))
        .is("customer_id", filter.customer_id.as_ref().map(text))
        .one_of("status", &filter.status);
    rows.page(&paging.query(conditions, "requested_at", true))
        .await
}

#[cfg(test)]
mod tests;

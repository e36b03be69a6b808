//! The ledger of every payment: what was authorized, captured, refunded and voided, and what is
//! in flight. Invariant: amounts only ever come from the gateway's recorded answers, never from
//! what was asked for. Next: `order_summary` derives an order's payment status from the same facts.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use orderlog_domain::{
    fact::Fact,
    ids::{OperationId, OrderId, PaymentId, RefundId},
    money::Money,
    payment::{Operation, PaymentEvent, PaymentStatus},
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

mod changes;

/// Name of the projection.
pub const NAME: &str = "payments";

/// What is being asked of the gateway now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InFlight {
    /// Its id, the gateway's idempotency key.
    pub operation_id: OperationId,
    /// What is asked for.
    pub operation: Operation,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether the gateway gave no answer.
    pub unknown: bool,
}

/// Something that the customer has to do, 3-D Secure for example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// Where.
    pub url: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// How a payment ended without money being taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// The gateway would not hold the money.
    Declined,
    /// What was held was let go.
    Voided,
    /// What was held ran out.
    Expired,
}

/// Money given back once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refund {
    /// Its id.
    pub refund_id: RefundId,
    /// How much.
    pub amount: Money,
    /// When the gateway confirmed it.
    pub at: DateTime<Utc>,
}

/// A payment and its ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id.
    pub payment_id: PaymentId,
    /// The order that it pays for.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: PaymentStatus,
    /// What is to be paid.
    pub amount: Money,
    /// What the gateway set aside.
    pub authorized: Money,
    /// What was taken of it.
    pub captured: Money,
    /// What was given back of that.
    pub refunded: Money,
    /// What was set free again without being taken.
    pub voided: Money,
    /// What is being asked of the gateway.
    pub in_flight: Option<InFlight>,
    /// How often the gateway was asked to authorize.
    pub attempts: u32,
    /// How often an unknown outcome was asked for.
    pub reconciliations: u32,
    /// What the customer has to do.
    pub action: Option<Action>,
    /// Whether it is to be voided as soon as the outcome in flight is known.
    pub void_scheduled: bool,
    /// What the gateway reported instead of what was asked for.
    pub conflict: Option<Money>,
    /// How it ended without money being taken.
    pub ended: Option<Ended>,
    /// Why the last operation failed, the gateway's code.
    pub failure: Option<String>,
    /// The gateway's name for the payment.
    pub gateway_ref: Option<String>,
    /// Until when money is held.
    pub held_until: Option<DateTime<Utc>>,
    /// What was given back, oldest first.
    pub refunds: Vec<Refund>,
    /// When it began.
    pub initiated_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Version of the payment.
    pub version: u64,
}

/// The fold of [`Payment`] rows, keyed by payment id.
pub struct Payments;

impl Projection<Fact> for Payments {
    type Row = Payment;

    fn definition(&self) -> Definition {
        Definition {
            name: NAME,
            version: "1".to_owned(),
            columns: COLUMNS,
        }
    }

    fn keys(&self, event: &Occurred<'_, Fact>) -> Vec<String> {
        match event.fact {
            Fact::Payment(_) => vec![stream_id(event.recorded).to_owned()],
            Fact::Product(_)
            | Fact::Stock(_)
            | Fact::Order(_)
            | Fact::Fulfilment(_)
            | Fact::Notification(_)
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
        row: &mut Option<Payment>,
        event: &Occurred<'_, Fact>,
    ) -> Result<(), FoldError> {
        let Fact::Payment(fact) = event.fact else {
            return Ok(());
        };
        let at = event.recorded.occurred_at;
        if let PaymentEvent::PaymentInitiated {
            payment_id,
            order_id,
            amount,
            ..
        } = fact
        {
            *row = Some(Payment::initiated(*payment_id, *order_id, *amount, at));
            return Ok(());
        }
        let row = existing(NAME, row, event.recorded)?;
        row.change(fact, at);
        row.updated_at = at;
        row.version = event.recorded.version;
        Ok(())
    }

    fn columns(&self, row: &Payment) -> Vec<ColumnValue> {
        vec![
            text(row.order_id),
            name(&row.status),
            instant(row.initiated_at),
        ]
    }
}

const COLUMNS: &[Column] = &[
    Column {
        name: "order_id",
        arity: Arity::One,
    },
    Column {
        name: "status",
        arity: Arity::One,
    },
    Column {
        name: "initiated_at",
        arity: Arity::One,
    },
];

/// Finds [`Payment`] rows.
pub type PaymentRows = ReadModel<Payment>;

/// The rows in `store`.
pub fn rows(store: Arc<dyn ReadStore>) -> PaymentRows {
    ReadModel::new(store, NAME)
}

/// The payment `id`.
pub async fn by_id(rows: &PaymentRows, id: PaymentId) -> Result<Option<Payment>, ReadError> {
    rows.get(&id.to_string()).await
}

/// The payments of an order, oldest first.
pub async fn of_order(
    rows: &PaymentRows,
    order_id: OrderId,
    paging: Paging,
) -> Result<Page<Payment>, ReadError> {
    let filter = Filter::default().is("order_id", Some(text(order_id)));
    rows.page(&paging.query(filter, "initiated_at", false))
        .await
}

/// Payments with any of these statuses, newest first; all where none is named.
pub async fn page(
    rows: &PaymentRows,
    statuses: &[PaymentStatus],
    paging: Paging,
) -> Result<Page<Payment>, ReadError> {
    let filter = Filter::default().one_of("status", statuses);
    rows.page(&paging.query(filter, "initiated_at", true)).await
}

#[cfg(test)]
mod tests;

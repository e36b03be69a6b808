//! A payment and its ledger.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use orderlog_projections::{order_summary, payments};
use uuid::Uuid;

use super::{
    money::{Long, Money},
    order::Order,
    payment_states::{Operation, PaymentState},
};
use crate::{failure::unread, freshness::fresh};

/// A payment and its ledger.
pub struct Payment(pub(crate) payments::Payment);

/// A payment and its ledger. Amounts are what the gateway confirmed, not what it was asked for.
#[Object]
impl Payment {
    /// Its id.
    async fn id(&self) -> Uuid {
        self.0.payment_id.0
    }

    /// The order that it pays for.
    async fn order_id(&self) -> Uuid {
        self.0.order_id.0
    }

    /// The order that it pays for.
    async fn order(&self, context: &Context<'_>) -> Result<Option<Order>> {
        let rows = fresh(context, order_summary::rows).await?;
        Ok(order_summary::by_id(&rows, self.0.order_id)
            .await
            .map_err(unread)?
            .map(Order))
    }

    /// Where it stands.
    async fn state(&self) -> PaymentState {
        self.0.status.into()
    }

    /// What is to be paid.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }

    /// What the gateway set aside.
    async fn authorized(&self) -> Money {
        self.0.authorized.into()
    }

    /// What was taken of that.
    async fn captured(&self) -> Money {
        self.0.captured.into()
    }

    /// What was given back of what was taken.
    async fn refunded(&self) -> Money {
        self.0.refunded.into()
    }

    /// What was set free again without being taken.
    async fn voided(&self) -> Money {
        self.0.voided.into()
    }

    /// What is being asked of the gateway now.
    async fn in_flight(&self) -> Option<OperationInFlight> {
        self.0
            .in_flight
            .as_ref()
            .map(|operation| OperationInFlight {
                id: operation.operation_id.0,
                operation: operation.operation.into(),
                since: operation.since,
                unknown: operation.unknown,
            })
    }

    /// How often the gateway was asked to authorize.
    async fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How often an unknown outcome was asked for.
    async fn reconciliations(&self) -> u32 {
        self.0.reconciliations
    }

    /// What the customer has to do.
    async fn action(&self) -> Option<CustomerAction> {
        let action = self.0.action.as_ref()?;
        Some(CustomerAction {
            url: action.url.clone(),
            expires_at: action.expires_at,
        })
    }

    /// Why the last operation failed: the gateway's code.
    async fn failure(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }

    /// What the gateway reported instead of what was asked for.
    async fn conflict(&self) -> Option<Money> {
        self.0.conflict.map(Money::from)
    }

    /// Until when money is held.
    async fn held_until(&self) -> Option<DateTime<Utc>> {
        self.0.held_until
    }

    /// What was given back, oldest first.
    async fn refunds(&self) -> Vec<Refund> {
        let refund = |refund: &payments::Refund| Refund {
            id: refund.refund_id.0,
            amount: refund.amount.into(),
            at: refund.at,
        };
        self.0.refunds.iter().map(refund).collect()
    }

    /// When it began.
    async fn initiated_at(&self) -> DateTime<Utc> {
        self.0.initiated_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Its version, as REST's `ETag` has it.
    async fn version(&self) -> Long {
        self.0.version.into()
    }
}

/// What is being asked of the gateway.
#[derive(SimpleObject)]
pub struct OperationInFlight {
    /// Its id, the gateway's idempotency key.
    pub id: Uuid,
    /// What it is.
    pub operation: Operation,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether the gateway gave no answer.
    pub unknown: bool,
}

/// Something that the customer has to do, 3-D Secure for example.
#[derive(SimpleObject)]
pub struct CustomerAction {
    /// Where.
    pub url: String,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Money given back once.
#[derive(SimpleObject)]
pub struct Refund {
    /// Its id.
    pub id: Uuid,
    /// How much.
    pub amount: Money,
    /// When the gateway confirmed it.
    pub at: DateTime<Utc>,
}

//! The port to payment gateways. Every operation has an id that is the gateway's idempotency key:
//! the same call again is the same operation. No answer in time is an outcome of its own, never a
//! refusal. Next: `calling` calls it for recorded intents; [`super::simulated_gateway`] and
//! [`super::stripe`] are engines, [`Guarded`] stands before one that is outside.

mod calling;
mod errand;
mod guarded;
mod intent;
mod outcome;
mod work;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use orderlog_domain::{
    ids::OperationId,
    money::Money,
    payment::{AuthorizationOutcome, Operation, OperationOutcome, Terms},
};

pub use calling::{Gateway, GatewaySettings};
pub use guarded::Guarded;
pub use orderlog_runtime::outside::NoAnswer::{self, NotCalled, TimedOut};
pub use work::GatewayWork;

/// Moves money, outside.
#[async_trait]
pub trait PaymentGateway: Send + Sync + 'static {
    /// Holds money.
    async fn authorize(&self, call: &Call) -> Result<AuthorizationOutcome, NoAnswer>;

    /// Takes money that is held.
    async fn capture(&self, call: &Call) -> Result<OperationOutcome, NoAnswer>;

    /// Lets go what is held; where it is not known whether anything is, sees to it that nothing will be.
    async fn void(&self, call: &Call) -> Result<OperationOutcome, NoAnswer>;

    /// Gives back what was taken.
    async fn refund(&self, call: &Call) -> Result<OperationOutcome, NoAnswer>;

    /// What became of the operation of an earlier call; `None` if the gateway does not know.
    async fn ask(&self, call: &Call) -> Result<Option<Answer>, NoAnswer>;
}

/// One operation, as the gateway is told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What is done.
    pub operation: Operation,
    /// The idempotency key.
    pub operation_id: OperationId,
    /// With how much.
    pub amount: Money,
    /// Whether a capture is the last one, which lets the rest go.
    pub is_final: bool,
    /// What the payment is for, and by which method it is paid.
    pub terms: Terms,
    /// The gateway's own reference of the authorization, once there is one.
    pub gateway_ref: Option<String>,
    /// Whether the customer has done what the gateway asked of him.
    pub action_completed: bool,
    /// When the intent was recorded.
    pub requested_at: DateTime<Utc>,
    /// Now.
    pub at: DateTime<Utc>,
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Of an authorization.
    Authorization(AuthorizationOutcome),
    /// Of any other.
    Operation(OperationOutcome),
}

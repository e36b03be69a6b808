//! The port to payment gateways. Every operation has an id that is the gateway's idempotency key:
//! the same call again is the same operation. No answer in time is an outcome of its own, never a
//! refusal. Next: `calling` calls it for recorded intents; [`super::simulated_gateway`] is an engine.

mod calling;
mod errand;
mod intent;
mod outcome;
mod work;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use orderlog_domain::{
    ids::OperationId,
    money::Money,
    payment::{AuthorizationOutcome, Operation, OperationOutcome},
};

pub use calling::{Gateway, GatewaySettings};
pub use work::GatewayWork;

/// Moves money, outside.
#[async_trait]
pub trait PaymentGateway: Send + Sync + 'static {
    /// Holds money.
    async fn authorize(&self, call: &Call) -> Result<AuthorizationOutcome, TimedOut>;

    /// Takes money that is held.
    async fn capture(&self, call: &Call) -> Result<OperationOutcome, TimedOut>;

    /// Lets go what is held.
    async fn void(&self, call: &Call) -> Result<OperationOutcome, TimedOut>;

    /// Gives back what was taken.
    async fn refund(&self, call: &Call) -> Result<OperationOutcome, TimedOut>;

    /// What became of the operation of an earlier call; `None` if the gateway does not know.
    async fn ask(&self, call: &Call) -> Result<Option<Answer>, TimedOut>;
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
    /// Token of the payment method.
    pub method_token: String,
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

/// The gateway gave no answer in time; the operation may have been carried out or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the gateway gave no answer in time")]
pub struct TimedOut;

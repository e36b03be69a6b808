//! A gateway that is outside, behind the guard: every call has a time limit, a place among so many at
//! once, a few repeats where nothing was done, and is not made while the circuit is open.

use std::sync::Arc;

use async_trait::async_trait;
use orderlog_domain::payment::{AuthorizationOutcome, OperationOutcome};
use orderlog_runtime::outside::{Guard, GuardSettings};

use super::{Answer, Call, NoAnswer, PaymentGateway};

/// A gateway and the guard before it.
pub struct Guarded {
    gateway: Arc<dyn PaymentGateway>,
    guard: Guard,
}

impl Guarded {
    /// Puts a guard before `gateway`, which is called `name` in the traces.
    pub fn new(
        gateway: Arc<dyn PaymentGateway>,
        name: &'static str,
        settings: GuardSettings,
    ) -> Self {
        let guard = Guard::new(name, settings);
        Self { gateway, guard }
    }
}

#[async_trait]
impl PaymentGateway for Guarded {
    async fn authorize(&self, call: &Call) -> Result<AuthorizationOutcome, NoAnswer> {
        self.guard.call(|| self.gateway.authorize(call)).await
    }

    async fn capture(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        self.guard.call(|| self.gateway.capture(call)).await
    }

    async fn void(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        self.guard.call(|| self.gateway.void(call)).await
    }

    async fn refund(&self, call: &Call) -> Result<OperationOutcome, NoAnswer> {
        self.guard.call(|| self.gateway.refund(call)).await
    }

    async fn ask(&self, call: &Call) -> Result<Option<Answer>, NoAnswer> {
        self.guard.call(|| self.gateway.ask(call)).await
    }
}

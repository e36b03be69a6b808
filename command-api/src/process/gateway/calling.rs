//! The work handler of kind `gateway`: calls the gateway for a recorded intent and records the
//! outcome. Next: `errand` is one attempt at one row.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;
use orderlog_log::{clock::Clock, event_store::EventStore};
use orderlog_runtime::work::{LeasedWork, WorkHandler, WorkOutcome};

use crate::{
    aggregates::Aggregates,
    process::{attempting::again, rows},
};

use super::{GatewayWork, PaymentGateway, errand::Errand};

/// How the gateway is called.
#[derive(Clone, Copy, Debug)]
pub struct GatewaySettings {
    /// After this, a call counts as unanswered.
    pub timeout: Duration,
    /// From this age on, an intent may have been carried out and forgotten.
    pub old: TimeDelta,
    /// From one question about what a void waits for to the next: doubled each time, up to `most`.
    pub ask_again: Duration,
    /// The longest pause between two questions.
    pub most: Duration,
}

impl Default for GatewaySettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            old: TimeDelta::hours(1),
            ask_again: Duration::from_secs(5),
            most: Duration::from_secs(300),
        }
    }
}

/// The work handler of kind `gateway`.
pub struct Gateway {
    pub(super) aggregates: Aggregates,
    pub(super) store: Arc<dyn EventStore>,
    pub(super) gateway: Arc<dyn PaymentGateway>,
    pub(super) clock: Clock,
    pub(super) settings: GatewaySettings,
}

impl Gateway {
    /// Calls `gateway` for the payments of `aggregates`, whose intents are read from `store`.
    pub fn new(
        aggregates: Aggregates,
        store: Arc<dyn EventStore>,
        gateway: Arc<dyn PaymentGateway>,
        clock: Clock,
    ) -> Self {
        Self {
            aggregates,
            store,
            gateway,
            clock,
            settings: GatewaySettings::default(),
        }
    }

    /// The same, but otherwise set.
    #[must_use]
    pub fn with_settings(self, settings: GatewaySettings) -> Self {
        Self { settings, ..self }
    }
}

#[async_trait]
impl WorkHandler for Gateway {
    async fn attempt(&self, row: &LeasedWork) -> WorkOutcome {
        let (work, cause) = match rows::read::<GatewayWork>(row) {
            Ok(read) => read,
            Err(error) => return rows::unreadable(row, &error, &self.clock),
        };
        let errand = Errand {
            handler: self,
            row,
            cause,
        };
        let done = match &work {
            GatewayWork::CarryOut {
                payment,
                operation_id,
            } => errand.carry_out(payment, *operation_id).await,
            GatewayWork::Reconcile {
                payment,
                operation_id,
                attempt,
            } => errand.reconcile(payment, *operation_id, *attempt).await,
            GatewayWork::Resolve { payment, void } => errand.resolve(payment, *void).await,
        };
        done.unwrap_or_else(|error| {
            again(&self.clock, TimeDelta::milliseconds(500), error.to_string())
        })
    }
}

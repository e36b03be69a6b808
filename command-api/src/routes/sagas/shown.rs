//! A saga as operators see it: how it is doing, and what an intervention would be about.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use orderlog_domain::{
    DecidedAt,
    fulfilment::{Fulfilment, OperatorReason, Status, Timer},
    order::Order,
};
use orderlog_log::executor::Loaded;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{amount::Amount, resource::Resource};

/// A saga.
#[derive(Serialize, ToSchema)]
pub(super) struct SagaBody {
    /// The order that it carries through; the saga's own id.
    order_id: Uuid,
    /// The step that it has come to.
    state: &'static str,
    /// How it is doing: `Running`, `Waiting`, `Retrying`, `Compensating`, `NeedsOperator`, `Completed` or `Compensated`.
    status: &'static str,
    /// What would bring it forward.
    #[schema(value_type = Value)]
    waits_for: Value,
    /// Why a person has to look.
    #[serde(skip_serializing_if = "Option::is_none")]
    operator_needed: Option<OperatorNeeded>,
    /// Why it turned back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    compensation: Option<Value>,
    /// What has to be typed to skip the step; absent where that moves no money, or is not possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_stake: Option<Amount>,
    /// What is set for later.
    timers: Vec<TimerBody>,
    /// Version of the process that it is carried through by.
    process_version: u32,
    /// Its version; also in `ETag`.
    version: u64,
    /// What operators may do about it now.
    allowed_commands: Vec<&'static str>,
    /// Where it is, and where what is allowed is sent.
    links: BTreeMap<&'static str, String>,
}

/// Why a person has to look.
#[derive(Serialize, ToSchema)]
struct OperatorNeeded {
    /// Why, for people.
    reason: String,
    /// The same, for programs.
    #[schema(value_type = Value)]
    details: Value,
}

/// Something that is set for later.
#[derive(Serialize, ToSchema)]
struct TimerBody {
    /// Its id.
    id: Uuid,
    /// What for.
    #[schema(value_type = Value)]
    purpose: Value,
    /// Not earlier than this.
    due_at: DateTime<Utc>,
}

impl SagaBody {
    /// What is shown of a saga; nothing of one that has not begun.
    pub(super) fn of(id: &str, loaded: &Loaded<Fulfilment>, at: DecidedAt) -> Option<Self> {
        let saga = &loaded.state;
        if !saga.exists() {
            return None;
        }
        let mut links = saga.links(id, at);
        links.insert("order", Order::href(&saga.order_id().to_string(), ""));
        Some(Self {
            order_id: saga.order_id().0,
            state: saga.state(),
            status: status(saga.status()),
            waits_for: json(&saga.waits_for()),
            operator_needed: saga.operator.as_ref().map(OperatorNeeded::from),
            compensation: saga.compensation.as_ref().map(json),
            at_stake: saga.at_stake().map(Amount::from),
            timers: saga.timers.iter().map(TimerBody::from).collect(),
            process_version: saga.process_version(),
            version: loaded.version,
            allowed_commands: saga.allowed(at),
            links,
        })
    }
}

impl From<&OperatorReason> for OperatorNeeded {
    fn from(reason: &OperatorReason) -> Self {
        Self {
            reason: reason.to_string(),
            details: json(reason),
        }
    }
}

impl From<&Timer> for TimerBody {
    fn from(timer: &Timer) -> Self {
        Self {
            id: timer.timer_id,
            purpose: json(&timer.purpose),
            due_at: timer.due_at,
        }
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Running => "Running",
        Status::Waiting => "Waiting",
        Status::Retrying(_) => "Retrying",
        Status::Compensating => "Compensating",
        Status::NeedsOperator => "NeedsOperator",
        Status::Completed => "Completed",
        Status::Compensated => "Compensated",
    }
}

/// The domain's own words; enums of it have nothing that JSON can't say.
fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

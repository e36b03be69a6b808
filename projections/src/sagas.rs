//! How each order is being carried through: one row per fulfilment. What a row keeps of commands is
//! bounded, since an order may have hundreds of lines and a step many attempts; the log has it all.
//! Next: operators look here for what is stuck.

mod changes;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use orderlog_domain::{
    fact::Fact,
    fulfilment::{CompensationReason, FulfilmentEvent, OperatorReason, Step, TimerPurpose},
    ids::OrderId,
};
use orderlog_runtime::{
    projection::{Arity, Column, ColumnValue, Definition, FoldError, Occurred, Projection},
    read_model::{Page, ReadModel},
    read_store::{ReadError, ReadStore},
};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use uuid::Uuid;

use crate::{
    folding::{existing, instant, name},
    paging::{Filter, Paging},
};

/// Name of the projection.
pub const NAME: &str = "sagas";

/// The latest issues of commands that a row keeps.
pub const ISSUES_KEPT: usize = 20;
/// The first commands of an issue that a row keeps.
pub const COMMANDS_KEPT: usize = 20;
/// The latest interventions that a row keeps.
pub const INTERVENTIONS_KEPT: usize = 20;

/// How a fulfilment is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SagaStatus {
    /// Commands are under way.
    Running,
    /// It waits for somebody, or for a timer.
    Waiting,
    /// Something failed and is being tried again.
    Retrying,
    /// What was done is being undone.
    Compensating,
    /// A person has to look.
    NeedsOperator,
    /// Everything was delivered. The end.
    Completed,
    /// Everything is undone. The end.
    Compensated,
}

/// What would bring a fulfilment forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Awaited {
    /// Nothing: it has ended.
    Nothing,
    /// Replies to commands.
    Replies,
    /// The payment gateway.
    Gateway,
    /// The customer's part of the payment.
    Customer,
    /// The goods to be packed.
    Packing,
    /// The shipment to leave.
    Dispatch,
    /// The goods to arrive.
    Delivery,
    /// A timer.
    Timer,
    /// News of the order.
    OrderNews,
}

/// A fulfilment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saga {
    /// The order.
    pub order_id: OrderId,
    /// Version of the process that it is carried through by.
    pub process_version: u32,
    /// Where it is.
    pub step: Step,
    /// Since when.
    pub step_since: DateTime<Utc>,
    /// How it is doing.
    pub status: SagaStatus,
    /// What would bring it forward.
    pub waits_for: Awaited,
    /// How often the step has issued commands.
    pub attempts: u32,
    /// Timers that have not run out, earliest first.
    pub timers: Vec<Timer>,
    /// Commands issued in all.
    pub commands_issued: u64,
    /// Commands refused in all.
    pub commands_refused: u64,
    /// The latest issues of commands, oldest first.
    pub issues: Vec<Issue>,
    /// Why it turned back.
    pub compensation: Option<Compensation>,
    /// Why a person has to look.
    pub operator: Option<OperatorReason>,
    /// The latest interventions of operators, oldest first.
    pub interventions: Vec<Intervened>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Version of the fulfilment.
    pub version: u64,
}

/// Something that is to be done later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timer {
    /// Its id.
    pub timer_id: Uuid,
    /// What for.
    pub purpose: TimerPurpose,
    /// Not earlier than this.
    pub due_at: DateTime<Utc>,
}

/// Commands that were issued together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    /// Its id.
    pub issue_id: Uuid,
    /// The step that needed them.
    pub step: Step,
    /// How often the step had issued commands, this time included.
    pub attempt: u32,
    /// How many commands.
    pub issued: u64,
    /// How many were carried out.
    pub accepted: u64,
    /// How many were refused.
    pub refused: u64,
    /// The first of them.
    pub commands: Vec<Command>,
    /// When they were issued.
    pub issued_at: DateTime<Utc>,
    /// When they were answered.
    pub answered_at: Option<DateTime<Utc>>,
}

/// A command and what became of it. Stored as an array: most of a row are commands, and the names of
/// their fields would be a third of them.
#[derive(Clone, Debug, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub struct Command {
    /// Its id.
    pub command_id: Uuid,
    /// Its name: `Reserve`.
    pub name: String,
    /// Whom it is for.
    pub target: String,
    /// What became of it; absent until it is answered.
    pub outcome: Option<Outcome>,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It was carried out.
    Accepted,
    /// It was refused.
    Refused {
        /// The refusal's code.
        code: String,
        /// The refusal, for people.
        message: String,
    },
}

/// A turning back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compensation {
    /// Why.
    pub reason: CompensationReason,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// An operator has intervened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intervened {
    /// What they did.
    pub verb: Verb,
    /// The step that it had come to.
    pub step: Step,
    /// Who.
    pub actor: String,
    /// Why, in their words.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What an operator can do about a fulfilment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verb {
    /// Have what went wrong issued again.
    Retry,
    /// Take what the step did not get as done by hand.
    Skip,
    /// Turn back.
    Compensate,
    /// Let it go on.
    Resume,
    /// End it by hand.
    Resolve,
}

/// The fold of [`Saga`] rows, keyed by order id.
pub struct Sagas;

impl Projection<Fact> for Sagas {
    type Row = Saga;

    fn definition(&self) -> Definition {
        Definition {
            name: NAME,
            version: "3".to_owned(),
            columns: COLUMNS,
        }
    }

    fn keys(&self, event: &Occurred<'_, Fact>) -> Vec<String> {
        match event.fact {
            Fact::Fulfilment(fact) => vec![fact.order_id().to_string()],
            Fact::Product(_)
            | Fact::Stock(_)
            | Fact::Payment(_)
            | Fact::Order(_)
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
        row: &mut Option<Saga>,
        event: &Occurred<'_, Fact>,
    ) -> Result<(), FoldError> {
        let Fact::Fulfilment(fact) = event.fact else {
            return Ok(());
        };
        let at = event.recorded.occurred_at;
        if let FulfilmentEvent::FulfilmentStarted {
            order_id,
            process_version,
            ..
        } = fact
        {
            *row = Some(Saga::started(*order_id, *process_version, at));
            return Ok(());
        }
        let row = existing(NAME, row, event.recorded)?;
        row.change(fact, at);
        row.updated_at = at;
        row.version = event.recorded.version;
        Ok(())
    }

    fn columns(&self, row: &Saga) -> Vec<ColumnValue> {
        let needs_operator = row.status == SagaStatus::NeedsOperator;
        vec![
            name(&row.step),
            name(&row.status),
            ColumnValue::Integer(i64::from(needs_operator)),
            instant(row.updated_at),
            row.timers
                .first()
                .map_or(ColumnValue::Null, |timer| instant(timer.due_at)),
        ]
    }
}

const COLUMNS: &[Column] = &[
    Column {
        name: "step",
        arity: Arity::One,
    },
    Column {
        name: "status",
        arity: Arity::One,
    },
    Column {
        name: "needs_operator",
        arity: Arity::One,
    },
    Column {
        name: "updated_at",
        arity: Arity::One,
    },
    Column {
        name: "next_due",
        arity: Arity::One,
    },
];

/// Finds [`Saga`] rows.
pub type SagaRows = ReadModel<Saga>;

/// The rows in `store`.
pub fn rows(store: Arc<dyn ReadStore>) -> SagaRows {
    ReadModel::new(store, NAME)
}

/// Which fulfilments are wanted; what is empty does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SagaFilter {
    /// At one of these steps.
    pub step: Vec<Step>,
    /// Doing one of these.
    pub status: Vec<SagaStatus>,
    /// Only those that need an operator, or only those that do not.
    pub needs_operator: Option<bool>,
    /// Unchanged since then.
    pub updated_before: Option<DateTime<Utc>>,
    /// With a timer that was due before then and runs.
    pub due_before: Option<DateTime<Utc>>,
}

impl SagaFilter {
    fn conditions(&self) -> Filter {
        let yes = |yes| ColumnValue::Integer(i64::from(yes));
        Filter::default()
            .one_of("step", &self.step)
            .one_of("status", &self.status)
            .is("needs_operator", self.needs_operator.map(yes))
            .below("updated_at", self.updated_before.map(instant))
            .below("next_due", self.due_before.map(instant))
    }
}

/// The fulfilment of an order.
pub async fn of_order(rows: &SagaRows, order_id: OrderId) -> Result<Option<Saga>, ReadError> {
    rows.get(&order_id.to_string()).await
}

/// The fulfilments that match; those that changed least recently first, as they may be stuck.
pub async fn page(
    rows: &SagaRows,
    filter: &SagaFilter,
    paging: Paging,
) -> Result<Page<Saga>, ReadError> {
    rows.page(&paging.query(filter.conditions(), "updated_at", false))
        .await
}

/// How many fulfilments match.
pub async fn count(rows: &SagaRows, filter: &SagaFilter) -> Result<u64, ReadError> {
    rows.count(&filter.conditions().conditions()).await
}

#[cfg(test)]
mod tests;

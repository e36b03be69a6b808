//! What a fulfilment knows of one payment: its operations and what became of each. Knowledge only
//! grows: an outcome replaces a lesser one, never the other way round, so news may arrive late,
//! out of order and again.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{OperationId, PaymentId},
    money::Money,
    payment::Operation,
};

use super::{Observed, ask::Ask};

/// One payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) payment_id: PaymentId,
    pub(super) initiate: Ask,
    /// Code of the refusal, when it could not be initiated.
    pub(super) refusal: Option<String>,
    /// In the order in which they became known.
    pub(super) operations: Vec<Op>,
    /// The authorization ran out: nothing more can be captured.
    pub(super) lapsed: bool,
    /// The gateway reported another amount: whatever is held after all will be let go.
    pub(super) conflicted: bool,
    /// Minor units that the gateway let go by itself.
    pub(super) let_go: i64,
}

/// One call to the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Op {
    pub(super) operation_id: OperationId,
    pub(super) operation: Operation,
    pub(super) outcome: Outcome,
    /// Once it failed, an operator had it tried anew: it does not count among the failures.
    pub(super) is_set_aside: bool,
    /// Questions about it before an operator had them begin anew.
    pub(super) questions_before: u32,
}

/// What became of a call, from the least to the most certain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Outcome {
    Pending,
    /// The gateway has been asked `sent` times, and did not know `answered` times.
    Unknown {
        sent: u32,
        answered: u32,
    },
    ActionRequired,
    Conflict,
    Failed {
        code: String,
        retryable: bool,
    },
    Succeeded {
        amount: Money,
    },
}

impl Account {
    pub(super) fn new(payment_id: PaymentId) -> Self {
        Self {
            payment_id,
            initiate: Ask::Open,
            refusal: None,
            operations: Vec::new(),
            lapsed: false,
            conflicted: false,
            let_go: 0,
        }
    }

    /// The latest operation of a kind: earlier ones have failed or were replaced.
    pub(super) fn last(&self, operation: Operation) -> Option<&Op> {
        self.operations
            .iter()
            .rev()
            .find(|op| op.operation == operation)
    }

    pub(super) fn op_mut(&mut self, operation_id: OperationId) -> Option<&mut Op> {
        self.operations
            .iter_mut()
            .find(|op| op.operation_id == operation_id)
    }

    /// The operation whose outcome the gateway is being asked for; at most one is in flight.
    pub(super) fn unknown_mut(&mut self) -> Option<&mut Op> {
        self.operations
            .iter_mut()
            .rev()
            .find(|op| matches!(op.outcome, Outcome::Unknown { .. }))
    }

    pub(super) fn knows(&self, operation_id: OperationId) -> bool {
        self.operations
            .iter()
            .any(|op| op.operation_id == operation_id)
    }

    pub(super) fn count(&self, operation: Operation) -> u32 {
        (1..)
            .zip(
                self.operations
                    .iter()
                    .filter(|op| op.operation == operation),
            )
            .last()
            .map_or(0, |(n, _)| n)
    }

    /// How often operations of a kind have failed, as far as it counts; asked after a failure.
    pub(super) fn failures(&self, operation: Operation) -> u32 {
        let counted = |op: &&Op| op.operation == operation && !op.is_set_aside;
        let counted = self.operations.iter().filter(counted);
        (1..).zip(counted).last().map_or(1, |(n, _)| n)
    }

    /// Minor units that operations of a kind moved.
    pub(super) fn moved(&self, operation: Operation) -> i64 {
        self.succeeded(operation)
            .map(|amount| amount.amount_minor)
            .fold(0, i64::saturating_add)
    }

    pub(super) fn is_voided(&self) -> bool {
        self.succeeded(Operation::Void).next().is_some()
    }

    /// Minor units that are held: neither captured nor let go.
    pub(super) fn held(&self) -> i64 {
        self.moved(Operation::Authorize)
            - self.moved(Operation::Capture)
            - self.moved(Operation::Void)
            - self.let_go
    }

    fn succeeded(&self, operation: Operation) -> impl Iterator<Item = Money> {
        self.operations
            .iter()
            .filter_map(move |op| match op.outcome {
                Outcome::Succeeded { amount } if op.operation == operation => Some(amount),
                _ => None,
            })
    }

    /// The operation, known from now on if it was not.
    pub(super) fn op_or_new(&mut self, operation_id: OperationId, operation: Operation) -> &mut Op {
        let known = self
            .operations
            .iter()
            .position(|op| op.operation_id == operation_id);
        let index = known.unwrap_or_else(|| {
            self.operations.push(Op {
                operation_id,
                operation,
                outcome: Outcome::Pending,
                is_set_aside: false,
                questions_before: 0,
            });
            self.operations.len() - 1
        });
        &mut self.operations[index]
    }

    /// Takes note of a fact about an operation of this payment.
    pub(super) fn learn(&mut self, fact: &Observed) {
        match fact {
            Observed::AuthorizationRequested { operation_id } => {
                self.requested(*operation_id, Operation::Authorize)
            }
            Observed::VoidRequested { operation_id } => {
                self.requested(*operation_id, Operation::Void)
            }
            Observed::ActionRequired { operation_id, .. } => {
                self.outcome(*operation_id, Operation::Authorize, Outcome::ActionRequired)
            }
            Observed::Authorized {
                operation_id,
                amount,
            } => {
                self.outcome(
                    *operation_id,
                    Operation::Authorize,
                    Outcome::Succeeded { amount: *amount },
                );
            }
            Observed::Declined { operation_id, code } => {
                self.outcome(
                    *operation_id,
                    Operation::Authorize,
                    Outcome::Failed {
                        code: code.clone(),
                        retryable: false,
                    },
                );
            }
            Observed::OutcomeUnknown {
                operation_id,
                operation,
            } => {
                self.outcome(
                    *operation_id,
                    *operation,
                    Outcome::Unknown {
                        sent: 0,
                        answered: 0,
                    },
                );
            }
            Observed::StillUnknown {
                operation_id,
                attempt,
            } => self.still_unknown(*operation_id, *attempt),
            Observed::Conflict { operation_id } => self.conflict(*operation_id),
            Observed::Captured {
                operation_id,
                amount,
            } => {
                self.outcome(
                    *operation_id,
                    Operation::Capture,
                    Outcome::Succeeded { amount: *amount },
                );
            }
            Observed::Refunded {
                operation_id,
                amount,
            } => {
                self.outcome(
                    *operation_id,
                    Operation::Refund,
                    Outcome::Succeeded { amount: *amount },
                );
            }
            Observed::Voided {
                operation_id,
                amount,
            } => {
                self.outcome(
                    *operation_id,
                    Operation::Void,
                    Outcome::Succeeded { amount: *amount },
                );
            }
            Observed::OperationFailed {
                operation_id,
                operation,
                code,
                retryable,
            } => {
                self.outcome(
                    *operation_id,
                    *operation,
                    Outcome::Failed {
                        code: code.clone(),
                        retryable: *retryable,
                    },
                );
            }
            Observed::AuthorizationExpired => {
                self.lapsed = true;
                self.let_go += self.held();
            }
            Observed::Placed { .. }
            | Observed::CancellationRequested { .. }
            | Observed::ShipmentPacked { .. }
            | Observed::ShipmentDispatched { .. }
            | Observed::OrderCompleted
            | Observed::ReservationExpired { .. } => {}
        }
    }

    fn requested(&mut self, operation_id: OperationId, operation: Operation) {
        self.op_or_new(operation_id, operation);
    }

    fn outcome(&mut self, operation_id: OperationId, operation: Operation, outcome: Outcome) {
        let op = self.op_or_new(operation_id, operation);
        if outcome.rank() > op.outcome.rank() {
            op.outcome = outcome;
        }
    }

    fn still_unknown(&mut self, operation_id: OperationId, attempt: u32) {
        let Some(op) = self.op_mut(operation_id) else {
            return;
        };
        if let Outcome::Unknown { sent, answered } = &mut op.outcome {
            *answered = attempt.max(*answered);
            *sent = (*answered).max(*sent);
        }
    }

    /// A void that was waiting for the outcome did not wait for this one: it has to be sent again.
    fn conflict(&mut self, operation_id: OperationId) {
        let Some(op) = self
            .op_mut(operation_id)
            .filter(|op| op.outcome.rank() < Outcome::Conflict.rank())
        else {
            return;
        };
        op.outcome = Outcome::Conflict;
        self.conflicted = true;
        let voids = self
            .operations
            .iter_mut()
            .filter(|op| op.operation == Operation::Void && op.outcome == Outcome::Pending);
        voids.for_each(|void| {
            void.outcome = Outcome::Failed {
                code: "amount_conflict".to_owned(),
                retryable: true,
            }
        });
    }
}

impl Op {
    pub(super) fn has_succeeded(&self) -> bool {
        matches!(self.outcome, Outcome::Succeeded { .. })
    }

    /// Whether the gateway may still be at it, or nobody knows.
    pub(super) fn is_in_flight(&self) -> bool {
        match self.outcome {
            Outcome::Pending
            | Outcome::Unknown { .. }
            | Outcome::ActionRequired
            | Outcome::Conflict => true,
            Outcome::Failed { .. } | Outcome::Succeeded { .. } => false,
        }
    }
}

impl Outcome {
    fn rank(&self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Unknown { .. } => 1,
            Self::ActionRequired => 2,
            Self::Conflict => 3,
            Self::Failed { .. } => 4,
            Self::Succeeded { .. } => 5,
        }
    }
}

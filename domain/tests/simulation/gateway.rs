//! A payment gateway with its own books: what it did, whatever it answered.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;
use orderlog_domain::{
    DecidedAt,
    ids::OperationId,
    money::Money,
    payment::{
        AuthorizationOutcome, Operation, OperationOutcome, PaymentCommand, PaymentEvent,
        RecordAuthorization, RecordCapture, RecordRefund, RecordStillUnknown, RecordVoid,
    },
};

/// How the gateway behaves towards one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    Approves,
    Declines,
    AsksTheCustomer,
    AuthorizesLess,
    ReportsAnotherAmount,
    AnswersAuthorizationWhenAsked,
    NeverAnswersAuthorization,
    AuthorizesAfterAll,
    DeclinesAndAuthorizes,
    CapturesAtTheThirdTry,
    RefusesCapture,
    AnswersCaptureWhenAsked,
    NeverAnswersCapture,
    UndoesAtTheThirdTry,
    NeverUndoes,
    LetsGoEarly,
}

impl Script {
    pub(crate) const ALL: [Self; 16] = [
        Self::Approves,
        Self::Declines,
        Self::AsksTheCustomer,
        Self::AuthorizesLess,
        Self::ReportsAnotherAmount,
        Self::AnswersAuthorizationWhenAsked,
        Self::NeverAnswersAuthorization,
        Self::AuthorizesAfterAll,
        Self::DeclinesAndAuthorizes,
        Self::CapturesAtTheThirdTry,
        Self::RefusesCapture,
        Self::AnswersCaptureWhenAsked,
        Self::NeverAnswersCapture,
        Self::UndoesAtTheThirdTry,
        Self::NeverUndoes,
        Self::LetsGoEarly,
    ];

    /// Whether a person may have to look.
    pub(crate) fn may_need_a_person(self) -> bool {
        matches!(
            self,
            Self::ReportsAnotherAmount
                | Self::NeverAnswersAuthorization
                | Self::NeverAnswersCapture
                | Self::NeverUndoes
        )
    }
}

/// What the gateway did for one payment, in minor units.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) authorized: i64,
    pub(crate) voided: i64,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
    /// What became of each operation.
    effects: BTreeMap<OperationId, Effect>,
    tries: HashMap<Operation, u32>,
}

#[derive(Clone, Debug)]
enum Effect {
    Authorization(AuthorizationOutcome),
    Other(OperationOutcome),
}

impl Account {
    pub(crate) fn held(&self) -> i64 {
        self.authorized - self.voided - self.captured
    }

    /// Carries out what a payment asks for, once per operation, and answers, or not.
    pub(crate) fn call(
        &mut self,
        script: Script,
        event: &PaymentEvent,
        at: DecidedAt,
    ) -> Option<PaymentCommand> {
        match event {
            PaymentEvent::PaymentAuthorizationRequested {
                operation_id,
                amount,
                ..
            } => Some(self.authorize(script, *operation_id, *amount, at)),
            PaymentEvent::PaymentCaptureRequested {
                operation_id,
                amount,
                ..
            } => Some(self.capture(script, *operation_id, *amount)),
            PaymentEvent::PaymentVoidRequested {
                operation_id,
                amount,
                ..
            } => {
                let outcome = self.undo(script, *operation_id, Operation::Void, *amount);
                Some(PaymentCommand::RecordVoid(RecordVoid {
                    operation_id: *operation_id,
                    outcome,
                }))
            }
            PaymentEvent::PaymentRefundRequested {
                operation_id,
                amount,
                ..
            } => {
                let outcome = self.undo(script, *operation_id, Operation::Refund, *amount);
                Some(PaymentCommand::RecordRefund(RecordRefund {
                    operation_id: *operation_id,
                    outcome,
                }))
            }
            PaymentEvent::PaymentReconciliationRequested {
                operation_id,
                attempt,
                ..
            } => Some(self.tell(script, *operation_id, *attempt)),
            _ => None,
        }
    }

    /// A success that the gateway reports of itself, long after.
    pub(crate) fn report_late(&self) -> Vec<PaymentCommand> {
        let all = self.effects.keys();
        all.map(|operation_id| self.recorded(*operation_id))
            .filter(|command| matches!(command, PaymentCommand::RecordAuthorization(_)))
            .collect()
    }

    fn authorize(
        &mut self,
        script: Script,
        operation_id: OperationId,
        amount: Money,
        at: DecidedAt,
    ) -> PaymentCommand {
        if !self.effects.contains_key(&operation_id) {
            let first = self.count(Operation::Authorize) == 1;
            let held = |amount_minor| AuthorizationOutcome::Authorized {
                amount: Money::new(amount_minor, amount.currency),
                gateway_ref: "ref".to_owned(),
                expires_at: at
                    + TimeDelta::days(if script == Script::LetsGoEarly && first {
                        1
                    } else {
                        90
                    }),
            };
            let outcome = match script {
                Script::Declines => AuthorizationOutcome::Declined {
                    code: "declined".to_owned(),
                    retryable: false,
                },
                Script::AsksTheCustomer if first => AuthorizationOutcome::ActionRequired {
                    url: "https://bank.example".to_owned(),
                    expires_at: at + TimeDelta::hours(1),
                },
                Script::AuthorizesLess => held(amount.amount_minor - 1),
                Script::ReportsAnotherAmount => held(amount.amount_minor + 1),
                _ => held(amount.amount_minor),
            };
            if let AuthorizationOutcome::Authorized { amount, .. } = &outcome {
                self.authorized += amount.amount_minor;
            }
            self.effects
                .insert(operation_id, Effect::Authorization(outcome));
        }
        match script {
            Script::AnswersAuthorizationWhenAsked
            | Script::NeverAnswersAuthorization
            | Script::AuthorizesAfterAll => {
                PaymentCommand::RecordAuthorization(RecordAuthorization {
                    operation_id,
                    outcome: AuthorizationOutcome::Unknown,
                })
            }
            Script::DeclinesAndAuthorizes => {
                let outcome = AuthorizationOutcome::Declined {
                    code: "declined".to_owned(),
                    retryable: false,
                };
                PaymentCommand::RecordAuthorization(RecordAuthorization {
                    operation_id,
                    outcome,
                })
            }
            _ => self.recorded(operation_id),
        }
    }

    fn capture(
        &mut self,
        script: Script,
        operation_id: OperationId,
        amount: Money,
    ) -> PaymentCommand {
        if !self.effects.contains_key(&operation_id) {
            let tries = self.count(Operation::Capture);
            let failed = |retryable| OperationOutcome::Failed {
                code: "capture_failed".to_owned(),
                retryable,
            };
            let outcome = match script {
                Script::CapturesAtTheThirdTry if tries < 3 => failed(true),
                Script::RefusesCapture => failed(false),
                _ => OperationOutcome::Done { amount },
            };
            if let OperationOutcome::Done { amount } = outcome {
                self.captured += amount.amount_minor;
            }
            self.effects.insert(operation_id, Effect::Other(outcome));
        }
        match script {
            Script::AnswersCaptureWhenAsked | Script::NeverAnswersCapture => {
                PaymentCommand::RecordCapture(RecordCapture {
                    operation_id,
                    outcome: OperationOutcome::Unknown,
                })
            }
            _ => self.recorded_capture(operation_id),
        }
    }

    fn undo(
        &mut self,
        script: Script,
        operation_id: OperationId,
        operation: Operation,
        amount: Money,
    ) -> OperationOutcome {
        if !self.effects.contains_key(&operation_id) {
            let tries = self.count(operation);
            let fails =
                script == Script::NeverUndoes || script == Script::UndoesAtTheThirdTry && tries < 3;
            let outcome = if fails {
                OperationOutcome::Failed {
                    code: "undo_failed".to_owned(),
                    retryable: true,
                }
            } else {
                match operation {
                    Operation::Refund => self.refunded += amount.amount_minor,
                    Operation::Void | Operation::Authorize | Operation::Capture => {
                        self.voided += self.held()
                    }
                }
                OperationOutcome::Done { amount }
            };
            self.effects.insert(operation_id, Effect::Other(outcome));
        }
        match &self.effects[&operation_id] {
            Effect::Other(outcome) => outcome.clone(),
            Effect::Authorization(_) => OperationOutcome::Unknown,
        }
    }

    fn tell(&self, script: Script, operation_id: OperationId, attempt: u32) -> PaymentCommand {
        let answers = match script {
            Script::NeverAnswersAuthorization
            | Script::NeverAnswersCapture
            | Script::AuthorizesAfterAll => false,
            _ => attempt >= 3,
        };
        if !answers {
            return PaymentCommand::RecordStillUnknown(RecordStillUnknown {
                operation_id,
                attempt,
            });
        }
        match self.effects.get(&operation_id) {
            Some(Effect::Other(_)) => self.recorded_capture(operation_id),
            Some(Effect::Authorization(_)) | None => self.recorded(operation_id),
        }
    }

    fn recorded(&self, operation_id: OperationId) -> PaymentCommand {
        match self.effects.get(&operation_id) {
            Some(Effect::Authorization(outcome)) => {
                PaymentCommand::RecordAuthorization(RecordAuthorization {
                    operation_id,
                    outcome: outcome.clone(),
                })
            }
            Some(Effect::Other(_)) | None => self.recorded_capture(operation_id),
        }
    }

    fn recorded_capture(&self, operation_id: OperationId) -> PaymentCommand {
        let outcome = match self.effects.get(&operation_id) {
            Some(Effect::Other(outcome)) => outcome.clone(),
            Some(Effect::Authorization(_)) | None => OperationOutcome::Unknown,
        };
        PaymentCommand::RecordCapture(RecordCapture {
            operation_id,
            outcome,
        })
    }

    fn count(&mut self, operation: Operation) -> u32 {
        let tries = self.tries.entry(operation).or_default();
        *tries += 1;
        *tries
    }
}

//! Which commands the state of a payment does not refuse.

use crate::DecidedAt;

use super::{Operation, Payment, PaymentStatus, state::Finish};

impl Payment {
    /// Names of the commands that the state does not refuse.
    pub fn allowed_commands(&self, at: DecidedAt) -> Vec<&'static str> {
        use Operation::{Authorize, Capture, Refund, Void};
        let status = self.status();
        let flying = |operation| {
            self.in_flight
                .as_ref()
                .is_some_and(|flight| flight.operation == operation)
        };
        let unknown = self.in_flight.as_ref().is_some_and(|flight| flight.unknown);
        let idle = self.in_flight.is_none();
        let agreed = idle && self.conflict.is_none();
        let holds = self.ledger.held() > 0;
        let ran_out = holds && self.held_until.is_some_and(|until| at >= until);
        let void_waits =
            (flying(Authorize) || unknown && flying(Capture)) && self.void_scheduled.is_none();
        let table = [
            ("InitiatePayment", !self.exists()),
            ("Authorize", status == PaymentStatus::Initiated),
            (
                "RecordAuthorization",
                flying(Authorize) || idle && self.may_turn_up(),
            ),
            (
                "CompleteAction",
                idle && self.action.is_some_and(|(_, until)| at < until),
            ),
            ("Reconcile", unknown),
            ("RecordStillUnknown", !idle),
            ("Capture", agreed && holds && !ran_out),
            ("RecordCapture", flying(Capture)),
            (
                "Void",
                idle && (self.can_let_go() || status == PaymentStatus::Initiated) || void_waits,
            ),
            ("RecordVoid", flying(Void)),
            ("ExpireAuthorization", idle && ran_out),
            ("Refund", agreed && self.ledger.refundable() > 0),
            ("RecordRefund", flying(Refund)),
        ];
        table
            .into_iter()
            .filter_map(|(name, allowed)| allowed.then_some(name))
            .collect()
    }

    /// Whether an authorization that did not succeed may have done so after all.
    fn may_turn_up(&self) -> bool {
        self.finished.iter().any(|over| match over.finish {
            Finish::Failed | Finish::ActionRequired => over.operation == Operation::Authorize,
            Finish::Done | Finish::Conflicted => false,
        })
    }
}

//! The branches of the saga, each with a plan that leads there and what shows that it did.

use std::collections::BTreeSet;

use crate::{gateway::Script, people::Conduct, world::Plan};

/// A branch of the saga.
pub(crate) struct Branch {
    /// Name of its golden file.
    pub(crate) name: &'static str,
    pub(crate) plan: Plan,
    pub(crate) stock: [u32; 2],
    /// Whether time passes while there is something to do.
    pub(crate) is_hectic: bool,
    /// Whether the customer cancels, now earlier, now later.
    pub(crate) is_cancelled: bool,
    /// What its history comes by or never does, in the words of [`crate::what`].
    wanted: &'static str,
}

impl Branch {
    /// Whether a history that comes by this is one of the branch.
    pub(crate) fn is_in(&self, seen: &BTreeSet<String>) -> bool {
        let mut wanted = self.wanted.split(", ");
        wanted.all(|wanted| match wanted.strip_prefix("never ") {
            Some(unwanted) => !seen.contains(unwanted),
            None => seen.contains(wanted),
        })
    }

    /// How the order of this seed is to go.
    pub(crate) fn plan_of(&self, seed: u64) -> Plan {
        let mut plan = self.plan.clone();
        if self.is_cancelled {
            plan.conduct.cancels_after = Some(u32::try_from(seed % 80).expect("it is small"));
        }
        plan
    }
}

/// Every branch.
pub(crate) fn branches() -> Vec<Branch> {
    [
        forward(),
        payments(),
        captures(),
        stock(),
        cancelled(),
        people(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn forward() -> Vec<Branch> {
    use Script::{AnswersAuthorizationWhenAsked, Approves, AsksTheCustomer, LetsGoEarly};
    vec![
        branch(
            "delivered",
            Approves,
            "ends in Completed, never asks DispatchOverdue",
        ),
        Branch {
            plan: Plan {
                is_free: true,
                ..plan(Approves)
            },
            ..branch(
                "delivered-for-nothing",
                Approves,
                "ends in Completed, never asks DispatchOverdue",
            )
        },
        branch(
            "customer-acts",
            AsksTheCustomer,
            "enters AwaitingCustomer, ends in Completed",
        ),
        branch(
            "timeout-then-reconciled",
            AnswersAuthorizationWhenAsked,
            "enters Reconciling, ends in Completed",
        ),
        branch(
            "authorization-expired-then-authorized-anew",
            LetsGoEarly,
            "observes AuthorizationExpired, ends in Completed",
        ),
    ]
}

fn payments() -> Vec<Branch> {
    use Script::{
        AsksTheCustomer, AuthorizesAfterAll, AuthorizesLess, Declines, DeclinesAndAuthorizes,
        NeverAnswersAuthorization, ReportsAnotherAmount,
    };
    vec![
        branch("declined", Declines, "turns back PaymentDeclined"),
        branch(
            "authorized-for-less",
            AuthorizesLess,
            "observes Authorized, turns back PaymentDeclined",
        ),
        branch(
            "another-amount",
            ReportsAnotherAmount,
            "asks AmountConflict",
        ),
        but(
            branch(
                "customer-never-acts",
                AsksTheCustomer,
                "turns back PaymentTimedOut",
            ),
            |conduct| conduct.acts = false,
        ),
        branch(
            "never-answered",
            NeverAnswersAuthorization,
            "asks OutcomeUnknown in Reconciling",
        ),
        branch(
            "late-success",
            AuthorizesAfterAll,
            "asks OutcomeUnknown, turns back PaymentUnresolved, observes Voided",
        ),
        branch(
            "authorized-after-compensation",
            DeclinesAndAuthorizes,
            "observes Authorized in Compensated, observes Voided in Compensated",
        ),
    ]
}

fn captures() -> Vec<Branch> {
    use Script::{
        AnswersCaptureWhenAsked, CapturesAtTheThirdTry, NeverAnswersCapture, RefusesCapture,
    };
    vec![
        branch(
            "captured-at-the-third-try",
            CapturesAtTheThirdTry,
            "waits on RetryPayment in Capturing, ends in Completed",
        ),
        branch(
            "capture-fails",
            RefusesCapture,
            "turns back CaptureFailed, observes Voided",
        ),
        branch(
            "capture-reconciled",
            AnswersCaptureWhenAsked,
            "waits on Reconcile in Capturing, ends in Completed",
        ),
        branch(
            "capture-never-answered",
            NeverAnswersCapture,
            "asks OutcomeUnknown in Capturing",
        ),
    ]
}

fn stock() -> Vec<Branch> {
    use Script::{Approves, AsksTheCustomer};
    vec![
        Branch {
            stock: [0, 0],
            ..branch("out-of-stock", Approves, "turns back OutOfStock")
        },
        Branch {
            stock: [5, 0],
            ..branch("one-line-out-of-stock", Approves, "turns back OutOfStock")
        },
        hectic(branch(
            "reservation-made-anew",
            AsksTheCustomer,
            "observes ReservationExpired, ends in Completed",
        )),
        Branch {
            stock: [3, 3],
            ..hectic(branch(
                "reservation-lost",
                AsksTheCustomer,
                "turns back ReservationLost",
            ))
        },
        hectic(branch(
            "answered-late",
            Approves,
            "waits on Answer, rings in Reserving, ends in Completed",
        )),
    ]
}

fn cancelled() -> Vec<Branch> {
    use Script::{
        AnswersAuthorizationWhenAsked, AnswersCaptureWhenAsked, Approves, AsksTheCustomer,
        NeverUndoes, UndoesAtTheThirdTry,
    };
    let cancelled = |name, script, wanted| may_cancel(branch(name, script, wanted));
    vec![
        cancelled(
            "cancelled-while-reserving",
            Approves,
            "observes CancellationRequested in Reserving, ends in Compensated",
        ),
        cancelled(
            "cancelled-while-authorizing",
            Approves,
            "observes CancellationRequested in Authorizing, ends in Compensated",
        ),
        cancelled(
            "cancelled-while-the-customer-acts",
            AsksTheCustomer,
            "observes CancellationRequested in AwaitingCustomer, ends in Compensated",
        ),
        cancelled(
            "cancelled-while-reconciling",
            AnswersAuthorizationWhenAsked,
            "observes CancellationRequested in Reconciling, ends in Compensated",
        ),
        cancelled(
            "cancelled-while-confirming",
            Approves,
            "observes CancellationRequested in Confirming, ends in Compensated",
        ),
        cancelled(
            "cancelled-while-preparing",
            Approves,
            "observes CancellationRequested in Preparing, observes Voided, ends in Compensated",
        ),
        cancelled(
            "cancelled-while-capturing",
            AnswersCaptureWhenAsked,
            "observes CancellationRequested in Capturing, observes Captured in Compensating, observes Refunded, ends in Compensated",
        ),
        cancelled(
            "cancelled-before-dispatch",
            Approves,
            "observes CancellationRequested in Dispatching, observes Refunded, ends in Compensated",
        ),
        cancelled(
            "cancelled-after-dispatch",
            Approves,
            "observes CancellationRequested, enters AwaitingDelivery in Compensating, ends in Completed",
        ),
        cancelled(
            "undone-at-the-third-try",
            UndoesAtTheThirdTry,
            "waits on RetryPayment in Compensating, ends in Compensated",
        ),
        cancelled(
            "void-fails",
            NeverUndoes,
            "turns back CancellationRequested in Authorizing, asks OperationFailed",
        ),
        cancelled(
            "refund-fails",
            NeverUndoes,
            "observes Captured, asks OperationFailed",
        ),
    ]
}

fn people() -> Vec<Branch> {
    let left_alone = branch("never-dispatched", Script::Approves, "asks DispatchOverdue");
    let late = branch("delivered-late", Script::Approves, "asks DeliveryOverdue");
    vec![
        but(left_alone, |conduct| conduct.dispatches = false),
        hectic(may_cancel(late)),
    ]
}

/// Two lines of five in stock each, in an orderly world of helpful people.
fn branch(name: &'static str, script: Script, wanted: &'static str) -> Branch {
    Branch {
        name,
        plan: plan(script),
        stock: [5, 5],
        is_hectic: false,
        is_cancelled: false,
        wanted,
    }
}

fn plan(script: Script) -> Plan {
    Plan {
        lines: vec![(0, 2), (1, 3)],
        is_free: false,
        script,
        conduct: Conduct::helpful(),
    }
}

fn hectic(branch: Branch) -> Branch {
    Branch {
        is_hectic: true,
        ..branch
    }
}

fn may_cancel(branch: Branch) -> Branch {
    Branch {
        is_cancelled: true,
        ..branch
    }
}

fn but(mut branch: Branch, change: impl FnOnce(&mut Conduct)) -> Branch {
    change(&mut branch.plan.conduct);
    branch
}

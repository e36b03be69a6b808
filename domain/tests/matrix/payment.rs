//! The lives of a payment, and the commands that may reach it.

use orderlog_domain::{
    money::Money,
    payment::{
        AuthorizationOutcome, ExpireAuthorization, OperationOutcome, Payment, PaymentCommand,
        RecordAuthorization, RecordStillUnknown,
    },
};

use crate::{Asked, Life, payment_commands::*};

pub(crate) fn lives() -> Vec<Life<Payment>> {
    let authorizing = || vec![initiate(euro(100)), authorize(AUTHORIZATION)];
    let unknown = || {
        [
            authorizing(),
            vec![authorization(AuthorizationOutcome::Unknown)],
        ]
        .concat()
    };
    let authorized = || [authorizing(), vec![authorization(held(euro(100)))]].concat();
    let action = || [authorizing(), vec![authorization(action_required())]].concat();
    let conflict = || [authorizing(), vec![authorization(held(euro(101)))]].concat();
    let capturing = || [authorized(), vec![capture(CAPTURE, euro(100), true)]].concat();
    let captured = || [capturing(), vec![record_capture(done(100))]].concat();
    let partly = || {
        [
            authorized(),
            vec![capture(CAPTURE, euro(60), false), record_capture(done(60))],
        ]
        .concat()
    };
    let voiding = || [authorized(), vec![void(VOID)]].concat();
    let refunding = |cents| [captured(), vec![refund(REFUND, euro(cents))]].concat();
    let and = |before: Vec<PaymentCommand>, then: PaymentCommand| [before, vec![then]].concat();
    let expire = || PaymentCommand::ExpireAuthorization(ExpireAuthorization {});
    vec![
        life("Never initiated", vec![]),
        life("Initiated", vec![initiate(euro(100))]),
        life("Authorizing", authorizing()),
        life("The customer has to act", action()),
        later("The customer did not act in time", ACT_UNTIL, action()),
        life("The customer acted", and(action(), complete_action())),
        life("Outcome of the authorization unknown", unknown()),
        life(
            "Asked what became of the authorization",
            and(unknown(), reconcile()),
        ),
        life("Declined", and(authorizing(), authorization(declined()))),
        life("Authorized", authorized()),
        life(
            "Authorized in part",
            and(authorizing(), authorization(held(euro(50)))),
        ),
        later("Authorized too long ago", HELD_UNTIL, authorized()),
        life("More authorized than asked for", conflict()),
        life(
            "More authorized than asked for, voiding",
            and(conflict(), void(VOID)),
        ),
        life("Capturing", capturing()),
        life(
            "Outcome of the capture unknown",
            and(capturing(), record_capture(OperationOutcome::Unknown)),
        ),
        life("Capture failed", and(capturing(), record_capture(failed()))),
        life("Captured", captured()),
        life("Captured in part", partly()),
        later("Captured in part too long ago", HELD_UNTIL, partly()),
        expiring(
            "Captured in part, the rest expired",
            and(partly(), expire()),
        ),
        life(
            "Void scheduled while authorizing",
            and(authorizing(), void(VOID)),
        ),
        life("Void scheduled while unknown", and(unknown(), void(VOID))),
        life("Voiding", voiding()),
        life(
            "Outcome of the void unknown",
            and(voiding(), record_void(OperationOutcome::Unknown)),
        ),
        life("Void failed", and(voiding(), record_void(failed()))),
        life("Voided", and(voiding(), record_void(done(100)))),
        life(
            "Voided before anything was asked",
            and(vec![initiate(euro(100))], void(VOID)),
        ),
        life(
            "Voided while the customer had to act",
            and(action(), void(VOID)),
        ),
        expiring("Expired", and(authorized(), expire())),
        life("Refunding", refunding(40)),
        life(
            "Outcome of the refund unknown",
            and(refunding(40), record_refund(OperationOutcome::Unknown)),
        ),
        life("Refund failed", and(refunding(40), record_refund(failed()))),
        life(
            "Refunded in part",
            and(refunding(40), record_refund(done(40))),
        ),
        life("Refunded", and(refunding(100), record_refund(done(100)))),
    ]
}

pub(crate) fn commands() -> Vec<Asked<PaymentCommand>> {
    let still_unknown = |operation| {
        PaymentCommand::RecordStillUnknown(RecordStillUnknown {
            operation_id: id(operation),
            attempt: 1,
        })
    };
    let late = RecordAuthorization {
        operation_id: id(NEW),
        outcome: held(euro(100)),
    };
    let pound = Money::new(100, currency("GBP"));
    [
        ("InitiatePayment", "", initiate(euro(100))),
        ("InitiatePayment", "of nothing", initiate(euro(0))),
        (
            "InitiatePayment",
            "in gold",
            initiate(Money::new(100, currency("XAU"))),
        ),
        ("Authorize", "", authorize(NEW)),
        ("Authorize", "repeated", authorize(AUTHORIZATION)),
        (
            "RecordAuthorization",
            "authorized",
            authorization(held(euro(100))),
        ),
        (
            "RecordAuthorization",
            "authorized in part",
            authorization(held(euro(50))),
        ),
        (
            "RecordAuthorization",
            "more authorized",
            authorization(held(euro(101))),
        ),
        (
            "RecordAuthorization",
            "other currency",
            authorization(held(pound)),
        ),
        (
            "RecordAuthorization",
            "action required",
            authorization(action_required()),
        ),
        ("RecordAuthorization", "declined", authorization(declined())),
        (
            "RecordAuthorization",
            "unknown",
            authorization(AuthorizationOutcome::Unknown),
        ),
        (
            "RecordAuthorization",
            "of nobody's operation",
            PaymentCommand::RecordAuthorization(late),
        ),
        ("CompleteAction", "", complete_action()),
        ("Reconcile", "", reconcile()),
        (
            "RecordStillUnknown",
            "authorization",
            still_unknown(AUTHORIZATION),
        ),
        ("RecordStillUnknown", "capture", still_unknown(CAPTURE)),
        ("RecordStillUnknown", "void", still_unknown(VOID)),
        ("RecordStillUnknown", "refund", still_unknown(REFUND)),
        ("Capture", "in full", capture(NEW, euro(100), true)),
        ("Capture", "in part", capture(NEW, euro(40), false)),
        ("Capture", "too much", capture(NEW, euro(101), true)),
        ("Capture", "nothing", capture(NEW, euro(0), true)),
        ("Capture", "other currency", capture(NEW, pound, true)),
        ("Capture", "repeated", capture(CAPTURE, euro(100), true)),
        ("RecordCapture", "done", record_capture(done(100))),
        (
            "RecordCapture",
            "more than asked for",
            record_capture(done(101)),
        ),
        ("RecordCapture", "failed", record_capture(failed())),
        (
            "RecordCapture",
            "unknown",
            record_capture(OperationOutcome::Unknown),
        ),
        ("Void", "", void(NEW)),
        ("Void", "repeated", void(VOID)),
        ("RecordVoid", "done", record_void(done(100))),
        ("RecordVoid", "failed", record_void(failed())),
        (
            "RecordVoid",
            "unknown",
            record_void(OperationOutcome::Unknown),
        ),
        (
            "ExpireAuthorization",
            "",
            PaymentCommand::ExpireAuthorization(ExpireAuthorization {}),
        ),
        ("Refund", "", refund(NEW, euro(40))),
        ("Refund", "too much", refund(NEW, euro(101))),
        ("Refund", "nothing", refund(NEW, euro(0))),
        ("Refund", "other currency", refund(NEW, pound)),
        ("Refund", "repeated", refund(REFUND, euro(40))),
        ("RecordRefund", "done", record_refund(done(40))),
        ("RecordRefund", "failed", record_refund(failed())),
        (
            "RecordRefund",
            "unknown",
            record_refund(OperationOutcome::Unknown),
        ),
    ]
    .map(|(command, variant, says)| Asked {
        command,
        variant,
        says,
    })
    .into()
}

fn life(name: &'static str, commands: Vec<PaymentCommand>) -> Life<Payment> {
    later(name, 0, commands)
}

fn later(name: &'static str, hour: i64, commands: Vec<PaymentCommand>) -> Life<Payment> {
    let commands = commands
        .into_iter()
        .map(|command| (at(0), command))
        .collect();
    Life {
        name,
        commands,
        now: at(hour),
    }
}

/// The last command comes when the authorization has run out.
fn expiring(name: &'static str, commands: Vec<PaymentCommand>) -> Life<Payment> {
    let mut life = later(name, HELD_UNTIL, commands);
    if let Some((last, _)) = life.commands.last_mut() {
        *last = at(HELD_UNTIL);
    }
    life
}

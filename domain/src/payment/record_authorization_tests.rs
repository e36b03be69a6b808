//! What the gateway may say of an authorization, in time, too late, twice, or not at all.

use crate::ids::{OperationId, derive};

use super::super::{
    AuthorizationOutcome, Operation, PaymentCommand, PaymentRefusal, PaymentStatus,
    RecordAuthorization, testing::*,
};

fn record(operation: u128, outcome: AuthorizationOutcome) -> PaymentCommand {
    let operation_id = id(operation);
    PaymentCommand::RecordAuthorization(RecordAuthorization {
        operation_id,
        outcome,
    })
}

fn in_full() -> AuthorizationOutcome {
    says_authorized(euro(100), "gw_1")
}

fn says_action_required() -> AuthorizationOutcome {
    let url = "https://bank.example".to_owned();
    AuthorizationOutcome::ActionRequired {
        url,
        expires_at: at(1),
    }
}

/// The operation of the void that lets go what `operation` held too late.
fn late_void(operation: u128) -> OperationId {
    OperationId(derive(id(operation).0, "void-late-success"))
}

#[test]
fn each_outcome_is_a_fact_of_its_own() {
    let outcomes = [
        (in_full(), authorized(1, 100, "gw_1")),
        (says_authorized(euro(50), "gw_1"), authorized(1, 50, "gw_1")),
        (says_action_required(), action_required(1)),
        (says_declined(), declined(1)),
        (
            AuthorizationOutcome::Unknown,
            unknown(1, Operation::Authorize),
        ),
    ];
    for (outcome, event) in outcomes {
        given(&authorizing())
            .when(record(1, outcome))
            .then_expect_events(vec![event]);
    }
}

#[test]
fn more_than_was_asked_for_or_another_currency_is_a_conflict() {
    for reported in [euro(101), euro(0), pounds(100)] {
        given(&authorizing())
            .when(record(1, says_authorized(reported, "gw_1")))
            .then_expect_events(vec![conflict(1, reported, "gw_1")]);
    }
}

#[test]
fn a_conflict_that_is_reported_again_changes_nothing() {
    given(&and(authorizing(), [conflict(1, euro(101), "gw_1")]))
        .when(record(1, says_authorized(euro(101), "gw_1")))
        .then_expect_events(vec![]);
}

#[test]
fn the_first_outcome_counts() {
    for outcome in [in_full(), says_declined(), AuthorizationOutcome::Unknown] {
        given(&held())
            .when(record(1, outcome))
            .then_expect_events(vec![]);
    }
    let unknown = record(1, AuthorizationOutcome::Unknown);
    given(&authorization_unknown())
        .when(unknown)
        .then_expect_events(vec![]);
}

#[test]
fn an_unknown_outcome_becomes_known() {
    given(&authorization_unknown())
        .when(record(1, in_full()))
        .then_expect_events(vec![authorized(1, 100, "gw_1")]);
    given(&authorization_unknown())
        .when(record(1, says_declined()))
        .then_expect_events(vec![declined(1)]);
}

#[test]
fn what_a_void_waited_for_is_let_go_in_the_same_decision() {
    let waiting = and(authorization_unknown(), [void_scheduled()]);
    given(&waiting)
        .when(record(1, in_full()))
        .then_expect_events(vec![
            authorized(1, 100, "gw_1"),
            void_requested(euro(100), Some("gw_1")),
        ]);
    given(&waiting)
        .when(record(1, says_authorized(euro(101), "gw_1")))
        .then_expect_events(vec![
            conflict(1, euro(101), "gw_1"),
            void_requested(euro(101), Some("gw_1")),
        ]);
    given(&waiting)
        .when(record(1, says_action_required()))
        .then_expect_events(vec![action_required(1), void_requested(euro(0), None)]);
    given(&waiting)
        .when(record(1, says_declined()))
        .then_expect_events(vec![declined(1)]);
}

#[test]
fn money_that_turns_up_after_the_end_is_recorded_and_let_go() {
    let called_off = and(acting(), [void_requested(euro(0), None), voided(3, 0)]);
    for life in [and(authorizing(), [declined(1)]), called_off] {
        given(&life)
            .when(record(1, in_full()))
            .then_expect_events(vec![
                authorized(1, 100, "gw_1"),
                void_requested_as(late_void(1), euro(100), Some("gw_1")),
            ]);
    }
}

#[test]
fn money_that_turned_up_late_is_recorded_once() {
    let late = [
        authorized(1, 100, "gw_1"),
        void_requested_as(late_void(1), euro(100), Some("gw_1")),
    ];
    let life = and(and(authorizing(), [declined(1)]), late);
    given(&life)
        .when(record(1, in_full()))
        .then_expect_events(vec![]);
}

#[test]
fn a_second_authorization_is_let_go_and_the_first_one_kept() {
    let twice = and(
        acting(),
        [authorization_requested(5), authorized(5, 100, "gw_5")],
    );
    let late = [
        authorized(1, 100, "gw_1"),
        void_requested_as(late_void(1), euro(100), Some("gw_1")),
    ];
    given(&twice)
        .when(record(1, in_full()))
        .then_expect_events(late.to_vec());
    let mut payment = after(&and(twice, late));
    assert_eq!(payment.gateway_ref.as_deref(), Some("gw_5"));
    let flight = payment
        .in_flight
        .as_ref()
        .and_then(|flight| flight.gateway_ref.as_deref());
    assert_eq!(flight, Some("gw_1"));
    let outcome = says_done(100);
    let operation_id = late_void(1);
    let done = super::super::RecordVoid {
        operation_id,
        outcome,
    };
    for event in payment
        .decide(PaymentCommand::RecordVoid(done), at(0))
        .expect("it is in flight")
    {
        payment.fold(event);
    }
    assert_eq!(
        (payment.status(), payment.ledger.held()),
        (PaymentStatus::Authorized, 100)
    );
}

#[test]
fn the_customer_may_act_without_being_waited_for() {
    given(&acting())
        .when(record(1, in_full()))
        .then_expect_events(vec![authorized(1, 100, "gw_1")]);
    given(&acting())
        .when(record(1, says_declined()))
        .then_expect_events(vec![declined(1)]);
    assert_eq!(
        after(&and(acting(), [declined(1)])).status(),
        PaymentStatus::Declined
    );
}

#[test]
fn money_that_turns_up_while_something_is_in_flight_comes_again() {
    let operation = Operation::Authorize;
    given(&and(acting(), [authorization_requested(5)]))
        .when(record(1, in_full()))
        .then_expect_error(PaymentRefusal::OperationInFlight { operation });
}

#[test]
fn an_operation_that_never_was_is_refused() {
    given(&authorizing())
        .when(record(9, in_full()))
        .then_expect_error(PaymentRefusal::UnknownOperation);
    given(&and(capturing(), [capture_failed()]))
        .when(record(2, in_full()))
        .then_expect_error(PaymentRefusal::UnknownOperation);
}

//! Money is never lost or taken twice, whatever the gateway answers and however late.

use chrono::{DateTime, TimeDelta};
use orderlog_domain::{
    fact::Fact,
    ids::{OperationId, OrderId, PaymentId, RefundId},
    money::{Currency, Money},
    payment::{
        AuthorizationOutcome, Authorize, Capture, CaptureMode, CompleteAction, ExpireAuthorization,
        InitiatePayment, OperationOutcome, Payment, PaymentCommand, PaymentEvent, PaymentStatus,
        Reconcile, RecordAuthorization, RecordCapture, RecordRefund, RecordStillUnknown,
        RecordVoid, Refund, Void,
    },
};
use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use crate::live;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_ledger_never_holds_more_than_there_is(commands in lifetime()) {
        live::<Payment, _>(commands, Payment::decide, of_payment, |step| {
            let ledger = step.after.ledger;
            let told = || format!("{ledger:?} after {:?}", step.events);
            assert!(ledger.captured + ledger.voided <= ledger.authorized, "{}", told());
            assert!(ledger.refunded <= ledger.captured, "{}", told());
            let each = [ledger.authorized, ledger.captured, ledger.voided, ledger.refunded];
            assert!(each.iter().all(|amount| *amount >= 0), "{}", told());
        });
    }

    /// Nothing but money that turns up late, which is let go at once.
    #[test]
    fn nothing_follows_the_end_of_a_payment(commands in lifetime()) {
        live::<Payment, _>(commands, Payment::decide, of_payment, |step| {
            let ended = matches!(
                step.before.status(),
                PaymentStatus::Declined
                    | PaymentStatus::Voided
                    | PaymentStatus::Expired
                    | PaymentStatus::Refunded
            );
            if !ended || step.before.in_flight.is_some() {
                return;
            }
            let late_money_let_go = matches!(
                step.events,
                [
                    PaymentEvent::PaymentAuthorized { .. } | PaymentEvent::PaymentConflictDetected { .. },
                    PaymentEvent::PaymentVoidRequested { .. },
                ]
            );
            let nothing = step.events.is_empty();
            assert!(nothing || late_money_let_go, "after the end: {:?}", step.events);
        });
    }

    /// What is asked of the gateway is answered before anything else is asked.
    #[test]
    fn one_operation_at_a_time(commands in lifetime()) {
        live::<Payment, _>(commands, Payment::decide, of_payment, |step| {
            let asked = step.events.iter().filter_map(asks).next_back();
            if let (Some(asked), Some(flight)) = (asked, &step.before.in_flight) {
                let still = step.after.in_flight.as_ref().map(|flight| flight.operation_id);
                assert!(flight.operation_id != asked, "asked again: {:?}", step.events);
                assert_eq!(still, Some(asked));
                let answered = step.events.len() > 1;
                assert!(answered, "two in flight: {flight:?}, {:?}", step.events);
            }
        });
    }
}

fn of_payment(fact: Fact) -> Option<PaymentEvent> {
    if let Fact::Payment(event) = fact {
        Some(event)
    } else {
        None
    }
}

fn asks(event: &PaymentEvent) -> Option<OperationId> {
    if let PaymentEvent::PaymentAuthorizationRequested { operation_id, .. }
    | PaymentEvent::PaymentCaptureRequested { operation_id, .. }
    | PaymentEvent::PaymentVoidRequested { operation_id, .. }
    | PaymentEvent::PaymentRefundRequested { operation_id, .. } = event
    {
        Some(*operation_id)
    } else {
        None
    }
}

/// A payment that begins, then anything at all.
fn lifetime() -> impl Strategy<Value = Vec<(i64, PaymentCommand)>> {
    vec((0_i64..10, command()), 1..50).prop_map(|commands| {
        let begun = [
            (0, initiate(100)),
            (
                0,
                PaymentCommand::Authorize(Authorize {
                    operation_id: id(1),
                }),
            ),
        ];
        begun.into_iter().chain(commands).collect()
    })
}

fn initiate(cents: i64) -> PaymentCommand {
    PaymentCommand::Initiate(InitiatePayment {
        payment_id: PaymentId(Uuid::from_u128(7)),
        order_id: OrderId(Uuid::from_u128(8)),
        amount: euro(cents),
        method_token: "tok_ok".to_owned(),
        capture_mode: CaptureMode::Manual,
    })
}

fn command() -> impl Strategy<Value = PaymentCommand> {
    prop_oneof![asking(), recording(), recording()]
}

fn asking() -> impl Strategy<Value = PaymentCommand> {
    use PaymentCommand as C;
    prop_oneof![
        Just(initiate(100)),
        operation().prop_map(|operation_id| C::Authorize(Authorize { operation_id })),
        operation().prop_map(|operation_id| C::CompleteAction(CompleteAction { operation_id })),
        (1_u32..3).prop_map(|attempt| C::Reconcile(Reconcile { attempt })),
        (operation(), amount(), any::<bool>()).prop_map(|(operation_id, amount, is_final)| {
            C::Capture(Capture {
                operation_id,
                amount,
                is_final,
            })
        }),
        operation().prop_map(|operation_id| C::Void(Void { operation_id })),
        Just(C::ExpireAuthorization(ExpireAuthorization {})),
        (operation(), amount()).prop_map(|(operation_id, amount)| {
            let refund_id = RefundId(operation_id.0);
            C::Refund(Refund {
                operation_id,
                refund_id,
                amount,
                reason: "chipped".to_owned(),
            })
        }),
    ]
}

fn recording() -> impl Strategy<Value = PaymentCommand> {
    use PaymentCommand as C;
    prop_oneof![
        (operation(), authorization()).prop_map(|(operation_id, outcome)| {
            C::RecordAuthorization(RecordAuthorization {
                operation_id,
                outcome,
            })
        }),
        (operation(), outcome()).prop_map(|(operation_id, outcome)| {
            C::RecordCapture(RecordCapture {
                operation_id,
                outcome,
            })
        }),
        (operation(), outcome()).prop_map(|(operation_id, outcome)| C::RecordVoid(RecordVoid {
            operation_id,
            outcome
        })),
        (operation(), outcome()).prop_map(|(operation_id, outcome)| {
            C::RecordRefund(RecordRefund {
                operation_id,
                outcome,
            })
        }),
        (operation(), 1_u32..3).prop_map(|(operation_id, attempt)| {
            C::RecordStillUnknown(RecordStillUnknown {
                operation_id,
                attempt,
            })
        }),
    ]
}

fn authorization() -> impl Strategy<Value = AuthorizationOutcome> {
    let hour = |hour| DateTime::UNIX_EPOCH + TimeDelta::hours(hour);
    prop_oneof![
        4 => (amount(), 0_i64..200).prop_map(move |(amount, until)| AuthorizationOutcome::Authorized {
            amount,
            gateway_ref: "gw_1".to_owned(),
            expires_at: hour(until),
        }),
        1 => (0_i64..100).prop_map(move |until| AuthorizationOutcome::ActionRequired {
            url: "https://bank.example".to_owned(),
            expires_at: hour(until),
        }),
        1 => Just(AuthorizationOutcome::Declined { code: "no".to_owned(), retryable: false }),
        1 => Just(AuthorizationOutcome::Unknown),
    ]
}

fn outcome() -> impl Strategy<Value = OperationOutcome> {
    prop_oneof![
        4 => amount().prop_map(|amount| OperationOutcome::Done { amount }),
        1 => Just(OperationOutcome::Failed { code: "no".to_owned(), retryable: false }),
        1 => Just(OperationOutcome::Unknown),
    ]
}

fn amount() -> impl Strategy<Value = Money> {
    let cents = prop::sample::select(vec![-1, 0, 1, 40, 60, 100, 100, 100, 101]);
    let pound = Currency::from_code("GBP").expect("a currency");
    prop_oneof![
        9 => cents.prop_map(euro),
        1 => Just(Money::new(100, pound)),
    ]
}

fn operation() -> impl Strategy<Value = OperationId> {
    (1_u128..7).prop_map(id)
}

fn id(operation: u128) -> OperationId {
    OperationId(Uuid::from_u128(operation))
}

fn euro(cents: i64) -> Money {
    Money::new(cents, Currency::from_code("EUR").expect("a currency"))
}

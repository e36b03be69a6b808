//! Orders that are undone once they were confirmed.

use crate::cli::Failure;

use super::{PIECES, STOCK, TOTAL};
use crate::scenario::{
    Played,
    ending::{Ending, Ledger, Level},
    seen::Seen,
    stage::Stage,
};

pub(super) async fn capture_fails(stage: &Stage) -> Result<Played, Failure> {
    stage.lay_in(PIECES).await?;
    let order = stage.place(2, "tok_capture_fails").await?;
    stage.pack(order).await?;
    let cancelled = Ending {
        payment: Some("VOIDED".to_owned()),
        money: Ledger {
            authorized: TOTAL,
            voided: TOTAL,
            ..Ledger::NONE
        },
        ..cancelled("SYSTEM")
    };
    stage.end(order, cancelled).await
}

pub(super) async fn cancelled_during_capture(stage: &Stage) -> Result<Played, Failure> {
    stage.lay_in(PIECES).await?;
    let order = stage.place(2, "tok_capture_timeout").await?;
    stage.pack(order).await?;
    let unknown = |seen: &Seen| {
        let capturing = seen
            .saga
            .as_ref()
            .is_some_and(|saga| saga.step == "CAPTURING");
        capturing
            && seen
                .payment()
                .is_some_and(|payment| payment.state == "UNKNOWN")
    };
    let what = "nobody knows whether the money was taken";
    stage.until(order, what, unknown).await?;
    stage.cancel(order).await?;
    let refunded = Ending {
        payment: Some("REFUNDED".to_owned()),
        money: Ledger {
            authorized: TOTAL,
            captured: TOTAL,
            refunded: TOTAL,
            ..Ledger::NONE
        },
        ..cancelled("CUSTOMER")
    };
    stage.end(order, refunded).await
}

pub(super) async fn refund_fails(stage: &Stage) -> Result<Played, Failure> {
    stage.lay_in(PIECES).await?;
    let order = stage.place(2, "tok_refund_fails").await?;
    stage.pack(order).await?;
    let taken = |seen: &Seen| seen.waits_for("DISPATCH");
    stage.until(order, "the money is taken", taken).await?;
    stage.cancel(order).await?;
    let stuck = Ending {
        order: "CANCELLING".to_owned(),
        payment: Some("CAPTURED".to_owned()),
        money: Ledger {
            authorized: TOTAL,
            captured: TOTAL,
            ..Ledger::NONE
        },
        saga: "NEEDS_OPERATOR".to_owned(),
        operator: Some("OPERATION_FAILED".to_owned()),
        ..cancelled("CUSTOMER")
    };
    stage.end(order, stuck).await
}

/// All of the stock is free again.
fn cancelled(by: &str) -> Ending {
    Ending {
        order: "CANCELLED".to_owned(),
        cancelled_by: Some(by.to_owned()),
        saga: "COMPENSATED".to_owned(),
        stock: Level::free(STOCK),
        ..Ending::default()
    }
}

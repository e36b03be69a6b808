//! Answers of the gateway that come late, or never.

use std::time::Duration;

use crate::cli::Failure;

use super::{PIECES, STOCK, TOTAL};
use crate::scenario::{
    Played,
    ending::{Ending, Ledger, Level},
    seen::Seen,
    stage::Stage,
};

/// What a void waits for is asked for every five minutes at most, by no timer of the saga.
const ASKED: Duration = Duration::from_secs(330);

pub(super) async fn gateway_down(stage: &Stage) -> Result<Played, Failure> {
    stage.lay_in(PIECES).await?;
    let order = stage.place(2, "tok_gateway_down").await?;
    let unknown = |seen: &Seen| {
        seen.payment()
            .is_some_and(|payment| payment.reconciliations > 0)
    };
    stage.until(order, "the gateway was asked", unknown).await?;
    let confirmed = Ending {
        order: "CONFIRMED".to_owned(),
        payment: Some("AUTHORIZED".to_owned()),
        money: Ledger {
            authorized: TOTAL,
            ..Ledger::NONE
        },
        saga: "WAITING".to_owned(),
        stock: Level {
            confirmed: 2,
            ..Level::free(STOCK)
        },
        ..Ending::default()
    };
    stage.end(order, confirmed).await
}

pub(super) async fn late_authorization(stage: &Stage) -> Result<Played, Failure> {
    stage.lay_in(PIECES).await?;
    let order = stage.place(2, "tok_late_success").await?;
    let rejected = Ending {
        order: "REJECTED".to_owned(),
        rejected: Some("PAYMENT_UNRESOLVED".to_owned()),
        payment: Some("VOIDED".to_owned()),
        money: Ledger {
            authorized: TOTAL,
            voided: TOTAL,
            ..Ledger::NONE
        },
        saga: "COMPENSATED".to_owned(),
        stock: Level::free(STOCK),
        ..Ending::default()
    };
    stage.patient(ASKED).end(order, rejected).await
}

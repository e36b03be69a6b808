//! Orders that reach their customers.

use crate::cli::Failure;

use super::{PIECES, STOCK, TOTAL};
use crate::scenario::{
    Played,
    ending::{Ending, Ledger, Level},
    stage::Stage,
};

pub(super) async fn happy_path(stage: &Stage) -> Result<Played, Failure> {
    stage.lay_in(PIECES).await?;
    let order = stage.place(2, "tok_ok").await?;
    stage.ship(order).await?;
    stage.end(order, completed()).await
}

pub(super) async fn three_d_secure(stage: &Stage) -> Result<Played, Failure> {
    stage.lay_in(PIECES).await?;
    let order = stage.place(2, "tok_3ds").await?;
    stage.answer_the_bank(order).await?;
    stage.ship(order).await?;
    stage.end(order, completed()).await
}

/// Two pieces are paid and gone.
pub(super) fn completed() -> Ending {
    Ending {
        order: "COMPLETED".to_owned(),
        payment: Some("CAPTURED".to_owned()),
        money: Ledger {
            authorized: TOTAL,
            captured: TOTAL,
            ..Ledger::NONE
        },
        saga: "COMPLETED".to_owned(),
        stock: Level::free(STOCK - 2),
        ..Ending::default()
    }
}

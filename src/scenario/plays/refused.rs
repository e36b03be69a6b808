//! Orders that the shop cannot honour.

use futures::future::try_join_all;
use serde_json::json;

use crate::cli::Failure;

use super::{PIECES, STOCK};
use crate::scenario::{
    Played,
    ending::{Ending, Level},
    seen::Seen,
    stage::Stage,
};

pub(super) async fn declined(stage: &Stage) -> Result<Played, Failure> {
    stage.lay_in(PIECES).await?;
    let order = stage.place(2, "tok_declined").await?;
    stage
        .end(order, rejected("PAYMENT_DECLINED", "DECLINED"))
        .await
}

pub(super) async fn three_d_secure_timeout(stage: &Stage) -> Result<Played, Failure> {
    stage.lay_in(PIECES).await?;
    let order = stage.place(2, "tok_3ds").await?;
    stage
        .end(order, rejected("PAYMENT_TIMED_OUT", "VOIDED"))
        .await
}

/// No money was ever held, and all of the stock is free again.
fn rejected(why: &str, payment: &str) -> Ending {
    Ending {
        order: "REJECTED".to_owned(),
        rejected: Some(why.to_owned()),
        payment: Some(payment.to_owned()),
        saga: "COMPENSATED".to_owned(),
        stock: Level::free(STOCK),
        ..Ending::default()
    }
}

/// Pieces that are raced for.
const WANTED: u32 = 5;
/// Orders of one piece each.
const ORDERS: usize = 8;

pub(super) async fn oversell_race(stage: &Stage) -> Result<Played, Failure> {
    stage.lay_in(WANTED).await?;
    let orders = try_join_all((0..ORDERS).map(|_| stage.place(1, "tok_ok"))).await?;
    let decided = |seen: &Seen| {
        let rejected = seen.status() == "REJECTED" && seen.ending().saga == "COMPENSATED";
        rejected || seen.waits_for("PACKING")
    };
    let what = "it is confirmed or rejected";
    let races = orders
        .iter()
        .map(|order| stage.until(*order, what, decided));
    let races = try_join_all(races).await?;
    let count = |wanted: fn(&Ending) -> bool| {
        let endings = races.iter().map(Seen::ending);
        endings.filter(wanted).count()
    };
    let confirmed = count(|end| end.order == "CONFIRMED");
    let rejected = count(|end| end.rejected.as_deref() == Some("OUT_OF_STOCK"));
    let promised = Level {
        confirmed: WANTED.into(),
        ..Level::free(WANTED.into())
    };
    let shown = races.iter().position(|seen| seen.status() == "REJECTED");
    let order = orders[shown.unwrap_or_default()];
    let sold_out = |seen: &Seen| seen.ending().stock == promised;
    let stock = stage
        .until(order, "all five pieces are promised", sold_out)
        .await?;
    Ok(Played {
        order,
        expected: json!({ "confirmed": WANTED, "out_of_stock": ORDERS as u32 - WANTED, "stock": promised }),
        found: json!({ "confirmed": confirmed, "out_of_stock": rejected, "stock": stock.ending().stock }),
    })
}

//! An event that nobody can read.

use orderlog_runtime::dead_letter::{ConsumerKind, DeadLetter};

use crate::cli::Failure;

use super::{PIECES, STOCK, shipped::completed};
use crate::scenario::{
    Played,
    ending::{Ending, Level},
    seen::Seen,
    stage::Stage,
};

pub(super) async fn poison_event(stage: &Stage) -> Result<Played, Failure> {
    let hand = stage.hand().await?;
    stage.lay_in(PIECES).await?;
    let poisoned = stage.place(2, "tok_ok").await?;
    let packing = |seen: &Seen| seen.waits_for("PACKING");
    stage.until(poisoned, "it is confirmed", packing).await?;
    hand.poison(poisoned).await?;
    stage.pack(poisoned).await?;

    let behind = |letter: &DeadLetter| !letter.first && letter.kind == ConsumerKind::Process;
    let waits = |letters: &[DeadLetter]| letters.iter().any(behind);
    let what = "the saga's next event waits behind the poison";
    let letters = hand.parked(poisoned, what, waits).await?;
    stage.tell(&format!("{} events of the order are parked", letters.len()));

    let other = stage.place(2, "tok_ok").await?;
    stage.ship(other).await?;
    let arrived = |seen: &Seen| seen.status() == "COMPLETED";
    stage
        .until(other, "another order has arrived", arrived)
        .await?;

    let everybody =
        |letters: &[DeadLetter]| letters.iter().filter(|one| one.first).count() >= consumers();
    let what = "every read model and the saga have parked the poison";
    let letters = hand.parked(poisoned, what, everybody).await?;
    for letter in letters.iter().filter(|letter| letter.first) {
        hand.discard(&letter.consumer, letter.position).await?;
    }
    stage.tell("the poison is discarded");
    stage.send_off(poisoned).await?;
    hand.parked(poisoned, "nothing is parked", <[DeadLetter]>::is_empty)
        .await?;
    let stock = Level::free(STOCK - 4);
    let ending = Ending {
        stock,
        ..completed()
    };
    stage.end(poisoned, ending).await
}

/// All that cannot take it: the read models, and the saga.
fn consumers() -> usize {
    orderlog_projections::all(chrono_tz::UTC).len() + 1
}

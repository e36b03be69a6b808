//! What every pair of engines does about dead letters: parks, lists, and carries out what was decided.

pub(crate) mod folding;
pub(crate) mod handling;

use std::{sync::Arc, time::Duration};

use orderlog_runtime::{
    dead_letter::{Author, DeadLetterError, DeadLetters, Ruling},
    process::ProcessStore,
    read_store::ReadStore,
};

use crate::toy::{Toy, ToyLog, start};

pub(crate) const LONG: Duration = Duration::from_secs(60);
/// Events of the log that a worker reads at once: few, so that what belongs together is read apart.
const PAGE: usize = 3;

/// A log and the stores beside it.
pub(crate) struct Bench {
    pub(crate) toy: ToyLog,
    pub(crate) reads: Arc<dyn ReadStore>,
    pub(crate) processes: Arc<dyn ProcessStore>,
}

impl Bench {
    fn letters(&self) -> DeadLetters {
        let (reads, processes) = (Arc::clone(&self.reads), Arc::clone(&self.processes));
        DeadLetters::new(self.toy.log(), reads, processes, ["toys".to_owned()])
    }

    /// Appends the events of one key; answers their positions.
    async fn append(&self, key: &str, events: &[Toy]) -> Vec<u64> {
        let mut positions = Vec::new();
        for event in events {
            positions.push(self.toy.append(key, event).await);
        }
        positions
    }

    /// Decides; answers the position of the decision.
    async fn decide(&self, ruling: Ruling, consumer: &str, position: u64) -> u64 {
        let letters = self.letters();
        let decided = letters.decide(ruling, consumer, position, author()).await;
        decided.expect("decided").position
    }

    /// Positions and reasons of what is parked.
    async fn parked(&self, consumer: &str) -> Vec<(u64, String)> {
        let letters = self.letters().list(Some(consumer)).await.expect("a list");
        let parked = letters.into_iter();
        parked
            .map(|letter| (letter.position, letter.reason))
            .collect()
    }
}

fn author() -> Author {
    Author {
        actor: "somebody".to_owned(),
        reason: "because".to_owned(),
        at: start(),
    }
}

const WAITS: &str = "waits behind an earlier event of its key";

fn parked(all: &[(u64, &str)]) -> Vec<(u64, String)> {
    let parked = all.iter();
    parked
        .map(|(position, reason)| (*position, (*reason).to_owned()))
        .collect()
}

macro_rules! dead_letter_contract {
    ($open:path) => {
        mod dead_letters_of_one_partition {
            $crate::contract::dead_letter::dead_letter_contract!($open, 1);
        }
        mod dead_letters_of_five_partitions {
            $crate::contract::dead_letter::dead_letter_contract!($open, 5);
        }
    };
    ($open:path, $partitions:literal) => {
        $crate::contract::dead_letter::dead_letter_contract! { $open, $partitions =>
            folding {
                what_was_parked_is_folded_in_order_by_a_mended_build,
                what_fails_again_stays_parked_and_the_others_go_on,
                what_is_discarded_is_dropped_and_the_next_that_fails_is_the_first,
                what_was_decided_while_nothing_ran_is_carried_out_once,
                keys_are_decided_upon_one_by_one,
                what_may_not_be_decided_is_refused,
            }
            handling {
                what_was_parked_is_handled_in_order_by_a_mended_handler,
                what_fails_again_is_parked_with_all_that_follow,
                a_process_that_was_killed_carries_the_decision_out_to_the_end,
            }
        }
    };
    ($open:path, $partitions:literal => $($module:ident { $($fact:ident,)* })*) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $fact() {
                let (bench, _guard) = $open($partitions).await;
                $crate::contract::dead_letter::$module::$fact(bench).await;
            })*
        })*
    };
}
pub(crate) use dead_letter_contract;

/// What a decision that may not be is answered with.
async fn refused(bench: &Bench, ruling: Ruling, consumer: &str, at: u64) -> DeadLetterError {
    let letters = bench.letters();
    let decided = letters.decide(ruling, consumer, at, author()).await;
    decided.expect_err("refused")
}

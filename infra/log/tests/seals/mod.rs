//! What seals must show on every engine: that nothing is wrong where nothing is, and else the first
//! position that was tampered with. An engine takes part with `sealed_log_contract!(super::open);`,
//! where `open` makes a [`Ground`].

pub(crate) mod anchors;
pub(crate) mod chain;
pub(crate) mod events;
pub(crate) mod keys;
pub(crate) mod proofs;
pub(crate) mod sealers;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use orderlog_log::{
    clock::Clock,
    event::Position,
    event_store::EventStore,
    seal::{
        Anchor, Flaw, KeyFile, SealSettings, SealStore, Sealer,
        verify::{Asked, Report, verify},
    },
};
use tempfile::TempDir;

use crate::contract::{decided, record};

macro_rules! sealed_log_contract {
    (@ $open:expr => $($module:ident { $($fact:ident,)* })*) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $fact() {
                let ground = $open().await;
                crate::seals::$module::$fact(ground).await;
            })*
        })*
    };
    ($open:expr) => {
        crate::seals::sealed_log_contract! { @ $open =>
            events {
                what_nobody_touched_is_whole,
                each_field_of_an_event_is_sealed,
                a_removed_event_is_named,
                a_removed_event_is_named_where_later_ones_moved_up,
                an_inserted_event_is_named,
                events_that_changed_places_are_named,
                the_first_of_many_is_named,
                a_gap_in_the_tail_is_named,
                a_version_out_of_order_is_named,
                a_range_is_checked_by_itself,
            }
            chain {
                each_word_of_a_seal_is_checked,
                a_missing_seal_is_named,
                seals_of_another_log_are_named,
                a_seal_that_was_made_anew_breaks_the_chain,
                a_stranger_can_sign_nothing,
                changed_digests_are_told_from_changed_events,
                seals_are_kept,
            }
            keys {
                a_new_key_is_introduced_by_the_old_one,
                a_log_that_was_sealed_anew_is_told_by_the_key,
            }
            anchors {
                a_cut_off_end_is_proved_by_the_anchor_alone,
                a_cut_off_end_is_seen_where_its_seals_are_left,
                an_anchor_is_told_what_it_missed,
                a_history_written_anew_is_told_by_the_anchor,
                nothing_is_sealed_against_the_anchor,
            }
            proofs {
                each_event_is_proved_with_the_public_key_alone,
                a_changed_proof_proves_nothing,
                a_proof_leads_from_the_first_key_to_the_last,
                what_was_tampered_with_is_not_proved,
            }
            sealers {
                a_sealer_follows_the_log,
                a_seal_is_made_in_time,
                two_sealers_make_one_chain,
                a_zombie_adds_nothing,
                a_killed_sealer_goes_on,
                a_log_that_lost_its_end_is_not_sealed,
            }
        }
    };
}
pub(crate) use sealed_log_contract;

/// Events of the first three seals; see [`Ground::sealed`].
pub(crate) const SEALED: Position = 25;
/// Events to a seal.
pub(crate) const EVERY: u64 = 10;

/// A log, its seals, and somebody who writes past both.
pub(crate) struct Ground {
    pub(crate) events: Arc<dyn EventStore>,
    pub(crate) seals: Arc<dyn SealStore>,
    pub(crate) hands: Box<dyn Hands>,
    /// Of keys and anchors.
    pub(crate) directory: TempDir,
}

/// Writes into the tables by hand.
#[async_trait]
pub(crate) trait Hands: Send + Sync {
    /// Runs statements.
    async fn run(&self, sql: &str);

    /// Lets seals be changed and removed.
    async fn unlock(&self);

    /// Names the stream of position 17 again as it was, where that is kept beside the events.
    async fn restore_names(&self);

    /// Statements of which each changes one field of the event at position 17.
    fn changes(&self) -> Vec<&'static str>;

    /// A statement that inserts an event at position 12, as if it had always been there.
    fn insertion(&self) -> &'static str;

    /// A statement that gives the event at position 28 a version that does not follow.
    fn wrong_version(&self) -> &'static str;
}

impl Ground {
    /// A log with three seals over 25 events, and four events behind them.
    pub(crate) async fn sealed(&self) {
        KeyFile::open_or_create(&self.key()).expect("a key");
        self.append(1..=SEALED).await;
        self.seal(self.settings()).await;
        self.append(SEALED + 1..=29).await;
    }

    /// One event for each of these positions. Number 17 is alone in its stream.
    pub(crate) async fn append(&self, positions: std::ops::RangeInclusive<Position>) {
        for position in positions {
            let stream = match position {
                17 => "thing-seventeen".to_owned(),
                other => format!("thing-{}", other % 3),
            };
            let version = self.events.read_stream(&stream, 0, 1000).await;
            let version = version.expect("read").len() as u64;
            let record = record(self.events.as_ref(), decided(&stream, version, 1)).await;
            assert_eq!(record.position, position);
        }
    }

    /// Seals all there is.
    pub(crate) async fn seal(&self, settings: SealSettings) {
        let mut sealer = self.sealer(settings);
        while sealer.seal_now().await.expect("sealed").is_some() {}
    }

    pub(crate) fn sealer(&self, settings: SealSettings) -> Sealer {
        let (store, head) = (Arc::clone(&self.seals), self.events.watch_head());
        Sealer::new(store, head, settings, Clock::system())
    }

    pub(crate) fn settings(&self) -> SealSettings {
        SealSettings {
            key: self.key(),
            every: EVERY,
            interval: Duration::from_secs(3600),
            anchor: None,
        }
    }

    /// The settings, with an anchor.
    pub(crate) fn anchored(&self) -> SealSettings {
        SealSettings {
            anchor: Some(self.anchor().path().to_owned()),
            ..self.settings()
        }
    }

    pub(crate) fn anchor(&self) -> Anchor {
        Anchor::new(self.directory.path().join("anchor.jsonl"))
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.directory.path().join("seal.key")
    }

    pub(crate) async fn verify(&self, asked: &Asked) -> Report {
        let log = Arc::clone(&self.seals);
        verify(log, asked, |_, _| {}).await.expect("verified")
    }

    /// The first thing that is wrong with all of it.
    pub(crate) async fn finding(&self) -> Option<(Position, Flaw)> {
        let report = self.verify(&all()).await;
        report.finding.map(|it| (it.position, it.flaw))
    }

    /// The same, by the anchor.
    pub(crate) async fn finding_by_anchor(&self) -> Option<(Position, Flaw)> {
        let anchored = self.anchor().read().expect("an anchor");
        let asked = Asked { anchored, ..all() };
        let report = self.verify(&asked).await;
        report.finding.map(|it| (it.position, it.flaw))
    }

    /// Keeps a copy of the events, for [`Ground::restore`].
    pub(crate) async fn keep(&self) {
        self.hands
            .run("CREATE TABLE kept AS SELECT * FROM events")
            .await;
    }

    /// Puts the events back that were kept.
    pub(crate) async fn restore(&self) {
        self.hands
            .run("DELETE FROM events; INSERT INTO events SELECT * FROM kept;")
            .await;
        self.hands.restore_names().await;
    }

    /// Moves all events behind `after` by one, so that a place is free or closed.
    pub(crate) async fn shift(&self, after: Position, by: i64) {
        let sql = format!(
            "UPDATE events SET position = -position WHERE position > {after};
             UPDATE events SET position = -position + {by} WHERE position < 0;"
        );
        self.hands.run(&sql).await;
    }
}

/// Everything, on two threads.
pub(crate) fn all() -> Asked {
    Asked {
        from: None,
        to: None,
        threads: 2,
        trusted: Vec::new(),
        anchored: BTreeMap::new(),
    }
}

//! Follows the seals of a log, one after another: each must continue the one before it, bear the
//! signature of a key that was introduced, and be the one that the anchor holds, if that holds it.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{
    flaw::{Finding, Flaw},
    keys::PublicKey,
    record::Seal,
};
use crate::event::Position;

/// The seals so far, all of them in order.
pub(super) struct Chain<'a> {
    log_id: Uuid,
    trusted: &'a [PublicKey],
    anchored: &'a BTreeMap<u64, Seal>,
    last: Option<Seal>,
    keys: Vec<PublicKey>,
}

impl<'a> Chain<'a> {
    /// No seal so far. The keys are those that somebody trusts; where there are none, the key of the
    /// first seal is taken as it is.
    pub(super) fn new(
        log_id: Uuid,
        trusted: &'a [PublicKey],
        anchored: &'a BTreeMap<u64, Seal>,
    ) -> Self {
        Self {
            log_id,
            trusted,
            anchored,
            last: None,
            keys: Vec::new(),
        }
    }

    /// Number of the last seal; 0 before the first.
    pub(super) fn number(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.body.number)
    }

    /// The last sealed position; 0 before the first.
    pub(super) fn sealed(&self) -> Position {
        self.last.as_ref().map_or(0, |last| last.body.last)
    }

    /// Every key that has signed, in the order of its first seal.
    pub(super) fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Takes the next seal, or tells what is wrong with it.
    pub(super) fn follow(&mut self, seal: Seal) -> Result<(), Finding> {
        if let Some(finding) = self.flaw(&seal) {
            return Err(finding);
        }
        if self.keys.last() != Some(&seal.body.key) {
            self.keys.push(seal.body.key);
        }
        self.last = Some(seal);
        Ok(())
    }

    /// What is wrong with the seals as a whole, now that they are all known.
    pub(super) fn end(&self, head: Position) -> Option<Finding> {
        let first = self.keys.first()?;
        if !self.trusted.is_empty() && !self.trusted.iter().any(|key| self.keys.contains(key)) {
            return Some(Finding {
                position: 1,
                flaw: Flaw::NotTrusted { key: *first },
            });
        }
        self.cut_off(head)
    }

    /// Where the log lost its end, as the anchor tells it.
    pub(super) fn cut_off(&self, head: Position) -> Option<Finding> {
        let (number, anchored) = self.anchored.last_key_value()?;
        let lost = self.number() + 1;
        if *number < lost {
            return None;
        }
        let sealed = anchored.body.last;
        Some(match sealed > head {
            true => Finding {
                position: head + 1,
                flaw: Flaw::CutOff { sealed },
            },
            false => Finding {
                position: self.sealed() + 1,
                flaw: Flaw::SealsCutOff { seal: lost },
            },
        })
    }

    fn flaw(&self, seal: &Seal) -> Option<Finding> {
        let (body, number) = (&seal.body, self.number() + 1);
        let behind = self.sealed() + 1;
        let at = |position, flaw| Some(Finding { position, flaw });
        if body.number != number {
            return at(behind, Flaw::SealMissing { seal: number });
        }
        if body.log_id != self.log_id {
            let log_id = body.log_id;
            return at(
                behind,
                Flaw::SealOfAnotherLog {
                    seal: number,
                    log_id,
                },
            );
        }
        if !seal.is_genuine() {
            return at(behind, Flaw::SealForged { seal: number });
        }
        if self.anchored.get(&number).is_some_and(|it| it != seal) {
            return at(behind, Flaw::NotAsAnchored { seal: number });
        }
        let (previous, next_key, before) = match &self.last {
            None => ([0; 32], body.key, 1),
            Some(last) => (
                *last.hash().as_bytes(),
                last.body.next_key(),
                last.body.first,
            ),
        };
        if body.previous != previous || body.first != behind || body.last < body.first {
            return at(before, Flaw::SealOutOfChain { seal: number });
        }
        if body.key != next_key {
            let key = body.key;
            return at(behind, Flaw::SealByStranger { seal: number, key });
        }
        None
    }
}

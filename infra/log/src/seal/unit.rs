//! A run of positions that is checked by itself: what one seal covers, or a part of the tail that none
//! does.

use blake3::Hash;

use super::{
    digest::leaf,
    flaw::{Finding, Flaw},
    locate, merkle,
    record::Seal,
    sealed_log::{Digested, SealedLog},
};
use crate::{event::Position, event_store::StoreError};

/// A run of positions.
pub(super) struct Unit {
    first: Position,
    last: Position,
    /// Number and root of its seal.
    seal: Option<(u64, [u8; 32])>,
}

/// A unit, checked.
pub(super) struct Checked {
    pub(super) first: Position,
    pub(super) last: Position,
    /// What stands there.
    pub(super) events: Vec<Digested>,
    /// The first thing that is wrong.
    pub(super) finding: Option<Finding>,
}

impl Unit {
    pub(super) fn sealed(seal: &Seal) -> Self {
        Self {
            first: seal.body.first,
            last: seal.body.last,
            seal: Some((seal.body.number, seal.body.root)),
        }
    }

    pub(super) fn unsealed(first: Position, last: Position) -> Self {
        Self {
            first,
            last,
            seal: None,
        }
    }

    /// Whether it has a position of this range.
    pub(super) fn meets(&self, (from, to): (Position, Position)) -> bool {
        self.first <= to && self.last >= from
    }

    /// Reads what stands there and compares.
    pub(super) async fn check(&self, log: &dyn SealedLog) -> Result<Checked, StoreError> {
        let sealed = match self.seal {
            Some((number, _)) => log.sealed_digests(number).await?,
            None => Vec::new(),
        };
        let events = match log.digests(self.first, self.last).await {
            Err(StoreError::Corrupt { detail }) => {
                return self.unreadable(log, &sealed, detail).await;
            }
            read => read?,
        };
        let finding = match self.seal {
            None => gap(self.first, self.last, &events),
            Some(_) if self.is_whole(&sealed, &events) => None,
            Some(_) => self.what_differs(log, &sealed, &events).await?,
        };
        Ok(self.checked(events, finding))
    }

    /// Whether everything is as it was sealed.
    fn is_whole(&self, sealed: &[Hash], events: &[Digested]) -> bool {
        let count = self.last + 1 - self.first;
        let alike = sealed.len() as u64 == count
            && events.len() as u64 == count
            && (self.first..)
                .zip(sealed)
                .zip(events)
                .all(|((at, digest), event)| event.position == at && event.digest == *digest);
        alike && self.is_root_of(sealed)
    }

    fn is_root_of(&self, digests: &[Hash]) -> bool {
        let leaves: Vec<_> = (self.first..)
            .zip(digests)
            .map(|(at, it)| leaf(at, it))
            .collect();
        let root = merkle::root(&leaves).map(|root| *root.as_bytes());
        leaves.len() as u64 == self.last + 1 - self.first
            && self.seal.is_some_and(|(_, signed)| root == Some(signed))
    }

    async fn what_differs(
        &self,
        log: &dyn SealedLog,
        sealed: &[Hash],
        events: &[Digested],
    ) -> Result<Option<Finding>, StoreError> {
        let number = self.seal.map_or(0, |(number, _)| number);
        if self.is_root_of(sealed) {
            // One further: an inserted event pushes the last one there.
            let found = log.digests(self.first, self.last + 1).await?;
            return Ok(locate::first_difference(self.first, sealed, &found));
        }
        let found: Vec<_> = events.iter().map(|event| event.digest).collect();
        let gap = gap(self.first, self.last, events);
        if gap.is_none() && self.is_root_of(&found) {
            let differs = |(kept, found): (Option<&Hash>, &Hash)| kept != Some(found);
            let kept = sealed.iter().map(Some).chain(std::iter::repeat(None));
            let place = kept.zip(&found).position(differs).unwrap_or(0);
            return Ok(Some(Finding {
                position: self.first + place as u64,
                flaw: Flaw::Digests { seal: number },
            }));
        }
        let somewhere = Finding {
            position: self.first,
            flaw: Flaw::Somewhere {
                seal: number,
                last: self.last,
            },
        };
        Ok(Some(somewhere))
    }

    /// Reads one position after another, up to the first that can't be read or is not as it was.
    async fn unreadable(
        &self,
        log: &dyn SealedLog,
        sealed: &[Hash],
        detail: String,
    ) -> Result<Checked, StoreError> {
        let mut events = Vec::new();
        for position in self.first..=self.last {
            match log.digests(position, position).await {
                Ok(found) => events.extend(found),
                Err(StoreError::Corrupt { detail }) => {
                    let flaw = Flaw::Unreadable { detail };
                    let finding = self.before(position, sealed, &events);
                    return Ok(self.checked(events, finding.or(Some(Finding { position, flaw }))));
                }
                Err(error) => return Err(error),
            }
        }
        // Each by itself can be read, all of them in a row can't.
        let position = self.first;
        let flaw = Flaw::Unreadable { detail };
        Ok(self.checked(events, Some(Finding { position, flaw })))
    }

    /// What is wrong before `position`.
    fn before(&self, position: Position, sealed: &[Hash], events: &[Digested]) -> Option<Finding> {
        let readable = usize::try_from(position - self.first).unwrap_or(usize::MAX);
        match sealed.get(..readable) {
            Some(sealed) if self.seal.is_some() => {
                locate::first_difference(self.first, sealed, events)
            }
            _ => gap(self.first, position - 1, events),
        }
    }

    fn checked(&self, events: Vec<Digested>, finding: Option<Finding>) -> Checked {
        Checked {
            first: self.first,
            last: self.last,
            events,
            finding,
        }
    }
}

/// The first position from `first` to `last` that is not there, or there twice.
fn gap(first: Position, last: Position, events: &[Digested]) -> Option<Finding> {
    for (position, place) in (first..=last).zip(0..) {
        let flaw = match events.get(place).map(|event| event.position) {
            Some(found) if found == position => continue,
            Some(found) if found < position => {
                return Some(Finding {
                    position: found,
                    flaw: Flaw::Twice,
                });
            }
            _ => Flaw::Missing,
        };
        return Some(Finding { position, flaw });
    }
    let surplus = usize::try_from(last + 1 - first).ok();
    let surplus = surplus.and_then(|count| events.get(count))?;
    Some(Finding {
        position: surplus.position,
        flaw: Flaw::Twice,
    })
}

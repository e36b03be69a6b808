//! Recomputes all that seals say, on several threads, and names the first position that is not as it
//! was. Seals are followed in order (`chain`), the events under each are read and compared at once
//! with others (`unit`), and what was found is taken in order again: so the first finding is the
//! first in the log. Versions are followed across all of it.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::Arc,
};

use futures::{StreamExt, stream};
use serde::Serialize;
use uuid::Uuid;

use super::{
    chain::Chain,
    flaw::{Finding, Flaw},
    keys::PublicKey,
    record::Seal,
    sealed_log::{SealedLog, StreamKey},
    unit::{Checked, Unit},
};
use crate::{event::Position, event_store::StoreError};

/// Seals read at a time.
const SEALS: usize = 512;
/// Positions without a seal that are checked at a time.
const TAIL: u64 = 4096;

/// What is to be verified.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// From this position on; from the first one where it is not said.
    pub from: Option<Position>,
    /// Up to this position; up to the end where it is not said.
    pub to: Option<Position>,
    /// How many runs of events are checked at once.
    pub threads: usize,
    /// Keys of which one has to have signed; where there are none, the first seal's is believed.
    pub trusted: Vec<PublicKey>,
    /// Seals kept elsewhere, by their numbers.
    pub anchored: BTreeMap<u64, Seal>,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Which log it is.
    pub log_id: Uuid,
    /// First position that was checked, and last; the runs of whole seals.
    pub from: Position,
    /// See `from`.
    pub to: Position,
    /// How many events were read.
    pub events: u64,
    /// How many seals there are.
    pub seals: u64,
    /// The last sealed position; 0 where nothing is.
    pub sealed: Position,
    /// The last position.
    pub head: Position,
    /// The last position that the anchor speaks of; none without an anchor.
    pub anchored: Option<Position>,
    /// Every key that has signed, oldest first.
    pub keys: Vec<PublicKey>,
    /// The first thing that is wrong; none where all is as it was sealed.
    pub finding: Option<Finding>,
}

/// Verifies; `progress` is told how many events were checked so far, and how many there are.
pub async fn verify(
    log: Arc<dyn SealedLog>,
    asked: &Asked,
    progress: impl FnMut(u64, u64) + Send,
) -> Result<Report, StoreError> {
    // Seals first: those that are made meanwhile belong to the tail, and no seal is ahead of the log.
    let sealed = log.last_seal().await?.map_or(0, |seal| seal.body.number);
    let head = log.end().await?;
    let mut run = Run {
        range: (
            asked.from.unwrap_or(1).max(1),
            asked.to.unwrap_or(Position::MAX),
        ),
        log,
        threads: asked.threads.max(1),
        last_seal: sealed,
        head: head.position,
        chain: Chain::new(head.log_id, &asked.trusted, &asked.anchored),
        versions: HashMap::new(),
        progress,
        checked: (0, None, 0),
    };
    let finding = run.all().await?;
    let (events, from, to) = run.checked;
    Ok(Report {
        log_id: head.log_id,
        from: from.unwrap_or(0),
        to,
        events,
        seals: run.chain.number(),
        sealed: run.chain.sealed(),
        head: head.position,
        anchored: asked.anchored.last_key_value().map(|(_, it)| it.body.last),
        keys: run.chain.keys().to_vec(),
        finding,
    })
}

struct Run<'a, P> {
    log: Arc<dyn SealedLog>,
    range: (Position, Position),
    threads: usize,
    last_seal: u64,
    head: Position,
    chain: Chain<'a>,
    versions: HashMap<StreamKey, i64>,
    progress: P,
    /// Events that were read, the first position and the last.
    checked: (u64, Option<Position>, Position),
}

impl<P: FnMut(u64, u64) + Send> Run<'_, P> {
    /// The first finding.
    async fn all(&mut self) -> Result<Option<Finding>, StoreError> {
        loop {
            let after = self.chain.number();
            let (units, flaw) = self.page().await?;
            if let Some(finding) = self.check(units).await? {
                return Ok(Some(finding));
            }
            if flaw.is_some() {
                return Ok(flaw);
            }
            if self.chain.number() == after {
                break;
            }
        }
        let tail = self.tail();
        match self.check(tail).await? {
            Some(finding) => Ok(Some(finding)),
            None => Ok(self.chain.end(self.head)),
        }
    }

    /// The next seals as units, up to the first that is wrong.
    async fn page(&mut self) -> Result<(Vec<Unit>, Option<Finding>), StoreError> {
        let after = self.chain.number();
        let left = self.last_seal.saturating_sub(after);
        let limit = SEALS.min(usize::try_from(left).unwrap_or(SEALS));
        let mut units = Vec::new();
        if limit == 0 {
            return Ok((units, None));
        }
        for seal in self.log.seals(after, limit).await? {
            let unit = Unit::sealed(&seal);
            if let Err(finding) = self.chain.follow(seal) {
                return Ok((units, Some(finding)));
            }
            units.extend(Some(unit).filter(|unit| unit.meets(self.range)));
        }
        Ok((units, None))
    }

    /// What is not sealed, as units.
    fn tail(&self) -> Vec<Unit> {
        let first = (self.chain.sealed() + 1).max(self.range.0);
        let last = self.range.1.min(self.head);
        let mut units = Vec::new();
        let mut next = first;
        while next <= last {
            let end = last.min(next + TAIL - 1);
            units.push(Unit::unsealed(next, end));
            next = end + 1;
        }
        units
    }

    /// Checks the units on several threads, and takes what they found in order.
    async fn check(&mut self, units: Vec<Unit>) -> Result<Option<Finding>, StoreError> {
        let log = Arc::clone(&self.log);
        let tasks = stream::iter(units).map(move |unit| {
            let log = Arc::clone(&log);
            async move {
                let checking = tokio::spawn(async move { unit.check(log.as_ref()).await });
                checking.await.map_err(|error| StoreError::Unavailable {
                    detail: format!("a check ended: {error}"),
                })?
            }
        });
        let mut checked = tasks.buffered(self.threads * 2);
        while let Some(checked) = checked.next().await {
            if let Some(finding) = self.take(checked?).await? {
                return Ok(Some(finding));
            }
        }
        Ok(None)
    }

    /// Follows the versions of what was checked, up to what is wrong there.
    async fn take(&mut self, checked: Checked) -> Result<Option<Finding>, StoreError> {
        let until = checked.finding.as_ref().map(|finding| finding.position);
        for event in &checked.events {
            if until.is_some_and(|until| event.position >= until) {
                break;
            }
            let expected = match self.versions.entry(event.stream) {
                Entry::Occupied(mut entry) => entry.insert(event.version) + 1,
                // What came before the range is not known.
                Entry::Vacant(entry) => {
                    entry.insert(event.version);
                    if self.checked.1.unwrap_or(checked.first) == 1 {
                        1
                    } else {
                        event.version
                    }
                }
            };
            if event.version != expected {
                return self.out_of_order(event.position, expected).await.map(Some);
            }
        }
        self.checked.0 += checked.events.len() as u64;
        self.checked.1.get_or_insert(checked.first);
        self.checked.2 = checked.last;
        let all = (self.range.1.min(self.head) + 1).saturating_sub(self.range.0);
        (self.progress)(self.checked.0, all);
        Ok(checked.finding)
    }

    async fn out_of_order(&self, position: Position, expected: i64) -> Result<Finding, StoreError> {
        let event = self.log.event(position).await?;
        let (stream, found) = event.map_or_else(Default::default, |it| (it.stream, it.version));
        let flaw = Flaw::Version {
            stream,
            expected,
            found,
        };
        Ok(Finding { position, flaw })
    }
}

//! Whether live rows are what the log says, on a running system and without changing anything: they
//! are looked at once, at one instant; the log is folded in memory up to exactly where they stood in
//! each partition; and both are compared slot by slot. Where they differ, the first differing slot is
//! looked at and folded once more, and its rows are listed.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use orderlog_log::{event::Position, event_reader::EventReader};
use serde::Serialize;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    RebuildOptions, RowDifference, Throttle,
    pass::{Pass, Wanted},
    worker::Finished,
};
use crate::{
    projection::ErasedProjection,
    projector::{Decoder, ProjectorError},
    read_store::{LiveRows, Looked, Tally},
    source::{Slots, SourceError, verify},
};

/// Rows that differ are listed up to this number.
const DIFFERENCES: usize = 20;
/// Slots whose rows wait to be counted.
const WAITING: usize = 2;

/// What a comparison came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompareReport {
    /// The projection.
    pub projection: String,
    /// Where its rows stood in each partition when they were looked at.
    pub positions: Vec<Position>,
    /// How many rows were live.
    pub live_rows: u64,
    /// How many rows the log comes to, up to these positions.
    pub folded_rows: u64,
    /// Whether they are the same, each byte of them.
    pub equal: bool,
    /// The first rows that are not.
    pub differences: Vec<RowDifference>,
    /// Events that are parked: the rows are without them.
    pub parked: u64,
    /// Why they could not be compared.
    pub not_compared: Option<String>,
    /// Events folded.
    pub events: u64,
    /// How long it took.
    pub seconds: f64,
}

/// What is compared, and with which means.
pub struct Comparing<'a, E> {
    /// The log.
    pub log: Arc<dyn EventReader>,
    /// The rows.
    pub live: &'a dyn LiveRows,
    /// Reads the events.
    pub decode: Decoder<E>,
    /// The projections.
    pub projections: &'a [Box<dyn ErasedProjection<E>>],
    /// Memory, threads and speed.
    pub options: &'a RebuildOptions,
    /// Hears up to which position of how many the log was read.
    pub progress: &'a (dyn Fn(Position, Position) + Send + Sync),
}

/// One projection and its live rows.
struct Subject<'a, E> {
    projection: &'a dyn ErasedProjection<E>,
    looked: Looked,
}

/// What the log comes to for one projection.
#[derive(Default)]
struct Outcome {
    tally: Tally,
    events: u64,
    trouble: Option<String>,
}

impl<'a, E: Send + Sync + 'static> Comparing<'a, E> {
    /// Compares the projections called so; all of them, where none is named.
    pub async fn run(&self, names: &[&str]) -> Result<Vec<CompareReport>, ProjectorError> {
        let started = Instant::now();
        let log_id = self.log.head().await.map_err(SourceError::from)?.log_id;
        let (mut subjects, mut reports) = (Vec::new(), Vec::new());
        for projection in self.called(names)? {
            match self.look(projection, log_id).await? {
                Ok(looked) => subjects.push(Subject { projection, looked }),
                Err(report) => reports.push(report),
            }
        }
        let empty = subjects.iter().map(|_| Tally::new()).collect();
        let outcomes = self.fold(&subjects, Slots::ALL, empty).await?;
        for (subject, outcome) in subjects.iter().zip(outcomes) {
            reports.push(self.report(subject, outcome).await?);
        }
        for report in &mut reports {
            report.seconds = started.elapsed().as_secs_f64();
        }
        Ok(reports)
    }

    fn called(&self, names: &[&str]) -> Result<Vec<&'a dyn ErasedProjection<E>>, ProjectorError> {
        let all = || self.projections.iter().map(AsRef::as_ref);
        if names.is_empty() {
            return Ok(all().collect());
        }
        let find = |name: &&str| {
            let found = all().find(|known| known.definition().name == *name);
            found.ok_or_else(|| ProjectorError::UnknownProjection {
                name: (*name).to_owned(),
                known: all().map(|known| known.definition().name).collect(),
            })
        };
        names.iter().map(find).collect()
    }

    /// Looks at the live rows; a report where they can't be compared.
    async fn look(
        &self,
        projection: &dyn ErasedProjection<E>,
        log_id: Uuid,
    ) -> Result<Result<Looked, CompareReport>, ProjectorError> {
        let definition = projection.definition();
        let Some(looked) = self.live.look(&definition, Tally::new()).await? else {
            let why = "there are no rows of it yet".to_owned();
            return Ok(Err(CompareReport::not_compared(definition.name, why)));
        };
        if !looked.current {
            let why = format!(
                "its rows are of another version of its definition than this build's ({})",
                definition.version
            );
            return Ok(Err(CompareReport::not_compared(definition.name, why)));
        }
        if looked.log_id != log_id {
            let why = format!(
                "its rows are of log {}, this is log {log_id}",
                looked.log_id
            );
            return Ok(Err(CompareReport::not_compared(definition.name, why)));
        }
        for at in &looked.checkpoints {
            verify(self.log.as_ref(), *at).await?;
        }
        Ok(Ok(looked))
    }

    /// Folds the log through all subjects, in as many passes as the memory allowed asks for, and adds
    /// what comes out of these slots to `tallies`.
    async fn fold(
        &self,
        subjects: &[Subject<'_, E>],
        slots: Slots,
        tallies: Vec<Tally>,
    ) -> Result<Vec<Outcome>, ProjectorError> {
        let outcome = |tally| Outcome {
            tally,
            ..Outcome::default()
        };
        let mut outcomes: Vec<_> = tallies.into_iter().map(outcome).collect();
        let mut missing = slots;
        while !missing.is_empty() && !subjects.is_empty() {
            let wanted = subjects.iter().map(|subject| Wanted {
                projection: subject.projection,
                bounds: subject.looked.positions().into(),
                missing,
            });
            let wanted: Vec<_> = wanted.collect();
            let done = self.pass(&wanted, &mut outcomes).await?;
            missing = missing.without(done);
        }
        Ok(outcomes)
    }

    /// One pass; answers which slots it has done.
    async fn pass(
        &self,
        wanted: &[Wanted<'_, E>],
        outcomes: &mut [Outcome],
    ) -> Result<Slots, ProjectorError> {
        let pass = Pass {
            log: Arc::clone(&self.log),
            decode: self.decode,
            wanted,
            options: self.options,
        };
        let throttle = Throttle::of(self.options);
        let emptied = outcomes.iter().map(|outcome| outcome.tally.emptied());
        let mut tallies: Vec<_> = emptied.collect();
        let (finished, mut rows) = mpsc::channel::<Finished>(WAITING);
        let count = async {
            while let Some(slot) = rows.recv().await {
                for change in &slot.rows {
                    let row = change.row.as_deref().unwrap_or_default();
                    tallies[slot.projection].add(slot.slot, &change.key, row);
                }
            }
        };
        let folding = pass.run(Some(finished), &throttle, self.progress);
        let (folded, ()) = tokio::join!(folding, count);
        let folded = folded?;
        let done = folded.slots;
        let seen = folded.seen().await?;
        for ((outcome, mut tally), seen) in outcomes.iter_mut().zip(tallies).zip(seen) {
            // Of slots that were left to a later pass there may be some rows.
            for slot in done.iter() {
                outcome.tally.take_over(&mut tally, slot);
            }
            outcome.events += seen.events;
            outcome.trouble = outcome.trouble.take().or(seen.trouble);
        }
        Ok(done)
    }

    async fn report(
        &self,
        subject: &Subject<'_, E>,
        outcome: Outcome,
    ) -> Result<CompareReport, ProjectorError> {
        let (looked, name) = (&subject.looked, subject.projection.definition().name);
        let mut report = CompareReport {
            positions: looked.positions(),
            live_rows: looked.tally.count(),
            parked: looked.parked,
            events: outcome.events,
            ..CompareReport::not_compared(name, String::new())
        };
        if let Some(trouble) = outcome.trouble {
            report.not_compared = Some(format!(
                "not all events can be folded ({trouble}): `projection rebuild` compares one by one"
            ));
            return Ok(report);
        }
        let differing = looked.tally.first_difference(&outcome.tally);
        report.not_compared = None;
        report.folded_rows = outcome.tally.count();
        report.equal = differing.is_none();
        if let Some(slot) = differing {
            report.differences = self.differences(subject.projection, slot).await?;
        }
        Ok(report)
    }

    /// The first rows of a slot that differ now. Meanwhile the rows may have moved on, or have been
    /// mended.
    async fn differences(
        &self,
        projection: &dyn ErasedProjection<E>,
        slot: u32,
    ) -> Result<Vec<RowDifference>, ProjectorError> {
        let keeping = Tally::keeping(slot);
        let looked = self.live.look(&projection.definition(), keeping).await?;
        let Some(looked) = looked else {
            return Ok(Vec::new());
        };
        let subject = [Subject { projection, looked }];
        let keeping = vec![Tally::keeping(slot)];
        let folded = self.fold(&subject, Slots::one(slot), keeping).await?;
        let [subject] = &subject;
        let live = subject.looked.tally.rows();
        Ok(folded
            .first()
            .map(|folded| differing(live, folded.tally.rows()))
            .unwrap_or_default())
    }
}

impl CompareReport {
    fn not_compared(projection: &str, why: String) -> Self {
        Self {
            projection: projection.to_owned(),
            positions: Vec::new(),
            live_rows: 0,
            folded_rows: 0,
            equal: false,
            differences: Vec::new(),
            parked: 0,
            not_compared: Some(why),
            events: 0,
            seconds: 0.0,
        }
    }
}

fn differing(
    live: &BTreeMap<String, String>,
    folded: &BTreeMap<String, String>,
) -> Vec<RowDifference> {
    let mut keys: Vec<_> = live.keys().chain(folded.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let differ = keys
        .into_iter()
        .filter(|key| live.get(*key) != folded.get(*key));
    let difference = |key: &String| RowDifference {
        key: key.clone(),
        live: live.get(key).cloned(),
        rebuilt: folded.get(key).cloned(),
    };
    differ.take(DIFFERENCES).map(difference).collect()
}

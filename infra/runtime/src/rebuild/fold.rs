//! The fold alone: the log through all projections in memory, with nothing stored. To measure it, and
//! to see beforehand what a rebuild would come to.

use std::{sync::Arc, time::Instant};

use orderlog_log::{event::Position, event_reader::EventReader};

use super::{
    RebuildOptions, Throttle,
    pass::{Pass, Wanted},
};
use crate::{
    projection::ErasedProjection,
    projector::{Decoder, ProjectorError},
    source::Slots,
};

/// What a fold in memory came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded {
    /// Events that were folded, each counted once.
    pub events: u64,
    /// Rows of all projections.
    pub rows: u64,
    /// The most memory that rows took, bytes: an estimate.
    pub memory: u64,
    /// How often the log was read.
    pub passes: u32,
    /// How long it took.
    pub seconds: f64,
    /// Projections that could not be folded in memory, each with the reason.
    pub given_up: Vec<(&'static str, String)>,
}

/// Folds the log up to and with the event at `until` through all of `projections`, in one partition;
/// `progress` hears each position reached.
pub async fn fold<E: Send + Sync + 'static>(
    log: Arc<dyn EventReader>,
    decode: Decoder<E>,
    projections: &[Box<dyn ErasedProjection<E>>],
    until: Position,
    options: &RebuildOptions,
    progress: &(dyn Fn(Position) + Send + Sync),
) -> Result<Folded, ProjectorError> {
    let started = Instant::now();
    let (mut whole, throttle) = (Slots::NONE, Throttle::of(options));
    let mut folded = Folded::default();
    while whole != Slots::ALL {
        let wanted = projections.iter().map(|projection| Wanted {
            projection: projection.as_ref(),
            bounds: [until].into(),
            missing: Slots::ALL.without(whole),
        });
        let wanted: Vec<_> = wanted.collect();
        let pass = Pass {
            log: Arc::clone(&log),
            decode,
            wanted: &wanted,
            options,
        };
        let told = |at, _| progress(at);
        let done = pass.run(None, &throttle, &told).await?;
        whole = whole.with(done.slots);
        folded.passes += 1;
        folded.memory = folded.memory.max(done.memory);
        let slots = done.slots;
        let seen = done.seen().await?;
        let most = seen.iter().map(|seen| seen.events).max();
        folded.events += most.unwrap_or_default();
        for (projection, seen) in projections.iter().zip(seen) {
            folded.rows += seen.rows;
            let reason = seen.trouble.map(|why| (projection.definition().name, why));
            folded.given_up.extend(reason);
        }
        tracing::debug!(slots = slots.count(), "folded in memory");
    }
    folded.seconds = started.elapsed().as_secs_f64();
    Ok(folded)
}

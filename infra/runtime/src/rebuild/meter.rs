//! How far a rebuild has come, how fast it is, and how long it will take, told to who started it and,
//! with the standing of the projections, to everybody else in this process.

use std::time::{Duration, Instant};

use orderlog_log::event::Position;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::read_store::Progress;

/// Between two that are told, unless something else begins.
const EVERY: Duration = Duration::from_millis(100);

/// What a rebuild is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RebuildPhase {
    /// The log is read and folded in memory.
    Folding,
    /// Rows are written beside the live ones, slot by slot.
    Loading,
    /// What rows are found by is made.
    Indexing,
    /// What was appended meanwhile is folded.
    CatchingUp,
    /// Rows are compared with the live ones, which are held meanwhile.
    Comparing,
}

/// How far a rebuild has come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RebuildProgress {
    /// What it is doing.
    pub phase: RebuildPhase,
    /// Position up to which the log was read in this phase; while rows are loaded, how many parts of
    /// them are.
    pub position: Position,
    /// What `position` will be at the end of the phase, as far as known.
    pub of: Position,
    /// How much of all is done, from 0 to 1: an estimate.
    pub done: f64,
    /// Events read per second in this phase; 0 where none are.
    pub events_per_second: f64,
    /// How long the rest will take; `None` where it is too early to say.
    pub eta_seconds: Option<f64>,
}

/// Measures one rebuild.
pub(super) struct Meter<'a> {
    names: Vec<&'static str>,
    standings: &'a Progress,
    hear: &'a (dyn Fn(RebuildProgress) + Send + Sync),
    state: Mutex<State>,
}

struct State {
    started: Instant,
    /// How much was done at the beginning, by an earlier rebuild.
    before: f64,
    /// How much was done when this pass began.
    base: f64,
    phase: Option<(RebuildPhase, Instant, Position)>,
    told: Option<Instant>,
    /// How much was told to be done in this pass. Phases overlap at the end; what was done stays done.
    most: f64,
}

impl<'a> Meter<'a> {
    pub(super) fn of(
        names: &[&'static str],
        standings: &'a Progress,
        hear: &'a (dyn Fn(RebuildProgress) + Send + Sync),
    ) -> Self {
        Self {
            names: names.to_vec(),
            standings,
            hear,
            state: Mutex::new(State {
                started: Instant::now(),
                before: 0.0,
                base: 0.0,
                phase: None,
                told: None,
                most: 0.0,
            }),
        }
    }

    /// A pass begins, with this part of all slots there already.
    pub(super) fn pass(&self, whole: f64) {
        let mut state = self.state.lock();
        if state.phase.is_none() {
            state.before = whole * FILLED;
        }
        state.base = whole * FILLED;
        state.phase = None;
        state.most = 0.0;
    }

    /// So much of this phase is done.
    pub(super) fn tell(&self, phase: RebuildPhase, position: Position, of: Position) {
        let progress = {
            let mut state = self.state.lock();
            let now = Instant::now();
            let is_new = state.phase.is_none_or(|(known, ..)| known != phase);
            if is_new {
                state.phase = Some((phase, now, position));
            }
            let soon = state.told.is_some_and(|told| now - told < EVERY);
            if soon && !is_new && position != of {
                return;
            }
            state.told = Some(now);
            let progress = state.progress(now, (phase, position, of));
            state.most = progress.done;
            progress
        };
        (self.hear)(progress);
        for name in &self.names {
            self.standings
                .publish(name, |standing| standing.rebuild = Some(progress));
        }
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        for name in &self.names {
            self.standings
                .publish(name, |standing| standing.rebuild = None);
        }
    }
}

/// Part of a rebuild after which all slots are there.
const FILLED: f64 = 0.85;

impl State {
    fn progress(
        &self,
        now: Instant,
        (phase, position, of): (RebuildPhase, Position, Position),
    ) -> RebuildProgress {
        let part = if of == 0 {
            0.0
        } else {
            position as f64 / of as f64
        };
        let rest = FILLED - self.base;
        let done = match phase {
            RebuildPhase::Folding => self.base + rest * 0.6 * part,
            RebuildPhase::Loading => self.base + rest * (0.6 + 0.4 * part),
            RebuildPhase::Indexing => FILLED,
            RebuildPhase::CatchingUp => FILLED + 0.05,
            RebuildPhase::Comparing => FILLED + 0.1,
        };
        let done = done.max(self.most);
        let events_per_second = match (phase, self.phase) {
            (RebuildPhase::Folding | RebuildPhase::CatchingUp, Some((_, since, from))) => {
                let seconds = (now - since).as_secs_f64();
                position.saturating_sub(from) as f64 / seconds.max(0.001)
            }
            (RebuildPhase::Loading | RebuildPhase::Indexing | RebuildPhase::Comparing, _)
            | (_, None) => 0.0,
        };
        let gained = done - self.before;
        let elapsed = (now - self.started).as_secs_f64();
        let eta = (gained > 0.02).then(|| elapsed * (1.0 - done) / gained);
        RebuildProgress {
            phase,
            position,
            of,
            done,
            events_per_second,
            eta_seconds: eta,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rebuild_that_goes_on_reckons_with_what_it_does_itself() {
        let started = Instant::now();
        let state = State {
            started,
            before: 0.5,
            base: 0.5,
            phase: Some((RebuildPhase::Folding, started, 0)),
            told: None,
            most: 0.0,
        };
        let now = started + Duration::from_secs(10);
        let told = state.progress(now, (RebuildPhase::Folding, 500, 1000));
        assert!((told.events_per_second - 50.0).abs() < 1e-9);
        assert!((told.done - 0.605).abs() < 1e-9, "{told:?}");
        let eta = told.eta_seconds.expect("known");
        assert!((eta - 10.0 * 0.395 / 0.105).abs() < 1e-6, "{eta}");
        let early = state.progress(now, (RebuildPhase::Folding, 1, 1000));
        assert_eq!(early.eta_seconds, None);
    }
}

//! How far an import has come, on stderr: a bar on a terminal, else a line every few seconds, so
//! that a log file stays readable. Output that can't be written is no reason to stop.

use std::{
    io::{IsTerminal, Write},
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Seconds between two lines where there is no terminal.
const EVERY: u64 = 5;

/// Shows how far the work has come.
pub struct Progress {
    bar: ProgressBar,
    lines: Option<Lines>,
}

/// When the next line is due, in seconds since the start.
struct Lines {
    started: Instant,
    next: AtomicU64,
}

impl Progress {
    /// On stderr: a bar where it is a terminal, else lines.
    pub fn start() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target).with_style(style());
        Self {
            bar,
            lines: (!terminal).then(Lines::new),
        }
    }

    /// Shows nothing.
    pub fn silent() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            lines: None,
        }
    }

    /// A new stretch of `total` steps begins.
    pub(super) fn begin(&self, what: &'static str, total: usize) {
        self.bar.reset();
        self.bar.set_length(total as u64);
        self.bar.set_message(what);
    }

    /// One more step is done.
    pub(super) fn step(&self) {
        self.bar.inc(1);
        if self.lines.as_ref().is_some_and(Lines::due) {
            let (done, total) = (self.bar.position(), self.bar.length().unwrap_or_default());
            let _ = writeln!(
                std::io::stderr(),
                "{}: {done} of {total}",
                self.bar.message()
            );
        }
    }

    /// All is done.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Lines {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            next: AtomicU64::new(EVERY),
        }
    }

    /// Whether a line is due; of several who ask at once, one is told so.
    fn due(&self) -> bool {
        let (now, next) = (
            self.started.elapsed().as_secs(),
            self.next.load(Ordering::Relaxed),
        );
        let taken = || {
            self.next
                .compare_exchange(next, now + EVERY, Ordering::Relaxed, Ordering::Relaxed)
        };
        now >= next && taken().is_ok()
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{msg:<14} [{bar:40}] {pos}/{len} {per_sec} {eta}")
        .expect("the template is valid")
        .progress_chars("=> ")
}

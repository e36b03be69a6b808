//! What a rebuild came to, for people and for programs, and how far it is meanwhile.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use orderlog_runtime::rebuild::{RebuildPhase, RebuildProgress, RebuildReport, RowDifference};

use crate::cli::{Failure, remote::print_json};

/// A bar on stderr.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        let style = ProgressStyle::with_template("{bar:30} {percent:>3}% {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(ProgressBar::new(1000).with_style(style))
    }

    pub(super) fn show(&self, now: RebuildProgress) {
        self.0.set_message(line(now));
        self.0.set_position((now.done * 1000.0) as u64);
    }

    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// What a rebuild is doing, how fast, and for how long.
fn line(now: RebuildProgress) -> String {
    let RebuildProgress { position, of, .. } = now;
    let doing = match now.phase {
        RebuildPhase::Folding => format!("folding {position} of {of}"),
        RebuildPhase::Loading => format!("loading part {position} of {of}"),
        RebuildPhase::Indexing => "indexing".to_owned(),
        RebuildPhase::CatchingUp => format!("catching up, {position} of {of}"),
        RebuildPhase::Comparing => "comparing".to_owned(),
    };
    let rate = match now.events_per_second {
        rate if rate >= 1.0 => format!(", {rate:.0} events/s"),
        _ => String::new(),
    };
    let left = now.eta_seconds.map_or(String::new(), |seconds| {
        let left = Duration::from_secs(seconds.max(0.0) as u64);
        format!(", {} left", indicatif::HumanDuration(left))
    });
    format!("{doing}{rate}{left}")
}

/// Prints the reports; an error where live rows were not what the log says.
pub(super) fn print(reports: &[RebuildReport], json: bool) -> Result<(), Failure> {
    if json {
        print_json(&reports)?;
    } else {
        print_table(reports);
    }
    let differing = reports
        .iter()
        .filter(|report| !report.equal && report.live_hash.is_some());
    match differing.count() {
        0 => Ok(()),
        some => Err(Failure::partial(format!(
            "{some} of {} read models were not what the log says; they are now, and the old rows are \
             kept for `projection rollback`",
            reports.len()
        ))),
    }
}

pub(super) fn print_table(reports: &[RebuildReport]) {
    println!(
        "{:<16} {:>8} {:>9} {:>8}  {:<18} {:<18} live rows",
        "projection", "rows", "events", "seconds", "live hash", "rebuilt hash"
    );
    for report in reports {
        let live = report.live_hash.as_deref().map_or("-", short);
        let verdict = match (report.equal, &report.live_hash) {
            (true, _) => "equal",
            (false, Some(_)) => "DIFFERENT",
            (false, None) => "not comparable",
        };
        println!(
            "{:<16} {:>8} {:>9} {:>8.2}  {live:<18} {:<18} {verdict}",
            report.projection,
            report.rows,
            report.events,
            report.seconds,
            short(&report.rebuilt_hash)
        );
        print_differences(&report.differences);
    }
}

/// Prints rows that are not what the log says.
pub(super) fn print_differences(differences: &[RowDifference]) {
    for difference in differences {
        println!(
            "  {}\n    live    {}\n    rebuilt {}",
            difference.key,
            row(&difference.live),
            row(&difference.rebuilt)
        );
    }
}

fn row(row: &Option<String>) -> &str {
    row.as_deref().unwrap_or("(none)")
}

fn short(hash: &str) -> &str {
    hash.get(..16).unwrap_or(hash)
}

//! The result of a bench: a table for people on stdout, or JSON for programs.

use std::io::Write;

use serde::Serialize;

use super::load::Tally;

/// One line of the result.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The contestant.
    pub name: String,
    /// Operations acknowledged.
    pub operations: u64,
    /// Operations per second over all rounds.
    pub per_second: f64,
    /// Slowest round.
    pub slowest_round: f64,
    /// Fastest round.
    pub fastest_round: f64,
    /// Half of the operations took at most this, milliseconds; absent where none was timed alone.
    pub p50_ms: Option<f64>,
    /// 99 of 100 took at most this, milliseconds.
    pub p99_ms: Option<f64>,
    /// The longest, milliseconds.
    pub max_ms: Option<f64>,
}

/// How one contestant compares to another.
#[derive(Clone, Debug, Serialize)]
pub struct Ratio {
    /// What is compared.
    pub of: String,
    /// What it is compared to.
    pub to: String,
    /// Rate of the one over the rate of the other, both over all rounds.
    pub ratio: f64,
}

/// All that a run has to say.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was measured, in one line.
    pub title: String,
    /// One row per contestant.
    pub rows: Vec<Row>,
    /// The comparisons that matter.
    pub ratios: Vec<Ratio>,
}

impl Row {
    /// The row of a contestant.
    pub fn new(name: &str, tally: &Tally) -> Self {
        let milliseconds = |share| {
            let timed = !tally.latency.is_empty();
            timed.then(|| tally.quantile(share).as_micros() as f64 / 1e3)
        };
        Self {
            name: name.to_owned(),
            operations: tally.operations,
            per_second: tally.rate(),
            slowest_round: tally
                .rounds
                .iter()
                .copied()
                .reduce(f64::min)
                .unwrap_or_default(),
            fastest_round: tally
                .rounds
                .iter()
                .copied()
                .reduce(f64::max)
                .unwrap_or_default(),
            p50_ms: milliseconds(0.5),
            p99_ms: milliseconds(0.99),
            max_ms: milliseconds(1.0),
        }
    }
}

impl Report {
    /// A report of these rows; each pair `(of, to)` of their indices becomes a ratio.
    pub fn new(title: String, rows: Vec<Row>, compared: &[(usize, usize)]) -> Self {
        let ratios = compared
            .iter()
            .map(|&(of, to)| Ratio {
                of: rows[of].name.clone(),
                to: rows[to].name.clone(),
                ratio: rows[of].per_second / rows[to].per_second,
            })
            .collect();
        Self {
            title,
            rows,
            ratios,
        }
    }

    /// Writes the report, as JSON or as a table.
    pub fn print(&self, out: &mut dyn Write, json: bool) -> anyhow::Result<()> {
        if json {
            serde_json::to_writer_pretty(&mut *out, self)?;
            writeln!(out)?;
            return Ok(());
        }
        writeln!(out, "{}\n", self.title)?;
        let width = self
            .rows
            .iter()
            .map(|row| row.name.len())
            .max()
            .unwrap_or_default();
        writeln!(
            out,
            "{:width$}  {:>10}  {:>19}  {:>8}  {:>8}  {:>8}",
            "", "per second", "rounds", "p50 ms", "p99 ms", "max ms"
        )?;
        for row in &self.rows {
            let rounds = format!("{:.0} .. {:.0}", row.slowest_round, row.fastest_round);
            writeln!(
                out,
                "{:width$}  {:>10.0}  {rounds:>19}  {:>8}  {:>8}  {:>8}",
                row.name,
                row.per_second,
                shown(row.p50_ms),
                shown(row.p99_ms),
                shown(row.max_ms)
            )?;
        }
        writeln!(out)?;
        for Ratio { of, to, ratio } in &self.ratios {
            writeln!(out, "{of} / {to}: {ratio:.2}")?;
        }
        Ok(())
    }
}

fn shown(milliseconds: Option<f64>) -> String {
    milliseconds.map_or("-".to_owned(), |it| format!("{it:.2}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn report() -> Report {
        let tally = |operations| {
            let mut tally = Tally::new();
            tally.add(Tally {
                operations,
                elapsed: Duration::from_secs(1),
                ..Tally::new()
            });
            tally
        };
        let rows = vec![
            Row::new("raw file", &tally(1000)),
            Row::new("log", &tally(800)),
        ];
        Report::new("appends".to_owned(), rows, &[(1, 0)])
    }

    #[test]
    fn a_table_ends_with_the_ratios() {
        let mut out = Vec::new();
        report().print(&mut out, false).expect("written");
        assert!(String::from_utf8_lossy(&out).ends_with("log / raw file: 0.80\n"));
    }

    #[test]
    fn json_carries_the_same_figures() {
        let mut out = Vec::new();
        report().print(&mut out, true).expect("written");
        let value: serde_json::Value = serde_json::from_slice(&out).expect("valid JSON");
        assert_eq!(value["rows"][0]["per_second"], 1000.0);
        assert_eq!(value["ratios"][0]["ratio"], 0.8);
    }
}

//! The result of a bench that goes through a log: one line per stage, for people or for programs.

use std::io::Write;

use serde::Serialize;

use super::usage::Used;

/// What one stage came to.
#[derive(Clone, Debug, Serialize)]
pub struct Stage {
    /// What it did.
    pub name: String,
    /// Events that went through it.
    pub events: u64,
    /// Seconds by the clock.
    pub seconds: f64,
    /// Seconds of all processors together.
    pub cpu_seconds: f64,
    /// Events per second.
    pub per_second: f64,
    /// Events per second of one processor's time: it hardly depends on what else the machine does.
    pub per_cpu_second: f64,
    /// The most memory that the process had at once, bytes.
    pub peak_memory: u64,
    /// What else is to be said.
    pub remarks: String,
}

/// All that a run has to say.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was measured, in one line.
    pub title: String,
    /// Threads that worked at once.
    pub threads: usize,
    /// Events of the log.
    pub events: u64,
    /// Their payloads together, bytes.
    pub bytes: u64,
    /// In the order in which they were run.
    pub stages: Vec<Stage>,
}

impl Stage {
    /// A stage through which so many events went.
    pub fn new(name: &str, events: u64, used: Used, remarks: String) -> Self {
        let (seconds, cpu_seconds) = (used.elapsed.as_secs_f64(), used.cpu.as_secs_f64());
        Self {
            name: name.to_owned(),
            events,
            seconds,
            cpu_seconds,
            per_second: events as f64 / seconds.max(f64::EPSILON),
            per_cpu_second: events as f64 / cpu_seconds.max(f64::EPSILON),
            peak_memory: used.peak_memory,
            remarks,
        }
    }
}

impl Report {
    /// Writes the report, as JSON or as a table.
    pub fn print(&self, out: &mut dyn Write, json: bool) -> anyhow::Result<()> {
        if json {
            serde_json::to_writer_pretty(&mut *out, self)?;
            writeln!(out)?;
            return Ok(());
        }
        let (mib, mean) = (self.bytes >> 20, self.bytes / self.events.max(1));
        writeln!(out, "{}", self.title)?;
        writeln!(
            out,
            "{} events, {mib} MiB of payload ({mean} B each), {} threads\n",
            self.events, self.threads
        )?;
        let width = self.stages.iter().map(|stage| stage.name.len()).max();
        let width = width.unwrap_or_default();
        writeln!(
            out,
            "{:width$}  {:>10}  {:>14}  {:>8}  {:>8}  {:>10}",
            "", "per second", "per CPU second", "seconds", "CPU s", "memory MiB"
        )?;
        for stage in &self.stages {
            writeln!(
                out,
                "{:width$}  {:>10.0}  {:>14.0}  {:>8.2}  {:>8.2}  {:>10}  {}",
                stage.name,
                stage.per_second,
                stage.per_cpu_second,
                stage.seconds,
                stage.cpu_seconds,
                stage.peak_memory >> 20,
                stage.remarks
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn report() -> Report {
        let used = Used {
            elapsed: Duration::from_secs(2),
            cpu: Duration::from_secs(4),
            peak_memory: 64 << 20,
        };
        Report {
            title: "a log".to_owned(),
            threads: 2,
            events: 1_000,
            bytes: 250_000,
            stages: vec![Stage::new("read", 1_000, used, "once".to_owned())],
        }
    }

    #[test]
    fn a_table_has_a_line_per_stage() {
        let mut out = Vec::new();
        report().print(&mut out, false).expect("written");
        let text = String::from_utf8(out).expect("text");
        let last: Vec<_> = text
            .lines()
            .last()
            .expect("a line")
            .split_whitespace()
            .collect();
        assert_eq!(last, ["read", "500", "250", "2.00", "4.00", "64", "once"]);
    }

    #[test]
    fn json_carries_the_same_figures() {
        let mut out = Vec::new();
        report().print(&mut out, true).expect("written");
        let value: serde_json::Value = serde_json::from_slice(&out).expect("valid JSON");
        assert_eq!(value["stages"][0]["per_cpu_second"], 250.0);
        assert_eq!(value["bytes"], 250_000);
    }
}
